// This file keeps tags out of use while it is in doubt whether they were written.

package cache

import (
	"sync"
	"sync/atomic"
	"time"
)

// grain is how long settle rests after it ran: many doubts, each with an end of
// its own, are gone through ten times a second at most, and last so much longer.
const grain = 100 * time.Millisecond

// doubts are the words in doubt. In each of them the doubt counts as one more
// writer, however many writes it is about: so they take no more memory than
// there are words, and one timer.
type doubts struct {
	mu     sync.Mutex // protects what follows; a leaf
	until  map[*atomic.Uint64]time.Time
	timer  *time.Timer // runs settle; nil before the first doubt
	due    time.Time   // when it does; zero = it does not
	closed bool
}

// doubt ends a write of the tags that stays in doubt until end.
func (v *Versions) doubt(tags Tags, end time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.until == nil {
		v.until = map[*atomic.Uint64]time.Time{}
	}
	for word := range v.words(tags) {
		before, doubted := v.until[word]
		if doubted {
			word.Add(bump - writer) // one doubt stands for both
		} else {
			word.Add(bump) // the doubt takes the writer's place
		}
		if !doubted || end.After(before) {
			v.until[word] = end
		}
	}
	v.wakeLocked(end)
}

// wakeLocked has settle run at a time, unless it runs before.
func (v *Versions) wakeLocked(at time.Time) {
	switch {
	case v.closed, !v.due.IsZero() && !at.Before(v.due):
		return
	case v.timer == nil:
		v.timer = time.AfterFunc(time.Until(at), v.settle)
	default:
		v.timer.Reset(time.Until(at))
	}
	v.due = at
}

// settle ends the doubts whose time is over, and has itself called for the next.
func (v *Versions) settle() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	var next time.Time
	for word, end := range v.until {
		switch {
		case !end.After(now):
			delete(v.until, word)
			word.Add(bump - writer)
		case next.IsZero() || end.Before(next):
			next = end
		}
	}
	v.due = time.Time{}
	if rested := now.Add(grain); !next.IsZero() && next.Before(rested) {
		next = rested
	}
	if !next.IsZero() {
		v.wakeLocked(next)
	}
}

// Doubts is how many versions are in doubt. Tags share versions, and each doubt
// has the version of all writes among its own.
func (v *Versions) Doubts() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.until)
}

// Close ends the timer of the doubts. From then on nothing holds: nothing is
// kept or shown any more. It may be called more than once.
func (v *Versions) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return
	}
	v.closed = true
	v.flushed.Add(writer) // one who never ends
	if v.timer != nil {
		v.timer.Stop()
	}
}
