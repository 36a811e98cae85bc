// This file asks the database over a connection of its own, so that no full pool hides its health and no probe takes a caller's connection.

package fluxor

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/refusal"
)

// loginPause is how long a refused login is not tried again: a probe that went
// on would lock the account.
const loginPause = time.Minute

// proberRest is how long the connection stays open after a question: a monitor
// that asks every 30 s, the default, finds it again, and of a circuit breaker that
// has closed nothing is left on the server.
const proberRest = 90 * time.Second

// prober holds one connection outside the pool, from the first question until
// nobody has asked for a while or the engine is closed.
type prober struct {
	e    *engine
	rest time.Duration   // proberRest
	anew atomic.Bool     // the next question is not for the connection at hand, if another is to be had
	life context.Context // ends with the engine
	end  context.CancelFunc
	turn chan struct{} // holds a token while a question is under way, which owns what follows

	conn    *physical   // nil between a failure and the next question
	used    time.Time   // when it last answered
	weary   *time.Timer // closes it after its rest; nil until there was one
	refused error       // the refusal of a login
	until   time.Time   // until when it counts
}

func newProber(e *engine) *prober {
	p := &prober{e: e, rest: proberRest, turn: make(chan struct{}, 1)}
	p.life, p.end = context.WithCancel(context.Background())
	return p
}

// ask returns nil when the database answers, and returns when ctx ends, also
// where the driver does not. A database that lives in its connection is in this
// process, and another connection would be another database: it is not asked.
func (p *prober) ask(ctx context.Context) error { return p.do(ctx, nil) }

// do is ask, and then runs f, where it is not nil, on the connection that answered.
// An error of f closes it.
func (p *prober) do(ctx context.Context, f func(ctx context.Context, conn *physical) error) error {
	if p.e.pinned {
		return p.over()
	}
	if err := p.over(); err != nil {
		return err
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.life.Done():
		return p.over()
	}
	answer := make(chan error, 1)
	go p.question(ctx, f, answer)
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over is the error of a closed engine.
func (p *prober) over() error {
	if p.life.Err() == nil {
		return nil
	}
	return closed()
}

func closed() error {
	return &refusal.Error{Policy: "connector", Reason: "the connector is closed", Sentinel: refusal.ErrClosed}
}

// question ends when the driver returns, at the latest after the connection
// timeout and the validation timeout where the driver can be interrupted.
func (p *prober) question(ctx context.Context, f func(ctx context.Context, conn *physical) error, answer chan<- error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(p.life, cancel)
	defer stop()
	err := p.guarded(ctx, f)
	if p.life.Err() != nil {
		_ = p.drop() // close did not wait for the driver
	}
	p.settle()
	<-p.turn
	answer <- err
}

// settle has the connection closed unless somebody asks within its rest.
func (p *prober) settle() {
	if p.conn == nil {
		return
	}
	p.used = time.Now()
	if p.weary == nil {
		p.weary = time.AfterFunc(p.rest, p.retire)
		return
	}
	p.weary.Reset(p.rest)
}

// retire closes a connection that has rested for long. It runs in a goroutine of
// the timer's, which ends at once where a question is under way, and else when the
// driver has closed the connection; close waits for that.
func (p *prober) retire() {
	select {
	case p.turn <- struct{}{}:
	default:
		return // that question sets the timer anew
	}
	defer func() { <-p.turn }()
	if time.Since(p.used) >= p.rest {
		_ = p.drop()
	}
}

// guarded makes an error of a driver's panic.
func (p *prober) guarded(ctx context.Context, f func(ctx context.Context, conn *physical) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			_ = p.drop()
			err = fmt.Errorf("fluxor: the driver panicked while it was asked: %v", r)
		}
	}()
	if err := p.reach(ctx); err != nil || f == nil {
		return err
	}
	return p.further(ctx, f)
}

// further runs f; where nothing could be asked, the connection was closed.
func (p *prober) further(ctx context.Context, f func(ctx context.Context, conn *physical) error) (err error) {
	if p.conn == nil {
		if p.conn, err = p.e.dial(ctx); err != nil {
			return err
		}
	}
	if err = f(ctx, p.conn); err != nil {
		_ = p.drop()
	}
	return err
}

// reach asks over the connection at hand, and where that one is gone over a
// fresh one: a firewall may have cut it while it rested.
func (p *prober) reach(ctx context.Context) error {
	if p.anew.Swap(false) && p.conn != nil {
		p.renew(ctx)
	}
	if p.conn != nil {
		if err := p.validate(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	conn, err := p.open(ctx)
	if err != nil {
		return err
	}
	p.conn = conn
	return p.validate(ctx)
}

// renew puts a fresh connection in the place of the one at hand. Where none is to be
// had, as at the server's limit, that one serves on until the next question.
func (p *prober) renew(ctx context.Context) {
	conn, err := p.open(ctx)
	if err != nil {
		p.anew.Store(true)
		return
	}
	_ = p.drop()
	p.conn = conn
}

// open opens a connection, unless a login was refused just now.
func (p *prober) open(ctx context.Context) (*physical, error) {
	if time.Now().Before(p.until) {
		return nil, p.refused
	}
	dialing, cancel := bounded(ctx, p.e.set.ConnectionTimeout)
	defer cancel()
	conn, err := p.e.dial(dialing)
	if err != nil && p.e.backend.Classify(err) == backend.ClassLogin {
		p.refused, p.until = err, time.Now().Add(loginPause)
	}
	return conn, err
}

// validate keeps the connection if it answers, and if it can be asked again: of
// a driver that has nothing to ask with, the opening is the answer.
func (p *prober) validate(ctx context.Context) error {
	asking, cancel := bounded(ctx, p.e.set.ValidationTimeout)
	defer cancel()
	err := p.e.inquire(asking, p.conn)
	if err == nil && p.conn.cut() {
		err = errCut
	}
	if err != nil || !p.e.asks(p.conn) {
		_ = p.drop()
	}
	return err
}

// drop closes the connection, where there is one; a driver that panicked once
// may do so again.
func (p *prober) drop() (err error) {
	conn := p.conn
	p.conn = nil
	if conn == nil {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("fluxor: the driver panicked while a connection was closed: %v", r)
		}
	}()
	return p.e.closePhysical(conn)
}

// errCut is what a connection that was found dead answers.
var errCut = errors.New("fluxor: the connection of the health probe was cut")

// bounded is ctx with a bound of its own, of which 0 is none.
func bounded(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// close ends the question under way and closes the connection, within the close
// timeout.
func (p *prober) close() error {
	p.end()
	waiting, cancel := bounded(context.Background(), p.e.set.CloseTimeout)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
	case <-waiting.Done():
		return errors.New("fluxor: the driver did not return from a health probe within the close timeout")
	}
	defer func() { <-p.turn }()
	if p.weary != nil {
		p.weary.Stop()
	}
	return p.drop()
}
