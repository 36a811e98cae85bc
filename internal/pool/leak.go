// This file reports leases that last too long, and their end.

package pool

import "time"

// Leak is a lease that has lasted longer than Config.LeakAfter, or the end of
// one that was reported.
type Leak[T any] struct {
	Value T             // the connection
	Since time.Time     // when the lease began
	Held  time.Duration // how long it has lasted, or lasted
	Place string        // where it was borrowed; "" if that was not noted
	Stack []string      // the application's calls that led there, the innermost first
	// Dropped says that nobody can end the lease any more: see Conn.Dropped.
	Dropped bool
	Ended   bool
}

// noticed is a leak on its way to Config.OnLeak. Its place is written out later.
type noticed[T any] struct {
	c       *Conn[T]
	since   time.Duration
	held    time.Duration
	at      *stack
	dropped bool
	ended   bool
}

// leaksLocked notices the leases that have become too long.
func (p *Pool[T]) leaksLocked(now time.Duration) {
	limit := p.cfg.LeakAfter
	if limit <= 0 {
		return
	}
	for c := p.used.First(); c != nil; c = c.line.After() {
		if !c.leaks.Load() && !c.left && c.park.ticket.Load() == 0 && now-c.since >= limit {
			c.leaks.Store(true)
			p.noticeLocked(c, now, false)
		}
	}
}

// Dropped says that what could end the lease is out of everybody's reach, so
// that the lease lasts until the pool is closed. It is reported as a leak at
// once where leaks are reported, unless it was before. On a connection that is
// not leased, Dropped does nothing. It may be called by any goroutine.
func (c *Conn[T]) Dropped() {
	p := c.pool
	p.mu.Lock()
	defer p.unlock()
	if p.cfg.LeakAfter <= 0 || c.state != stateLeased || c.park.ticket.Load() != 0 || c.dropped {
		return
	}
	c.dropped = true
	if !c.leaks.Load() {
		c.leaks.Store(true)
		p.noticeLocked(c, p.exact(), false)
	}
}

// leakEndsLocked notices that a lease that was reported is over.
func (p *Pool[T]) leakEndsLocked(c *Conn[T]) {
	if c.leaks.Load() {
		p.noticeLocked(c, p.exact(), true)
		c.leaks.Store(false)
		c.dropped = false
	}
}

func (p *Pool[T]) noticeLocked(c *Conn[T], now time.Duration, ended bool) {
	if p.cfg.OnLeak == nil {
		return
	}
	p.noticed = append(p.noticed, noticed[T]{c, c.since, now - c.since, c.place.at.Load(), c.dropped, ended})
	if !p.telling {
		p.telling = true
		p.background++
		go p.tellLeaks()
	}
}

// tellLeaks hands over what was noticed, in order, and ends when there is no
// more.
func (p *Pool[T]) tellLeaks() {
	for {
		p.mu.Lock()
		all := p.noticed
		p.noticed = nil
		if len(all) == 0 {
			p.telling = false
			p.doneLocked()
			p.unlock()
			return
		}
		p.mu.Unlock()
		for i := range all {
			p.cfg.OnLeak(all[i].leak(p.epoch))
		}
	}
}

func (n *noticed[T]) leak(epoch time.Time) Leak[T] {
	return Leak[T]{Value: n.c.Value, Since: epoch.Add(n.since), Held: n.held, Place: n.at.String(), Stack: n.at.calls(), Dropped: n.dropped, Ended: n.ended}
}

// Leaks returns the leases that are too long at this moment or can never end, the
// longest first.
func (p *Pool[T]) Leaks() []Leak[T] {
	p.mu.Lock()
	p.unparkLocked()
	now := p.exact()
	var all []noticed[T]
	for c := p.used.First(); c != nil && p.cfg.LeakAfter > 0; c = c.line.After() {
		if !c.left && (now-c.since >= p.cfg.LeakAfter || c.dropped) {
			all = append(all, noticed[T]{c, c.since, now - c.since, c.place.at.Load(), c.dropped, false})
		}
	}
	p.unlock()
	leaks := make([]Leak[T], len(all))
	for i := range all {
		leaks[i] = all[i].leak(p.epoch)
	}
	return leaks
}

// nextLeakLocked is when the next lease becomes too long; 0 means never.
func (p *Pool[T]) nextLeakLocked() (next time.Duration) {
	if p.cfg.LeakAfter <= 0 {
		return 0
	}
	for c := p.used.First(); c != nil; c = c.line.After() {
		if at := c.since + p.cfg.LeakAfter; !c.leaks.Load() && (next == 0 || at < next) {
			next = at
		}
	}
	return next
}
