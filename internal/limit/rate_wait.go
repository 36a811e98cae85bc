// This file is the path of an operation that comes faster than the rate permits.

package limit

import (
	"context"
	"math"
	"time"
)

// Wait admits an operation, at once or after a wait; now is the time. Its error
// is a Refused. A context that has ended is noticed only where the operation
// has to wait.
func (r *Rate) Wait(ctx context.Context, now time.Time) error {
	if r.waiting.Load() == 0 {
		if _, ok := r.take(now.Sub(r.epoch)); ok {
			return nil
		}
	}
	w, till, err := r.join(ctx)
	if w == nil {
		return err
	}
	return r.stand(ctx, w, till)
}

// join puts an operation in line, or refuses it. till is until when it may
// wait.
func (r *Rate) join(ctx context.Context) (w *waiter, till time.Duration, err error) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	till = math.MaxInt64
	if r.cfg.Mode == Timeout {
		till = now + r.cfg.Timeout
	}
	wait := r.expect(now, r.line.Len())
	if reason := r.hindranceLocked(ctx, now+wait, till); reason != 0 {
		return nil, 0, r.tally.refuse(Refused{reason, wait, 0, r.line.Len(), ctx.Err()})
	}
	w = newWaiter()
	w.joined = now
	r.line.push(w)
	r.waiting.Store(int64(r.line.Len()))
	return w, till, nil
}

// hindranceLocked is why an operation whose turn comes at that time cannot
// stand in line; 0 if it can.
func (r *Rate) hindranceLocked(ctx context.Context, turn, till time.Duration) Reason {
	if deadline, ok := ctx.Deadline(); ok {
		till = min(till, deadline.Sub(r.epoch))
	}
	switch {
	case ctx.Err() != nil:
		return Ended
	case r.cfg.Mode == Reject:
		return Rejected
	case r.line.Len() >= r.queue():
		return Full
	case turn > till:
		return Hopeless
	}
	return 0
}

// queue is how many may wait.
func (r *Rate) queue() int {
	if r.cfg.Queue != 0 {
		return r.cfg.Queue
	}
	if n := r.beat.Load().perSecond; n > 0 {
		return 10 * n
	}
	return math.MaxInt // no limit, hence nobody waits for long
}

// stand waits for the turn of w. Only the oldest in line looks at the clock;
// when it goes, it wakes the next.
func (r *Rate) stand(ctx context.Context, w *waiter, till time.Duration) error {
	defer w.rest()
	for {
		now := r.now()
		wait, ok := r.turn(w, now)
		if ok {
			return nil
		}
		if now >= till {
			return r.leave(w, TimedOut, nil)
		}
		select {
		case <-w.wake:
		case <-w.alarm(min(wait, till-now)):
		case <-ctx.Done():
			return r.leave(w, Ended, ctx.Err())
		}
	}
}

// turn admits w if it is the oldest and there is room; else it says how long
// there is none.
func (r *Rate) turn(w *waiter, now time.Duration) (wait time.Duration, ok bool) {
	r.mu.Lock()
	if r.line.First() != w {
		r.mu.Unlock()
		return math.MaxInt64, false
	}
	if wait, ok = r.take(now); !ok {
		r.mu.Unlock()
		return wait, false
	}
	next := r.removeLocked(w, now)
	r.mu.Unlock()
	next.poke()
	return 0, true
}

// leave takes w out of line and returns the error for its operation.
func (r *Rate) leave(w *waiter, reason Reason, cause error) error {
	now := r.now()
	r.mu.Lock()
	wait := r.expect(now, r.line.Len()-1)
	next := r.removeLocked(w, now)
	err := r.tally.refuse(Refused{reason, wait, now - w.joined, r.line.Len(), cause})
	r.mu.Unlock()
	next.poke()
	return err
}

// removeLocked takes w out of line and returns the oldest then.
func (r *Rate) removeLocked(w *waiter, now time.Duration) *waiter {
	r.line.remove(w)
	r.waiting.Store(int64(r.line.Len()))
	r.tally.wait(now - w.joined)
	return r.line.First()
}

// poke has a waiter look again, if there is one. It may have left meanwhile,
// and one poke is as good as two.
func (w *waiter) poke() {
	if w == nil {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
