// This file counts the stages of connections' lives, once somebody wants to know of them.

package metrics

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Stage is a part of a connection's life whose length is worth knowing.
type Stage uint8

// The stages.
const (
	// Create is the opening of a physical connection.
	Create Stage = iota
	// Wait is a caller's wait for a connection, whether it got one or not.
	Wait
	// Use is a lease, from its begin to its end.
	Use

	stages
)

// stager hears of each stage.
type stager func(s Stage, took time.Duration)

// stagers are those who hear of each stage.
type stagers struct {
	mu  sync.Mutex // protects changes of all; nothing is called under it
	all atomic.Pointer[[]*stager]
}

// Spent counts how long a stage took, and tells those who asked with
// [Recorder.OnStage].
func (r *Recorder) Spent(s Stage, took time.Duration) {
	if s >= stages {
		return
	}
	took = max(took, 0)
	grown(&r.stages[s]).add(took)
	if all := r.stagers.all.Load(); all != nil {
		for _, f := range *all {
			(*f)(s, took)
		}
	}
}

// Watched reports whether anybody took a snapshot or asked with
// [Recorder.OnStage]. Until then nobody needs to count the stages [Wait] and
// [Use], which have their price: a clock is read for each.
func (r *Recorder) Watched() bool { return r.watched.Load() }

// OnStage has f called for each stage from now on, with its length, until stop is
// called. It is called on the goroutine of whoever ends the stage, from several at
// once: it must not wait.
func (r *Recorder) OnStage(f func(s Stage, took time.Duration)) (stop func()) {
	r.watched.Store(true)
	own := stager(f)
	r.stagers.change(func(all []*stager) []*stager { return append(all, &own) })
	return func() {
		r.stagers.change(func(all []*stager) []*stager {
			return slices.DeleteFunc(all, func(one *stager) bool { return one == &own })
		})
	}
}

// change replaces the list; who reads it has the one before or the one after.
func (st *stagers) change(to func([]*stager) []*stager) {
	st.mu.Lock()
	defer st.mu.Unlock()
	var all []*stager
	if before := st.all.Load(); before != nil {
		all = slices.Clone(*before)
	}
	all = to(all)
	st.all.Store(&all)
}
