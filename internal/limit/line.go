// This file is the line of those who wait.

package limit

import "time"

// waiter is an operation in line. All but wake and timer are protected by the
// lock of the limit.
type waiter struct {
	wake  chan struct{} // room for one
	timer *time.Timer   // nil until it is needed

	joined     time.Duration
	verdict    verdict
	prev, next *waiter // in line; then next in what is to be woken
}

// verdict is what became of a waiter.
type verdict int

const (
	waiting verdict = iota
	admitted
	shed
)

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

// line is a list of waiters, the oldest first. Its zero value is empty.
type line struct {
	oldest, newest *waiter
	n              int
}

// push adds w as the newest.
func (l *line) push(w *waiter) {
	w.prev, w.next = l.newest, nil
	if l.newest == nil {
		l.oldest = w
	} else {
		l.newest.next = w
	}
	l.newest = w
	l.n++
}

// remove takes w out, wherever it stands.
func (l *line) remove(w *waiter) {
	if w.prev == nil {
		l.oldest = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.newest = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
	l.n--
}

// calls are waiters with a verdict, to be woken once the lock is free. Each has
// room for the one send, and is not used again before it came.
type calls struct{ first, last *waiter }

func (c *calls) add(w *waiter) {
	if c.first == nil {
		c.first = w
	} else {
		c.last.next = w
	}
	c.last = w
}

func (c *calls) send() {
	for w := c.first; w != nil; {
		next := w.next
		w.next = nil
		w.wake <- struct{}{}
		w = next
	}
}
