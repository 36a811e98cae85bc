// This file is the query timeout: the context that a driver gets where Fluxor itself bounds how long it may wait for the database.

package fluxor

import (
	"context"
	"sync"
	"time"
)

// timed is the context of one operation under the query timeout. Its clock runs
// while the driver works: from the first lease to the answer, repeats included,
// and within each Next; never while the operation waits for a connection, or
// while the application has the rows. It ends with the caller's context, too.
//
// An operation's memory keeps its timed for the next one, so that the timeout
// costs no allocation; one that ended is not used again. Everything is read
// under its lock: what a driver keeps of a context it may look at later.
//
// The timer is not stopped with the clock, which would cost each call more than
// all the rest of this: it fires once in a while, finds that the call it was for
// is over, and waits for the one under way, if there is one.
type timed struct {
	limit time.Duration
	base  time.Time // where its times begin
	timer *time.Timer
	done  chan struct{}

	mu      sync.Mutex // protects what follows; a leaf lock
	parent  context.Context
	unhook  func() bool   // from the parent
	left    time.Duration // of the limit, while the clock stands
	end     time.Duration // when the limit is over, while it runs
	fires   time.Duration // when the timer does; 0 = it does not
	working bool
	err     error // why it ended; nil before
	fired   bool  // it ended by the query timeout
	hooks   []*hook
	guards  [2]hook // the first hooks of each operation, which cost no allocation
	guarded int
}

// hook is a function that runs when a timed ends.
type hook struct {
	t    *timed
	f    func()
	stop func() bool // h.remove, bound once
}

// newTimed returns a context that serves operations until one of them ends it.
func newTimed(limit time.Duration) *timed {
	t := &timed{limit: limit, base: time.Now(), done: make(chan struct{}), parent: context.Background()}
	t.timer = time.AfterFunc(time.Hour, t.look)
	t.timer.Stop()
	for i := range t.guards {
		t.guards[i].t, t.guards[i].stop = t, t.guards[i].remove
	}
	return t
}

// start begins an operation under ctx with a call into the driver.
func (t *timed) start(ctx context.Context) {
	now := t.now()
	t.mu.Lock()
	t.parent, t.left = ctx, t.limit
	t.workLocked(now)
	t.mu.Unlock()
	if ctx.Done() == nil {
		return
	}
	if err := ctx.Err(); err != nil {
		t.finish(err, false)
		return
	}
	unhook := context.AfterFunc(ctx, func() { t.finish(ctx.Err(), false) })
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unhook = unhook
}

// stop ends the operation and reports whether t may serve another one.
func (t *timed) stop() (again bool) {
	t.mu.Lock()
	unhook := t.unhook
	t.unhook, t.working, t.hooks, t.guarded = nil, false, nil, 0
	for i := range t.guards {
		t.guards[i].f = nil
	}
	again = t.err == nil
	t.mu.Unlock()
	if unhook != nil && !unhook() {
		return false // the parent has ended, and its word may still be on the way
	}
	return again
}

// retire ends the service of t, which may be nil, for good.
func (t *timed) retire() {
	if t != nil {
		t.timer.Stop()
	}
}

// now is the time since base.
func (t *timed) now() time.Duration { return time.Since(t.base) }

// work starts the clock for a further call into the driver.
func (t *timed) work() {
	now := t.now()
	t.mu.Lock()
	t.workLocked(now)
	t.mu.Unlock()
}

func (t *timed) workLocked(now time.Duration) {
	t.working, t.end = true, now+t.left
	if t.fires == 0 || t.fires > t.end {
		t.fireLocked(t.left)
	}
}

// fireLocked has the timer fire when the limit is over, which is in left.
func (t *timed) fireLocked(left time.Duration) {
	t.fires = t.end
	t.timer.Reset(left)
}

// rest stops the clock. What is left counts for the next call of the operation,
// unless renewed: then the answer is here, and each Next has a time of its own.
func (t *timed) rest(renewed bool) {
	if renewed {
		t.mu.Lock()
		t.working, t.left = false, t.limit
		t.mu.Unlock()
		return
	}
	now := t.now()
	t.mu.Lock()
	t.working, t.left = false, max(t.end-now, 1)
	t.mu.Unlock()
}

// look runs when the timer does: mostly for a call that is over.
func (t *timed) look() {
	t.mu.Lock()
	t.fires = 0
	left := t.end - t.now()
	over := t.working && left <= 0
	if t.working && !over {
		t.fireLocked(left)
	}
	t.mu.Unlock()
	if over {
		t.finish(context.DeadlineExceeded, true)
	}
}

// finish ends the context.
func (t *timed) finish(err error, fired bool) {
	t.mu.Lock()
	if t.err != nil {
		t.mu.Unlock()
		return
	}
	t.err, t.fired = err, fired
	close(t.done)
	var run []func()
	for i := range t.guards {
		run = append(run, t.guards[i].take())
	}
	for _, h := range t.hooks {
		run = append(run, h.take())
	}
	t.mu.Unlock()
	for _, f := range run {
		if f != nil {
			go f()
		}
	}
}

// expired reports whether the query timeout ended it.
func (t *timed) expired() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fired
}

// Deadline is the caller's, or when the call under way has to be over. A driver
// may set a timeout of its own by it.
func (t *timed) Deadline() (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own, ok := t.parent.Deadline()
	if !t.working {
		return own, ok
	}
	if end := t.base.Add(t.end); !ok || end.Before(own) {
		return end, true
	}
	return own, ok
}

// Done is closed when the operation has to end.
func (t *timed) Done() <-chan struct{} { return t.done }

// Err says why it ended.
func (t *timed) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return t.err
	}
	return t.parent.Err()
}

// Value is the caller's.
func (t *timed) Value(key any) any {
	t.mu.Lock()
	parent := t.parent
	t.mu.Unlock()
	return parent.Value(key)
}

// AfterFunc serves context.AfterFunc and the contexts made from t, which would
// otherwise have a goroutine wait for Done.
func (t *timed) AfterFunc(f func()) (stop func() bool) {
	h := &hook{t: t, f: f}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		go f()
		return func() bool { return false }
	}
	t.hooks = append(t.hooks, h)
	return h.remove
}

// Hook is AfterFunc without an allocation for the first guards on the wire.
func (t *timed) Hook(f func()) (stop func() bool) {
	t.mu.Lock()
	if t.err == nil && t.guarded < len(t.guards) {
		h := &t.guards[t.guarded]
		t.guarded++
		h.f = f
		t.mu.Unlock()
		return h.stop
	}
	t.mu.Unlock()
	return t.AfterFunc(f)
}

// take returns the function once. The lock is held.
func (h *hook) take() func() {
	f := h.f
	h.f = nil
	return f
}

// remove takes the function back before it ran.
func (h *hook) remove() bool {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	return h.take() != nil
}
