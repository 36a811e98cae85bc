// This file is a connection as the pool sees it, from lease to lease.

package pool

import (
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/list"
)

// state is what a connection is to the pool.
type state uint8

const (
	stateLeased state = iota + 1
	stateIdle
	stateGone // closed or being closed; it never comes back
)

// Conn is a physical connection. Between Acquire and Release or Discard it
// belongs to its borrower alone; afterwards the borrower must not touch it.
type Conn[T any] struct {
	// Value is what Dial returned. It never changes.
	Value T

	pool       *Pool[T]
	expires    time.Duration // when it is too old, on the pool's clock; 0 = never
	restful    time.Duration // how long it may lie idle; 0 = for ever
	generation uint64

	// Written under pool.mu while it is not leased or at the take; the
	// borrower reads them without.
	out    bool // it is leased, and not parked
	fresh  bool // nobody used it yet
	rested bool // it lay idle or was used: Peek looks at it
	ping   bool // it has to be pinged before this lease

	who   atomic.Uint64 // the goroutine that borrowed it
	park  parking
	leaks atomic.Bool // its lease was reported as a leak; set under mu
	place place       // where it was borrowed, if that was noted

	// Protected by pool.mu.
	state   state
	proved  time.Duration      // when it last was opened, used or pinged with success
	since   time.Duration      // when its lease began
	lastWho uint64             // the one that borrowed it before it came into its state
	line    list.Node[Conn[T]] // in the idle or the used ones
	free    list.Node[Conn[T]] // in the unclaimed ones, while it is idle and nobody's
	claim   *Claim[T]          // of the borrower who had it last; nil if that one is gone
	left    bool               // its borrower gave up: nobody is to be named
	dropped bool               // its lease cannot end
}

// Release ends the lease: the connection goes to the caller who waits longest,
// or becomes idle; it is closed in the background if it is too old, evicted,
// over the limit, or the pool is closed. It never blocks. Releasing a
// connection that is not leased panics.
func (c *Conn[T]) Release() {
	p := c.pool
	if p.calm.Load() && !c.leaks.Load() && p.parked(c) {
		return
	}
	p.mu.Lock()
	c.endLocked("released")
	c.fresh, c.rested, c.ping = false, true, false
	p.settleLocked(c)
	p.unlock()
}

// Discard ends the lease of a connection that must not be used again, and
// closes it in the background. It never blocks. Discarding a connection that
// is not leased panics.
func (c *Conn[T]) Discard() {
	p := c.pool
	p.mu.Lock()
	c.endLocked("discarded")
	p.retireLocked(c, closedDiscarded)
	p.dispatchLocked()
	p.unlock()
}

// Fresh reports whether the present lease is the first since the connection
// was opened. Only the borrower may ask.
func (c *Conn[T]) Fresh() bool { return c.fresh }

// endLocked takes a leased connection out of the borrower's name.
func (c *Conn[T]) endLocked(verb string) {
	p := c.pool
	if c.state != stateLeased || c.park.ticket.Load() != 0 {
		p.mu.Unlock()
		panic("fluxor: a connection was " + verb + " that is not leased: its borrower gave it back twice, or used it after giving it back")
	}
	p.leakEndsLocked(c)
	p.used.Remove(&c.line)
	c.lastWho = c.who.Load()
	c.who.Store(0)
	c.state, c.out = 0, false
	c.place.forget()
	p.clock.active = true
}

// leaveLocked notes that the borrower of c gave up before it had it.
func (c *Conn[T]) leaveLocked() {
	c.who.Store(0)
	c.left = true
	c.place.forget()
}

// settleLocked finds a place for a sound connection that is in no list.
func (p *Pool[T]) settleLocked(c *Conn[T]) {
	now := p.nowLocked()
	if why, misfit := p.misfitLocked(c, now); misfit {
		p.retireLocked(c, why)
		p.dispatchLocked()
		return
	}
	if !c.ping {
		c.proved = now
	}
	if w := p.queue.First(); w != nil && !p.suspended {
		p.serveLocked(w, c, now)
		return
	}
	c.rested = true
	c.state = stateIdle
	p.shelveLocked(c)
}

// misfitLocked says why a sound connection must not be kept.
func (p *Pool[T]) misfitLocked(c *Conn[T], now time.Duration) (why reason, misfit bool) {
	switch {
	case p.closed:
		return closedByClose, true
	case c.generation != p.generation:
		return closedEvicted, true
	case p.roomLocked() == 0:
		return closedSurplus, true
	case c.old(now):
		return closedLifetime, true
	}
	return 0, false
}

// old reports whether the connection is past its lifetime.
func (c *Conn[T]) old(now time.Duration) bool { return c.expires != 0 && now >= c.expires }

// tired reports whether an idle connection is past its idle time.
func (c *Conn[T]) tired(now time.Duration) bool { return c.restful != 0 && now-c.proved >= c.restful }
