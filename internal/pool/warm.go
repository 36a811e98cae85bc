// This file opens connections ahead of need and changes a pool while it runs.

package pool

import (
	"context"
	"fmt"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

// warmup is the opening of connections ahead of need. Protected by Pool.mu.
type warmup struct {
	begun  bool
	target int           // how many are to be open; 0 while none runs
	timer  *time.Timer   // ends it after WarmupTimeout
	done   chan struct{} // closed when it ends
	err    error         // why it ended short; nil if it did not
}

// Warm opens connections until Config.Warmup are open and waits for that. The
// first Acquire starts the same in the background, once. It returns nil when
// they are open, else why they are not: the driver's error after a refused
// login or a full server, a *refusal.Error after WarmupTimeout, or ctx's
// error, which does not end the warm-up. Repeating it may help.
func (p *Pool[T]) Warm(ctx context.Context) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return errClosed()
	}
	p.beginWarmUpLocked()
	p.dispatchLocked()
	done := p.warm.done
	p.unlock()
	select {
	case <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.warm.err
}

// warmFirstLocked begins the warm-up that the first Acquire owes.
func (p *Pool[T]) warmFirstLocked() {
	if !p.warm.begun && p.cfg.Warmup > 0 {
		p.beginWarmUpLocked()
	}
}

// beginWarmUpLocked begins a warm-up unless one runs; dialLocked does the
// rest.
func (p *Pool[T]) beginWarmUpLocked() {
	if p.warm.target > 0 {
		return
	}
	p.warm = warmup{begun: true, target: max(p.cfg.Warmup, 1), done: make(chan struct{})}
	if p.cfg.Warmup <= 0 {
		p.endWarmUpLocked(nil)
		return
	}
	if p.maxOpen > 0 {
		p.warm.target = min(p.warm.target, p.maxOpen)
	}
	if limit := p.cfg.WarmupTimeout; limit > 0 {
		p.warm.timer = time.AfterFunc(limit, func() { p.warmOver(limit) })
	}
	p.warmedLocked()
}

// warmedLocked ends the warm-up when enough connections are open.
func (p *Pool[T]) warmedLocked() {
	if p.warm.target > 0 && p.openLocked() >= p.warm.target {
		p.endWarmUpLocked(nil)
	}
}

// warmOver ends a warm-up that took too long.
func (p *Pool[T]) warmOver(limit time.Duration) {
	p.mu.Lock()
	defer p.unlock()
	p.endWarmUpLocked(&refusal.Error{
		Policy: "pool",
		Reason: fmt.Sprintf("the warm-up opened %d of %d connections within %v", p.openLocked(), p.warm.target, limit),
		Cause:  presentable(p.pace.lastErr),
	})
}

// endWarmUpLocked ends a running warm-up.
func (p *Pool[T]) endWarmUpLocked(err error) {
	if p.warm.target == 0 {
		return
	}
	p.warm.target, p.warm.err = 0, err
	if p.warm.timer != nil {
		p.warm.timer.Stop()
	}
	close(p.warm.done)
}

// Suspend makes all callers wait in line, within their own deadlines, until
// Resume. Leased connections stay leased and become idle when they come back.
func (p *Pool[T]) Suspend() {
	p.mu.Lock()
	defer p.unlock()
	p.unparkLocked()
	p.suspended = true
}

// Resume ends a Suspend and serves those in line. It also forgets how dials
// failed, so that the next one is permitted at once.
func (p *Pool[T]) Resume() {
	p.mu.Lock()
	defer p.unlock()
	p.suspended = false
	p.pace.forget()
	p.dispatchLocked()
}

// Evict closes every present connection: idle ones now, leased ones when they
// come back. It also forgets how dials failed, and that the login worked: what
// made them outdated may be a new password. A pinned pool keeps its
// connections, because the data lives in them.
func (p *Pool[T]) Evict() {
	p.mu.Lock()
	defer p.unlock()
	p.pace.forget()
	p.pace.provenAt = 0
	p.unparkLocked()
	if !p.cfg.Pinned {
		p.generation++
		p.evictIdleLocked(p.exact())
	}
	p.dispatchLocked()
}

// EvictIdle closes the idle connections that came back before t, because
// something was learned that makes them suspect. A pinned pool keeps them.
func (p *Pool[T]) EvictIdle(t time.Time) {
	p.mu.Lock()
	defer p.unlock()
	p.unparkLocked()
	p.evictIdleLocked(t.Sub(p.epoch))
	p.dispatchLocked()
}

// evictIdleLocked closes the idle connections that came back before at.
func (p *Pool[T]) evictIdleLocked(at time.Duration) {
	if p.cfg.Pinned {
		return
	}
	for c := p.idle.Last(); c != nil; {
		newer := c.line.Before()
		if c.proved <= at {
			p.idleOutLocked(c, closedEvicted)
		}
		c = newer
	}
}

// Doubt has every connection that is idle now pinged before its next use.
func (p *Pool[T]) Doubt() {
	p.mu.Lock()
	defer p.unlock()
	p.unparkLocked()
	p.pace.outage = max(p.exact(), 1)
}

// SetMaxOpen changes Config.MaxOpen; 0 means unlimited. Idle connections over
// the limit are closed now, leased ones when they come back.
func (p *Pool[T]) SetMaxOpen(n int) {
	p.mu.Lock()
	defer p.unlock()
	p.unparkLocked()
	p.maxOpen = max(n, 0)
	for p.maxOpen > 0 && p.openLocked() > p.maxOpen && p.idle.Len() > 0 {
		p.idleOutLocked(p.idle.Last(), closedSurplus)
	}
	p.lowered = p.openLocked()+len(p.dials) > p.maxOpen
	if p.maxOpen > 0 {
		p.warm.target = min(p.warm.target, p.maxOpen)
	}
	p.warmedLocked()
	p.dispatchLocked()
}
