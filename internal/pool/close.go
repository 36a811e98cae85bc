// This file closes connections in the background and, at the end, the pool.

package pool

import (
	"context"
	"log/slog"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

// reason is why a connection was closed.
type reason uint8

const (
	closedSurplus reason = iota
	closedIdleTime
	closedLifetime
	closedInvalid
	closedEvicted
	closedDiscarded
	closedLate // its dial had been given up
	closedByClose
	reasons
)

// retireLocked closes a connection, which is in no list, in a goroutine of its
// own that ends with Close's return.
func (p *Pool[T]) retireLocked(c *Conn[T], why reason) {
	c.state = stateGone
	p.tieLocked(nil, c)
	p.counts.closed[why]++
	p.counts.closing++
	p.background++
	go p.finish(c.Value)
}

// finish closes a connection that counts as closing, as the last thing that a
// background goroutine does.
func (p *Pool[T]) finish(v T) {
	err := errEnded("closing a connection")
	defer func() {
		p.mu.Lock()
		if p.closed && p.closeErr == nil {
			p.closeErr = err
		}
		p.counts.closing--
		p.doneLocked()
		if p.cfg.Lingering {
			p.dispatchLocked()
		}
		p.unlock()
	}()
	err = p.closeValue(v)
}

// closeValue calls Close and makes an error of a panic.
func (p *Pool[T]) closeValue(v T) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			f := newFault("closing a connection", cause)
			err = f.err
			p.logFault(f)
		}
		if err != nil {
			p.log(slog.LevelDebug, "closing a connection failed", "error", err)
		}
	}()
	return p.cfg.Close(v)
}

// done notes that a background goroutine has done its work, as the last thing
// that it does.
func (p *Pool[T]) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doneLocked()
}

// doneLocked notes that a background goroutine has done its work.
func (p *Pool[T]) doneLocked() {
	p.background--
	if p.background == 0 && p.quiet != nil {
		close(p.quiet)
		p.quiet = nil
	}
}

// Close ends the pool: waiting callers fail with refusal.ErrClosed, dials
// under way are cancelled, idle connections are closed now and leased ones
// when they come back. It returns when everything in the background is done,
// at the latest after CloseTimeout (what then still runs is logged), with the
// first error of closing a connection, or ctx's error if that ends first.
// Closing twice is harmless.
func (p *Pool[T]) Close(ctx context.Context) error {
	p.mu.Lock()
	cancels := p.shutLocked()
	quiet := p.quietLocked()
	p.unlock()
	for _, cancel := range cancels {
		cancel()
	}
	var over <-chan time.Time
	if limit := p.cfg.CloseTimeout; limit > 0 {
		t := time.NewTimer(limit)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-quiet:
	case <-ctx.Done():
		return ctx.Err()
	case <-over:
		p.log(slog.LevelWarn, "the close timeout ended before all connections were closed", "closing", p.Stats().Closing, "dialing", p.Stats().Dialing)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closeErr
}

// quietLocked returns a channel that is closed when nothing runs in the
// background.
func (p *Pool[T]) quietLocked() <-chan struct{} {
	if p.background == 0 {
		quiet := make(chan struct{})
		close(quiet)
		return quiet
	}
	if p.quiet == nil {
		p.quiet = make(chan struct{})
	}
	return p.quiet
}

// shutLocked closes the pool and returns what cancels its dials.
func (p *Pool[T]) shutLocked() []context.CancelFunc {
	if p.closed {
		return nil
	}
	p.unparkLocked()
	p.closed = true
	for w := p.queue.First(); w != nil; w = p.queue.First() {
		p.grantLocked(w, nil, errClosed())
	}
	for c := p.idle.First(); c != nil; c = p.idle.First() {
		p.idleOutLocked(c, closedByClose)
	}
	for _, t := range []*time.Timer{p.clock.timer, p.retry, p.warm.timer} {
		if t != nil {
			t.Stop()
		}
	}
	p.endWarmUpLocked(errClosed())
	cancels := make([]context.CancelFunc, 0, len(p.dials))
	for a := range p.dials {
		cancels = append(cancels, a.cancel)
	}
	return cancels
}

// errClosed is what a caller of a closed pool gets.
func errClosed() error {
	return &refusal.Error{
		Policy:   "pool",
		Reason:   "the connector is closed; open a new one",
		Sentinel: refusal.ErrClosed,
	}
}
