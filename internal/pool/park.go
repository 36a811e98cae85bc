// This file lets a borrower take back the connection that it returned last without the pool's lock.

package pool

import "sync/atomic"

// While a pool is calm, a connection that comes back is parked: it stays among
// the used ones, and its borrower takes it back with one atomic step. Calm
// means that nobody waits and the clock ticks. Whoever needs to see all idle
// connections (a caller who finds none, a change of the pool, a look at it)
// ends the calm and makes the parked ones idle in the ordinary way, and so does
// each tick of the clock: no connection is parked for longer than two ticks,
// and what depends on time is as exact as the clock.
//
// The order of steps is what keeps a waiter from missing a connection. A return
// parks first and then looks whether the calm still holds; a caller ends the
// calm first and then looks for parked connections. One of the two sees the
// other.

// parking is what a connection says of its being parked.
type parking struct {
	// ticket is which parking this is, 0 while the connection is not parked.
	// Whoever sets it to 0 has the connection.
	ticket atomic.Uint64
	last   uint64 // the latest ticket; the borrower's
	// taken is set when the borrower took it back, and cleared by the tick that
	// notes it: its lease is a new one.
	taken atomic.Bool
}

// takeBack returns the connection that k parked, if it still is and the same
// goroutine parked it: another one may have left its state on another
// connection.
func (p *Pool[T]) takeBack(k *Claim[T], who uint64) *Conn[T] {
	if k == nil || k.parked == 0 {
		return nil
	}
	c, ticket := k.last, k.parked
	if c.who.Load() != who {
		return nil
	}
	k.parked = 0
	if !c.park.ticket.CompareAndSwap(ticket, 0) {
		return nil
	}
	c.out = true
	if k.turns++; p.notes.Load() && (k.turns%sampleEvery == 0 || p.cfg.Places == PlacesAll) {
		c.place.at.Store(captured())
	} else {
		c.place.forget()
	}
	if !c.park.taken.Load() {
		c.park.taken.Store(true)
	}
	return c
}

// parked parks a connection whose borrower returns it, and reports whether it
// did: else the borrower still has it.
func (p *Pool[T]) parked(c *Conn[T]) bool {
	k := c.claim // its borrower's own; nobody else changes it during the lease
	if k == nil || !c.out {
		return false
	}
	c.park.last++
	ticket := c.park.last
	c.fresh, c.rested, c.ping, c.out = false, true, false, false
	k.last, k.parked = c, ticket
	c.park.ticket.Store(ticket)
	if p.calm.Load() || !c.park.ticket.CompareAndSwap(ticket, 0) {
		return true // or the pool has made it idle meanwhile
	}
	k.parked, c.out = 0, true
	return false
}

// unparkLocked ends the calm and makes every parked connection idle. It reports
// whether the connections were in use since the last time.
func (p *Pool[T]) unparkLocked() (used bool) {
	if !p.calm.Load() {
		return false
	}
	p.calm.Store(false)
	for c := p.used.First(); c != nil; {
		next := c.line.After()
		if c.park.taken.Load() {
			c.park.taken.Store(false)
			used = true
			p.leakEndsLocked(c)
			c.since = p.nowLocked()
		}
		if p.unparkOneLocked(c, c.park.ticket.Load()) {
			used = true
		}
		c = next
	}
	return used
}

// unparkOneLocked makes a connection idle that is parked under the ticket.
func (p *Pool[T]) unparkOneLocked(c *Conn[T], ticket uint64) bool {
	if ticket == 0 || !c.park.ticket.CompareAndSwap(ticket, 0) {
		return false
	}
	c.endLocked("released")
	p.settleLocked(c)
	return true
}

// reclaimLocked makes the connection idle that k parked.
func (p *Pool[T]) reclaimLocked(k *Claim[T]) {
	if k != nil && k.parked != 0 {
		p.unparkOneLocked(k.last, k.parked)
		k.parked = 0
	}
}

// calmLocked begins the calm where it may be: nobody waits, the clock ticks, and
// the pool is not so full that the place of every lease is noted.
func (p *Pool[T]) calmLocked() {
	if p.calm.Load() || p.queue.Len() > 0 || !p.clock.ticking || p.closed || p.suspended || p.lowered || p.crowdedLocked() {
		return
	}
	p.notes.Store(p.cfg.Places != PlacesNone && (p.limitLocked() > 0 || p.cfg.LeakAfter > 0))
	p.calm.Store(true)
}

// parkedLocked counts the parked connections.
func (p *Pool[T]) parkedLocked() int {
	n := 0
	for c := p.used.First(); c != nil; c = c.line.After() {
		if c.park.ticket.Load() != 0 {
			n++
		}
	}
	return n
}
