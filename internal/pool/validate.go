// This file checks a connection before it is handed out: a look at its socket, or a question to the server.

package pool

import (
	"context"
	"log/slog"
	"time"
)

// peek looks at a leased connection and closes it if it is dead.
func (p *Pool[T]) peek(c *Conn[T]) error {
	if p.cfg.Peek == nil || !c.rested {
		return nil
	}
	alive := false
	defer func() {
		if !alive {
			p.condemn(c)
		}
	}()
	err := p.cfg.Peek(c.Value)
	alive = err == nil
	return err
}

// condemn closes a leased connection that failed a check.
func (p *Pool[T]) condemn(c *Conn[T]) {
	p.mu.Lock()
	c.endLocked("discarded")
	p.retireLocked(c, closedInvalid)
	p.dispatchLocked()
	p.unlock()
}

// admit reports whether a leased connection may be handed out; if not, it is
// on its way out. The error is the caller's: its time ended.
func (p *Pool[T]) admit(ask *request, c *Conn[T]) (ok bool, err error) {
	c.place.at.Store(ask.place)
	if p.peek(c) != nil {
		return false, nil
	}
	if !c.ping {
		return true, nil
	}
	return p.question(ask, c)
}

// reply is what a Ping came to.
type reply uint8

const (
	sound  reply = iota
	failed       // an error within its time
	silent       // nothing within its time
)

// inquiry is one Ping under way. Protected by Pool.mu; done is closed when
// answered is set.
type inquiry struct {
	done     chan struct{}
	began    time.Duration
	answered bool
	sound    bool // what it came to
	left     bool // the caller's time ended; the connection goes on to others
}

// question pings c. The ping is not the caller's: it goes on when the caller
// must leave, and one that does not heed its own timeout is left behind with
// the connection, which is closed when it returns.
func (p *Pool[T]) question(ask *request, c *Conn[T]) (ok bool, err error) {
	q := &inquiry{done: make(chan struct{}), began: p.exact()}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ask.ctx), p.cfg.ValidationTimeout)
	p.mu.Lock()
	p.background++
	p.mu.Unlock()
	overdue := time.AfterFunc(p.cfg.ValidationTimeout, func() { p.answer(c, q, silent) })
	go p.ping(ctx, cancel, c, q, overdue)

	var over <-chan time.Time
	if ask.own > 0 {
		t := time.NewTimer(ask.own - p.exact())
		defer t.Stop()
		over = t.C
	}
	select {
	case <-q.done:
		return q.sound, nil
	case <-ask.ctx.Done():
		return p.abandon(ask, c, q, ask.ctx.Err())
	case <-over:
		return p.abandon(ask, c, q, nil)
	}
}

// ping asks the server. It ends when Ping returns; a connection whose ping was
// overdue is closed then.
func (p *Pool[T]) ping(ctx context.Context, cancel context.CancelFunc, c *Conn[T], q *inquiry, overdue *time.Timer) {
	var f fault
	err := errEnded("pinging a connection")
	defer func() {
		if cause := recover(); cause != nil {
			f = newFault("pinging a connection", cause)
			err = f.err
		}
		r := sound
		switch {
		case err != nil && ctx.Err() != nil:
			r = silent
		case err != nil:
			r = failed
		}
		cancel()
		overdue.Stop()
		late := !p.answer(c, q, r)
		p.logFault(f)
		if err != nil {
			p.log(slog.LevelInfo, "an idle connection failed its ping", "error", err)
		}
		if late || err != nil {
			p.finish(c.Value)
			return
		}
		p.done()
	}()
	err = p.cfg.Ping(ctx, c.Value)
}

// answer settles an inquiry once and reports whether it was the one to do so.
// An unsound connection stops counting; the goroutine in ping closes it, since
// nobody else may use it before Ping returned. Where the server kept silent,
// the connections that have rested since before the ping are as suspect:
// nobody is to wait for one after the other.
func (p *Pool[T]) answer(c *Conn[T], q *inquiry, r reply) bool {
	p.mu.Lock()
	if q.answered {
		p.mu.Unlock()
		return false
	}
	q.answered, q.sound = true, r == sound
	switch {
	case r != sound:
		c.endLocked("discarded")
		c.state = stateGone
		p.tieLocked(nil, c)
		p.counts.closed[closedInvalid]++
		p.counts.closing++
		if r == silent {
			p.evictIdleLocked(q.began)
		}
		p.dispatchLocked()
	case q.left:
		c.ping = false
		p.giveBackLocked(c)
	}
	p.unlock()
	close(q.done)
	return true
}

// abandon leaves an inquiry because the caller's time ended, unless the answer
// is there.
func (p *Pool[T]) abandon(ask *request, c *Conn[T], q *inquiry, ended error) (ok bool, err error) {
	p.mu.Lock()
	if q.answered {
		p.unlock()
		return q.sound, nil
	}
	q.left = true
	c.leaveLocked()
	full := p.reportLocked(ask)
	full.pinging, ask.unanswered = true, true
	p.countEndLocked(ended)
	p.unlock()
	return false, full.refuse(ended)
}
