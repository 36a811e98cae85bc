// This file counts the calls of the last while, in a ring of buckets.

package breaker

import "time"

// buckets is into how many steps a window is divided.
const buckets = 10

// tally counts calls.
type tally struct{ calls, failed, slow int64 }

func (y *tally) add(z tally) {
	y.calls += z.calls
	y.failed += z.failed
	y.slow += z.slow
}

func (y *tally) subtract(z tally) {
	y.calls -= z.calls
	y.failed -= z.failed
	y.slow -= z.slow
}

// window counts the calls of the last ten periods, the present one included.
type window struct {
	period time.Duration
	began  time.Duration // the present period
	at     int           // its bucket
	ring   [buckets]tally
	sum    tally
}

// clear forgets all and begins a period.
func (w *window) clear(now time.Duration) {
	*w = window{period: w.period, began: now}
}

// add counts a call that ended at end. One that comes late counts now.
func (w *window) add(end time.Duration, failed, slow bool) {
	w.move(end)
	one := tally{calls: 1}
	if failed {
		one.failed = 1
	}
	if slow {
		one.slow = 1
	}
	w.ring[w.at].add(one)
	w.sum.add(one)
}

// move forgets what is too old.
func (w *window) move(now time.Duration) {
	past := now - w.began
	if past < w.period {
		return
	}
	steps := past / w.period
	began := w.began + steps*w.period
	if steps >= buckets {
		w.clear(began)
		return
	}
	for range steps {
		w.at = (w.at + 1) % buckets
		w.sum.subtract(w.ring[w.at])
		w.ring[w.at] = tally{}
	}
	w.began = began
}
