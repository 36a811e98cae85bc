// This file is the pool's clock and its upkeep: closing what is too old, idle for too long, or more than load needs.

package pool

import "time"

const (
	// tickEvery is how exact the clock is while the pool is in use. Reading
	// the system's clock twice per lease would cost more than the lease.
	tickEvery = 100 * time.Millisecond
	// surplusAfter is how long idle connections must be more than MaxIdle
	// before they are closed.
	surplusAfter = time.Second
)

// clock tells coarse time: while connections come and go, a timer sets it
// every tickEvery; after a tick without any it stops, and the next user reads
// the system's clock. An idle pool thus wakes nobody. Protected by Pool.mu.
type clock struct {
	now     time.Duration // since Pool.epoch
	ticking bool
	active  bool // a connection came or went since the last tick
	timer   *time.Timer
}

// shrink watches how many connections lay idle throughout a window: so many
// load did not need. Protected by Pool.mu.
type shrink struct {
	low int           // the fewest idle since the window began
	end time.Duration // when the window ends
	at  time.Duration // when surplus was last closed; 0 = never
}

// nowLocked is the time, at most tickEvery late.
func (p *Pool[T]) nowLocked() time.Duration {
	if p.clock.ticking {
		return p.clock.now
	}
	p.clock.now = p.exact()
	if !p.closed {
		p.clock.ticking = true
		p.tickLocked(tickEvery)
	}
	return p.clock.now
}

// exact is the time on the system's clock, since the epoch.
func (p *Pool[T]) exact() time.Duration { return time.Since(p.epoch) }

// tickLocked has tick called after d.
func (p *Pool[T]) tickLocked(d time.Duration) {
	if p.clock.timer == nil {
		p.clock.timer = time.AfterFunc(d, p.tick)
		return
	}
	p.clock.timer.Reset(d)
}

// tick runs in a goroutine of the timer's and ends at once; Close stops the
// timer.
func (p *Pool[T]) tick() {
	p.mu.Lock()
	defer p.unlock()
	if p.closed {
		return
	}
	now := p.exact()
	p.clock.now = now
	if p.unparkLocked() {
		p.clock.active = true
	}
	p.sweepLocked(now)
	p.leaksLocked(now)
	p.clock.ticking = p.clock.active
	p.clock.active = false
	if p.clock.ticking {
		p.tickLocked(tickEvery)
		return
	}
	if next := p.nextSweepLocked(); next > 0 {
		p.tickLocked(max(next-now, tickEvery))
	}
}

// sweepLocked closes the idle connections that have no right to stay.
func (p *Pool[T]) sweepLocked(now time.Duration) {
	for c := p.idle.Last(); c != nil; {
		older := c.line.Before()
		switch {
		case c.old(now):
			p.idleOutLocked(c, closedLifetime)
		case c.tired(now):
			p.idleOutLocked(c, closedIdleTime)
		}
		c = older
	}
	if now < p.shrink.end {
		return
	}
	if keep := p.cfg.MaxIdle; keep >= 0 {
		for n := min(p.shrink.low, p.idle.Len()) - keep; n > 0; n-- {
			p.idleOutLocked(p.idle.Last(), closedSurplus)
			p.shrink.at = now
		}
	}
	p.shrink.low, p.shrink.end = p.idle.Len(), now+surplusAfter
}

// idleOutLocked closes an idle connection.
func (p *Pool[T]) idleOutLocked(c *Conn[T], why reason) {
	p.unshelveLocked(c)
	p.retireLocked(c, why)
}

// nextSweepLocked is when an idle connection next loses its right to stay; 0
// means never.
func (p *Pool[T]) nextSweepLocked() time.Duration {
	var next time.Duration
	sooner := func(t time.Duration) {
		if next == 0 || t < next {
			next = t
		}
	}
	if at := p.nextLeakLocked(); at != 0 {
		sooner(at)
	}
	for c := p.idle.First(); c != nil; c = c.line.After() {
		if c.expires != 0 {
			sooner(c.expires)
		}
		if c.restful != 0 {
			sooner(c.proved + c.restful)
		}
	}
	if p.cfg.MaxIdle >= 0 && p.idle.Len() > p.cfg.MaxIdle {
		sooner(p.shrink.end)
	}
	return next
}
