// This file is the line of those who wait.

package limit

import (
	"time"

	"github.com/fluxor-db/fluxor/internal/list"
)

// waiter is an operation in line. All but wake and timer are protected by the
// lock of the limit.
type waiter struct {
	wake  chan struct{} // room for one
	timer *time.Timer   // nil until it is needed

	joined  time.Duration
	verdict verdict
	place   list.Node[waiter] // in line; then among what is to be woken
}

// verdict is what became of a waiter.
type verdict int

const (
	waiting verdict = iota
	admitted
	shed
)

func newWaiter() *waiter {
	w := &waiter{wake: make(chan struct{}, 1)}
	w.place.Of = w
	return w
}

// renew gives w its zero state back.
func (w *waiter) renew() {
	w.joined, w.verdict = 0, waiting
	w.place.Loosen()
}

// alarm returns a channel that fires after d.
func (w *waiter) alarm(d time.Duration) <-chan time.Time {
	if w.timer == nil {
		w.timer = time.NewTimer(d)
	} else {
		w.timer.Reset(d)
	}
	return w.timer.C
}

// rest stops the timer.
func (w *waiter) rest() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// line is those who wait, the oldest first.
type line struct{ list.List[waiter] }

func (l *line) push(w *waiter)   { l.PushBack(&w.place) }
func (l *line) remove(w *waiter) { l.Remove(&w.place) }

// calls are waiters with a verdict, to be woken once the lock is free. Each has
// room for the one send, and is not used again before it came.
type calls struct{ list.List[waiter] }

func (c *calls) add(w *waiter) { c.PushBack(&w.place) }

func (c *calls) send() {
	for w := c.First(); w != nil; {
		next := w.place.After() // w is its owner's again after the send
		w.place.Loosen()
		w.wake <- struct{}{}
		w = next
	}
}
