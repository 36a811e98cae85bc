// This file is the goroutine that asks an open breaker's database whether it is well again.

package breaker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// errSlow is a probe that answered, but no faster than the calls that opened
// the breaker.
var errSlow = errors.New("the probe was as slow as the calls that opened the breaker")

// watching is the goroutine that probes. Protected by Breaker.mu.
type watching struct {
	ctx     context.Context // of the present goroutine; nil if there is none
	dismiss context.CancelFunc
	pause   time.Duration // before the next probe, but for chance
	probes  uint64
	running sync.WaitGroup // goroutines start with mu held while ended is false
	ended   bool           // Close was called
}

// openLocked opens the breaker because of what the call that ended at end has
// made true, and starts the goroutine.
func (b *Breaker) openLocked(end time.Duration) {
	now := b.now()
	why, cause := b.reasonLocked(end)
	b.opened++
	b.enterLocked(Open, now, why, cause)
	b.pause = b.cfg.ProbeInterval
	b.scheduleLocked(now)
	b.ctx, b.dismiss = context.WithCancel(context.Background())
	ctx := b.ctx
	b.running.Go(func() { b.watch(ctx) })
}

// reasonLocked says which condition holds, and the failure behind it.
func (b *Breaker) reasonLocked(end time.Duration) (why string, cause error) {
	sum := b.window.sum
	switch {
	case b.failedTooOftenLocked(end):
		return fmt.Sprintf("failures in a row: %d, over %v", b.failures.Load(), end-b.failing), b.lastErr
	case reaches(sum.failed, sum.calls, b.cfg.ErrorRate):
		return fmt.Sprintf("%d of %d calls failed within %v", sum.failed, sum.calls, b.cfg.Window), b.lastErr
	}
	return fmt.Sprintf("%d of %d calls took longer than %v within %v", sum.slow, sum.calls, b.cfg.SlowCall, b.cfg.Window), nil
}

// dismissLocked has the goroutine end. Whatever its probe finds does not count
// any more.
func (b *Breaker) dismissLocked() {
	if b.ctx != nil {
		b.dismiss()
	}
	b.ctx, b.dismiss = nil, nil
	b.nextAt.Store(never)
}

// scheduleLocked sets the time of the next probe, and the pause after it.
func (b *Breaker) scheduleLocked(now time.Duration) {
	half := b.pause / 2
	chance := rand.N(half + 1) //nolint:gosec // spreads probes, guards nothing
	b.nextAt.Store(int64(now + b.pause - chance))
	b.pause = min(b.pause+b.pause/5, b.cfg.ResetTimeout)
}

// watch probes until a probe is good. It ends with ctx, that is when the breaker
// is forced or closed, and Close waits for it.
func (b *Breaker) watch(ctx context.Context) {
	timer := time.NewTimer(time.Duration(b.nextAt.Load()) - b.now())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if !b.begin(ctx) {
			return
		}
		next, again := b.settle(ctx, b.ask(ctx))
		if !again {
			return
		}
		timer.Reset(next)
	}
}

// begin makes the breaker half-open, unless the goroutine was dismissed.
// Callers who are refused meanwhile are told to come back when the next probe
// would be due.
func (b *Breaker) begin(ctx context.Context) bool {
	b.mu.Lock()
	if ctx.Err() != nil {
		b.mu.Unlock()
		return false
	}
	now := b.now()
	b.probes++
	b.enterLocked(HalfOpen, now, "a probe is under way", nil)
	b.nextAt.Store(int64(now + b.pause))
	b.mu.Unlock()
	b.tell()
	return true
}

// ask runs one probe.
func (b *Breaker) ask(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, b.cfg.HalfOpenTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the probe panicked: %v", p)
		}
	}()
	began := b.now()
	err = b.cfg.Probe(ctx)
	if err == nil && b.cfg.SlowRate > 0 && b.now()-began > b.cfg.SlowCall {
		return errSlow
	}
	return err
}

// settle does what a probe's end says: close, or stay open and probe again
// after next.
func (b *Breaker) settle(ctx context.Context, err error) (next time.Duration, again bool) {
	b.mu.Lock()
	if ctx.Err() != nil {
		b.mu.Unlock()
		return 0, false
	}
	now := b.now()
	if again = err != nil; again {
		b.failedLocked(err, now)
		b.enterLocked(Open, now, "the probe failed", err)
		b.scheduleLocked(now)
		next = time.Duration(b.nextAt.Load()) - now
	} else {
		b.dismissLocked()
		b.enterLocked(Closed, now, "the probe was good", nil)
	}
	b.mu.Unlock()
	b.tell()
	return next, again
}
