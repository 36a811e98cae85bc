// This file is the line of callers who wait for a connection, and the path of a caller who has to.

package pool

import (
	"context"
	"time"

	"github.com/fluxor-db/fluxor/internal/list"
)

// maxSpares bounds how many waiters are kept for further use.
const maxSpares = 1024

// waiter is a caller in line. All but ready and timer is protected by Pool.mu
// until granted is set; then it is the caller's.
type waiter[T any] struct {
	ready chan struct{} // one send per grant; room for one
	timer *time.Timer   // the caller's own; nil if it never needed one

	ctx      context.Context
	ticket   uint64
	who      uint64
	claim    *Claim[T]
	deadline time.Duration // when ctx or AcquireTimeout ends the wait; 0 = never
	full     bool          // it waits for a return: the pool or the server is full

	granted bool
	conn    *Conn[T] // the grant, or
	err     error    // why there is none

	line list.Node[waiter[T]] // in the queue, the granted or the spare ones
}

// request is one Acquire that the fast path could not serve.
type request struct {
	ctx    context.Context
	ticket uint64
	who    uint64
	place  *stack
	began  time.Duration // exact, on the pool's clock
	own    time.Duration // when AcquireTimeout ends it; 0 = never

	unanswered bool // see Claim; set where it ends
}

// enterLocked leases an idle connection or puts the caller in line. It
// returns neither if the pool is closed.
func (p *Pool[T]) enterLocked(ctx context.Context, k *Claim[T], ticket uint64, who uint64) (*Conn[T], *waiter[T]) {
	if p.closed {
		return nil, nil
	}
	if p.idle.Len() == 0 || p.used.Len() <= familiarDepth {
		p.unparkLocked()
	}
	c := p.takeLocked(k, who)
	if c != nil {
		if p.short {
			p.dialLocked() // one more, because it took what another claims
		}
		return c, nil
	}
	w := p.waiterLocked()
	w.ctx, w.claim, w.ticket, w.who = ctx, k, ticket, who
	if p.fullLocked() && p.queue.Len() >= len(p.dials) {
		p.waitsLocked(w)
	}
	p.joinLocked(w)
	p.warmFirstLocked()
	p.dispatchLocked()
	return nil, w
}

// fullLocked reports whether only a return helps, because the pool is full or
// the server is.
func (p *Pool[T]) fullLocked() bool {
	return p.roomLocked() == 0 || p.pace.full(p.exact(), p.openLocked()+len(p.dials))
}

// waitsLocked counts a wait for a return at its start, as database/sql does:
// who watches the number sees the line grow.
func (p *Pool[T]) waitsLocked(w *waiter[T]) {
	if !w.full {
		w.full = true
		p.counts.waits++
	}
}

// waiterLocked returns a waiter in its zero state.
func (p *Pool[T]) waiterLocked() *waiter[T] {
	if w := p.spares.First(); w != nil {
		p.spares.Remove(&w.line)
		return w
	}
	w := &waiter[T]{ready: make(chan struct{}, 1)}
	w.line.Of = w
	return w
}

// search gets a sound connection for a caller whom the fast path did not
// serve: it took c and has to check it, or stands in line as w, or has
// neither. It tells k how long that took.
func (p *Pool[T]) search(ctx context.Context, k *Claim[T], c *Conn[T], w *waiter[T], ticket uint64, who uint64) (*Conn[T], error) {
	ask := request{ctx: ctx, ticket: ticket, who: who, began: p.exact()}
	if limit := p.cfg.AcquireTimeout; limit > 0 {
		ask.own = ask.began + limit
	}
	if p.cfg.Places != PlacesNone {
		ask.place = captured()
	}
	c, err := p.find(&ask, k, c, w)
	if k != nil {
		p.mu.Lock()
		k.Waited = p.exact() - ask.began
		k.Unanswered = ask.unanswered
		p.unlock()
	}
	return c, err
}

// find is search for a request.
func (p *Pool[T]) find(ask *request, k *Claim[T], c *Conn[T], w *waiter[T]) (*Conn[T], error) {
	for {
		if w != nil {
			var err error
			if c, err = p.attend(ask, k, w); err != nil {
				return nil, err
			}
		}
		if c != nil {
			ok, err := p.admit(ask, c)
			if err != nil {
				return nil, err
			}
			if ok {
				return c, nil
			}
		}
		p.mu.Lock()
		c, w = p.enterLocked(ask.ctx, k, ask.ticket, ask.who)
		closed := p.closed
		p.unlock()
		if closed {
			return nil, errClosed()
		}
	}
}

// attend is await for a borrower who may want to be told of it.
func (p *Pool[T]) attend(ask *request, k *Claim[T], w *waiter[T]) (*Conn[T], error) {
	if k == nil || k.OnWait == nil {
		return p.await(ask, w)
	}
	k.OnWait(true)
	defer k.OnWait(false)
	return p.await(ask, w)
}

// await waits until w is granted, its context ends or its time is over.
func (p *Pool[T]) await(ask *request, w *waiter[T]) (*Conn[T], error) {
	p.hurry(ask, w)
	var over <-chan time.Time
	if ask.own > 0 {
		over = w.alarm(ask.own - p.exact())
	}
	var err error
	select {
	case <-w.ready:
	case <-ask.ctx.Done():
		err = p.leave(ask, w, ask.ctx.Err())
	case <-over:
		err = p.leave(ask, w, nil)
	}
	if err != nil {
		return nil, err
	}
	return p.collect(ask, w)
}

// hurry tells the pool when w has to leave, and answers it at once if the
// next dial is only permitted after that.
func (p *Pool[T]) hurry(ask *request, w *waiter[T]) {
	deadline := ask.own
	if end, ok := ask.ctx.Deadline(); ok {
		if t := max(end.Sub(p.epoch), 1); deadline == 0 || t < deadline {
			deadline = t
		}
	}
	if deadline == 0 {
		return
	}
	p.mu.Lock()
	if !w.granted {
		w.deadline = deadline
		p.hopelessLocked(w)
	}
	p.unlock()
}

// alarm returns a channel that fires after d.
func (w *waiter[T]) alarm(d time.Duration) <-chan time.Time {
	if w.timer == nil {
		w.timer = time.NewTimer(d)
	} else {
		w.timer.Reset(d)
	}
	return w.timer.C
}

// leave takes w out of line and returns the error for its caller. It returns
// nil if w was granted meanwhile.
func (p *Pool[T]) leave(ask *request, w *waiter[T], ended error) error {
	p.mu.Lock()
	if w.granted {
		p.unlock()
		<-w.ready // whoever granted it sends at once
		return nil
	}
	full := p.reportLocked(ask)
	ask.unanswered = full.unanswered()
	p.queue.Remove(&w.line)
	p.waitedLocked(ask, w)
	p.countEndLocked(ended)
	p.unlock()
	return full.refuse(ended)
}

// collect takes what w was granted. A caller whose context ended meanwhile
// has no use for it.
func (p *Pool[T]) collect(ask *request, w *waiter[T]) (*Conn[T], error) {
	c, err, ended := w.conn, w.err, ask.ctx.Err()
	p.mu.Lock()
	p.waitedLocked(ask, w)
	if c == nil || ended == nil {
		p.unlock()
		return c, err
	}
	c.leaveLocked()
	full := p.reportLocked(ask)
	p.countEndLocked(ended)
	p.giveBackLocked(c)
	p.unlock()
	return nil, full.refuse(ended)
}

// giveBackLocked ends a lease that was never used. If a ping was due it still
// is.
func (p *Pool[T]) giveBackLocked(c *Conn[T]) {
	c.endLocked("released")
	p.settleLocked(c)
}

// waitedLocked adds up how long a wait took that is over, as database/sql does:
// only one for a return, not for a dial. It keeps w for the next caller in need.
func (p *Pool[T]) waitedLocked(ask *request, w *waiter[T]) {
	if w.full {
		p.counts.waited += p.exact() - ask.began
	}
	if w.timer != nil {
		w.timer.Stop()
	}
	if p.spares.Len() >= maxSpares {
		return
	}
	*w = waiter[T]{ready: w.ready, timer: w.timer}
	w.line.Of = w
	p.spares.PushFront(&w.line)
}

// countEndLocked counts an Acquire that its context or AcquireTimeout ended.
func (p *Pool[T]) countEndLocked(ended error) {
	if ended != nil {
		p.counts.canceled++
		return
	}
	p.counts.timeouts++
}

// dispatchLocked serves those in line from the idle connections and dials for
// those that remain. Every change that may help a waiter ends with it.
func (p *Pool[T]) dispatchLocked() {
	if p.closed || p.suspended {
		return
	}
	for p.queue.Len() > 0 && p.idle.Len() > 0 {
		w := p.queue.First()
		c := p.takeLocked(w.claim, w.who)
		if c == nil {
			break // the last idle one was too old
		}
		p.grantLocked(w, c, nil)
	}
	p.dialLocked()
}

// serveLocked leases c, which is in no list, to the waiter w.
func (p *Pool[T]) serveLocked(w *waiter[T], c *Conn[T], now time.Duration) {
	p.leaseLocked(c, w.claim, now, w.who)
	p.grantLocked(w, c, nil)
}

// grantLocked takes w out of line with a leased connection or an error;
// unlock wakes it.
func (p *Pool[T]) grantLocked(w *waiter[T], c *Conn[T], err error) {
	p.queue.Remove(&w.line)
	w.conn, w.err, w.granted = c, err, true
	p.granted.PushBack(&w.line)
}

// joinLocked puts w in line where its ticket stands: at the end, but for a
// caller whose connection failed its check.
func (p *Pool[T]) joinLocked(w *waiter[T]) {
	q := &p.queue
	if q.Len() == 0 || q.Last().ticket < w.ticket {
		q.PushBack(&w.line)
		return
	}
	at := q.First()
	for at.ticket < w.ticket {
		at = at.line.After()
	}
	q.Insert(&w.line, &at.line)
}
