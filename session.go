// This file is the session: it leases a physical connection when an operation first needs one and keeps it until database/sql takes the virtual connection back.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/internal/pool"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/refusal"
)

// maxRepeats is how often an operation of which provably nothing was sent is
// tried again on another connection.
const maxRepeats = 3

// maxStale is how many connections found dead in a row are put down to their
// age; database/sql tries as many before it dials.
const maxStale = 2

// session is the part of a virtual connection that talks to the database.
// database/sql serialises its calls.
type session struct {
	e       *engine
	held    *lease                // nil between uses
	claim   pool.Claim[*physical] // on the connection held last, for the state it carries
	tx      *physical             // of the transaction under way; nil without one
	open    int                   // rows not yet closed
	began   time.Time             // when the present operation began
	over    time.Time             // when the present operation's database work was over
	since   time.Time             // when the present operation began to be carried out; zero where nobody asks
	busy    time.Time             // when the present operation had a connection; zero where nobody asks how slow it is
	leased  time.Duration         // when the lease began, after the engine's epoch; 0 where nobody wants to know
	counted bool                  // it has a place among the operations at once
	same    bool                  // the lease's connection is the last one's, and was nobody else's since
	aside   bool                  // what runs is taken back before the lease ends; see conn.Aside
	blank   bool                  // the lease has no past: all that it was used for is an operation that was skipped
	own     prepared              // the statement made for the present operation alone
	saved   []driver.NamedValue   // the caller's arguments of the present operation
	wrote   written               // in the transaction under way, for the query cache
	change  announced             // by the present operation
	lent    announced             // by somebody who has the driver's connection
	free    *reading              // for queries to come
}

// carry runs o on the lease, taking one if none is held. When nothing of o
// reached the server it is repeated on a fresh connection, unless the session
// had a life before o: then its state is lost and the caller has to hear it.
func (s *session) carry(ctx context.Context, o *op) error {
	settled := s.held != nil
	s.e.retries.earn()
	if s.tx != nil && (!settled || s.held.Value != s.tx) {
		return errTxLost()
	}
	if o.tx != nil && !settled {
		return driver.ErrBadConn // the transaction's connection is gone
	}
	if s.blank {
		settled, s.blank = false, false
	}
	ticket, err := s.admit(ctx, s.asked())
	if err != nil {
		return err
	}
	began, over := s.began, false
	if began.IsZero() && (s.e.judged || s.e.retries.most > 0) {
		began = s.e.now()
	}
	if !began.IsZero() {
		s.since, s.busy = began, time.Time{}
	}
	defer func() {
		if !over {
			s.abandon(settled)
		}
	}()
	err = s.persist(ctx, o, settled)
	s.report(ticket, began, err)
	if s.held == nil {
		s.leave()
	}
	if err != nil || o.Op != middleware.OpQuery {
		o.unclock()
	}
	over = true
	if err == driver.ErrSkip && !settled { //nolint:errorlint // the contract of ErrSkip is identity
		s.blank = true
	}
	return err
}

// errTxLost is what the statements of a transaction hear whose lease has ended
// under it: none of them may run on another connection. It is not ErrBadConn,
// upon which database/sql closes a sql.Conn and waits for its users; after a
// panic in BeginTx it would wait for ever.
func errTxLost() error {
	return &refusal.Error{Policy: "session", Reason: "the transaction has lost its connection, and with it what it did; roll back and begin again"}
}

// persist is carry without its care for panics.
func (s *session) persist(ctx context.Context, o *op, settled bool) error {
	waits := 0
	for attempt := 0; ; attempt++ {
		if err := s.acquire(ctx, attempt); err != nil {
			if !s.e.passes(err) || !s.e.retries.wait(ctx, s.since, waits) {
				return err
			}
			waits++
			attempt--
			continue
		}
		if s.e.cache != nil && s.foresee(o) {
			return nil
		}
		if s.e.set.CircuitBreakerSlowRate > 0 && s.busy.IsZero() {
			s.busy = s.e.now() // the waits before do not make the database slow
		}
		err := s.attemptTimed(ctx, o, settled)
		if err == nil {
			if s.e.cache != nil {
				s.sent(s.held.Value, o, nil, false)
			}
			return nil
		}
		err, again := s.judge(o.context(ctx), o, err)
		if s.e.cache != nil {
			s.sent(s.held.Value, o, err, again)
		}
		var pause time.Duration
		if again = again && !settled; again {
			pause, again = s.mayRepeat(ctx, o, attempt)
		}
		if !again {
			return s.queryTimeout(s.held.Value, o, err)
		}
		s.drop()
		if o.is.has(worked) && !s.e.retries.sleep(ctx, pause) {
			return err
		}
	}
}

// attemptWatched is attempt with a look at the wire before and after.
func (s *session) attemptWatched(ctx context.Context, o *op, settled bool) error {
	p := s.held.Value
	if s.e.set.LeakDetectionThreshold > 0 {
		p.note(o.SQL)
	}
	attempt := (*session).attempt
	if p.kept != nil {
		attempt = (*session).attemptKept
	}
	if p.line == nil {
		return attempt(s, ctx, p, o)
	}
	if settled && ctx.Err() != nil && o.tx == nil {
		p.line.Reset()
		return ctx.Err() // lib/pq would send the statement and a cancel request after it, and see which is faster
	}
	if p.apart != nil && (p.cut() || p.lost && o.st != nil) {
		p.line.Reset()
		return driver.ErrBadConn // the driver itself would wait for the call that was left, or panic (godror stmt.go, NumInput)
	}
	o.is.put(toNobody, settled && s.open == 0 && p.line.HungUp())
	late := p.line.LateCancels()
	err := attempt(s, ctx, p, o)
	if ctx.Err() != nil && p.line.LateCancels() != late {
		p.broken = true // the cancel request may still arrive, and must not hit the next user's statement
	}
	return err
}

// abandon draws the conclusions of a panic on the lease, which is in an
// unknown state then: nobody uses it after this session. A session that had a
// life before keeps it, or its next statement would run outside its
// transaction.
func (s *session) abandon(settled bool) {
	s.lost(&s.change)
	if !settled {
		s.drop()
		s.tx = nil
		s.leave() // database/sql never takes a connection back on which a query panicked
	} else if s.held != nil {
		s.held.Value.broken = true
	}
}

// acquire makes sure that a lease is held: waits for it, brings the driver's
// session to a fresh start, and closes the statements left for it. After
// maxStale dead connections in a row only one will do that proves to be alive,
// in place of the one that database/sql would dial for its last try: more idle
// ones may be dead than there are repeats.
func (s *session) acquire(ctx context.Context, stale int) error {
	if refuse := s.e.backend.Refuse; refuse != nil && s.held == nil {
		if reason := refuse(ctx); reason != "" {
			return &refusal.Error{Policy: "session", Reason: reason}
		}
	}
	if s.held != nil {
		return nil
	}
	waited := time.Duration(0)
	for s.held == nil {
		s.claim.Waited = 0
		l, err := s.e.pool.Acquire(ctx, &s.claim)
		waited += s.claim.Waited
		if err != nil {
			s.waited(waited)
			return err
		}
		s.held = l
		s.same, l.Value.user = l.Value.user == &s.claim, &s.claim
		looked := l.Value.looks
		if err := s.welcome(ctx, l, stale >= maxStale); err != nil {
			if !looked { // else it is what the pool's own look would have found, and no surprise
				stale++
			}
			s.drop()
			if ctx.Err() != nil {
				s.waited(waited)
				return ctx.Err()
			}
		}
	}
	s.waited(waited)
	return nil
}

// welcome readies a connection that somebody used before. Only ErrBadConn
// counts, as in database/sql (DB.conn ignores any other error of ResetSession).
// A connection in doubt has to answer first.
func (s *session) welcome(ctx context.Context, l *lease, doubt bool) error {
	p := l.Value
	p.kept.settled()
	if l.Fresh() {
		return nil
	}
	if doubt && (!s.e.asks(p) || s.e.validate(ctx, p) != nil) {
		return driver.ErrBadConn
	}
	if err := s.reset(ctx, p); err != nil {
		return err
	}
	if p.dooms.Load() {
		_ = s.closeDoomed(ctx, p, fewSpares)
	}
	if p.cut() {
		return driver.ErrBadConn
	}
	return nil
}

// reset calls the driver's ResetSession, in which some ask the server. Where
// one asks in vain, the connections that lay idle meanwhile would be as silent,
// one after the other.
func (s *session) reset(ctx context.Context, p *physical) error {
	if p.resetter == nil {
		return nil
	}
	if p.line == nil {
		return onlyBadConn(p.resetter.ResetSession(ctx))
	}
	limit := shorter(s.e.set.NetworkTimeout, s.e.set.ValidationTimeout)
	bounding := ctx
	if p.looks {
		bounding = context.Background() // it asks nobody; ctx costs as much as the look
	}
	bound := guard(p, bounding, limit)
	defer bound.Stop()
	looks := p.line.Looks()
	err := onlyBadConn(p.resetter.ResetSession(ctx))
	p.looks = p.line.Looks() != looks
	if err != nil && errors.Is(bound.Expired(), netshim.ErrQuiet) {
		s.e.pool.EvictIdle(time.Now().Add(-limit))
	}
	return err
}

// onlyBadConn is err if it is ErrBadConn, else nil.
func onlyBadConn(err error) error {
	if err != nil && errors.Is(err, driver.ErrBadConn) {
		return err
	}
	return nil
}

// shorter is the shorter of two limits, of which 0 is none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// release ends the lease. It is idempotent.
func (s *session) release() {
	s.leave()
	l := s.held
	if l == nil {
		return
	}
	if s.tx != nil || s.open > 0 || !l.Value.sound() {
		s.drop()
		return
	}
	s.held = nil
	s.used()
	s.returned(l.Value, nil)
	l.Release()
}

// drop ends the lease and the connection. A transaction on it is lost: until it
// is ended, nothing runs.
func (s *session) drop() {
	if l := s.held; l != nil {
		s.held, s.open = nil, 0
		s.used()
		s.lost(&s.lent)
		s.e.suspects()
		l.Value.closed.Store(true)
		l.Discard()
	}
}

// rowsClosed ends the operation that opened r and keeps r for another.
func (s *session) rowsClosed(r *reading) {
	if s.held != nil && s.held.Value == r.p && s.open > 0 {
		s.open--
	}
	if r.count > 0 && s.e.set.Metrics == metricsOn {
		s.e.metrics.Rows(r.count)
	}
	r.count = 0
	if s.e.cache != nil && r.lastErr != nil && s.tx != nil && s.tx == r.p {
		s.mayBeOver(&r.p.scope)
	}
	if r.change.on {
		s.conclude(&r.change, &r.op, r.lastErr, false)
	}
	eager := r.eager
	if r.passing {
		r.drain()
		return
	}
	s.keep(r)
	if eager && s.open == 0 && s.tx == nil {
		s.release()
	}
}

// reading returns a query's state to fill.
func (s *session) reading() *reading {
	r := s.free
	if r == nil {
		if s.e.set.LeakDetectionThreshold > 0 {
			return tied()
		}
		return &reading{}
	}
	s.free, r.next = r.next, nil
	return r
}

// keep puts a query's state back, without what it referred to.
func (s *session) keep(r *reading) {
	r.drain()
	r.watch, r.Rows, r.Result = nil, nil, nil
	r.unshow()
	r.clear()
	r.saved = wiped(r.saved)
	if s.e.cache != nil {
		r.question.clear()
	}
	r.next, s.free = s.free, r
}

// retire stops the timers that the operations to come would have used.
func (s *session) retire() {
	for r := s.free; r != nil; r = r.next {
		r.timed.retire()
	}
}

// shares reports whether virtual statements may share a real one.
func (s *session) shares() bool { return s.e.backend.SharedStmts }
