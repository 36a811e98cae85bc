// This file counts the writes that were announced by what a world knew, so that nothing is kept by what the next knows while they are under way.

package cacheplan

import (
	"sync/atomic"
	"time"
)

// underway are the writes that were announced in a world.
type underway struct {
	writes atomic.Int64
	doubts atomic.Pointer[time.Time] // until when one of them may still take effect; nil = never
}

// Enter notes that a write is under way which changes what the plan says. It
// reports false, and notes nothing, if the plan's world has ended: then the write
// may change anything. Where it is true, Leave has to follow.
//
// A write that waits for a lock may be carried out under a schema that was made
// after it was announced, with a trigger that its plan does not know. While it is
// under way, no plan of a later world is current.
func (p *Planner) Enter(plan *Plan) bool {
	plan.world.under.writes.Add(1)
	if p.Present(plan) {
		return true
	}
	plan.world.under.writes.Add(-1)
	return false
}

// Leave ends what Enter noted, once the end of the write was announced. Where it may
// take effect later, doubt is for how long.
func (p *Planner) Leave(plan *Plan, doubt time.Duration) {
	u := &plan.world.under
	if doubt > 0 {
		u.doubt(time.Now().Add(doubt))
	}
	u.writes.Add(-1)
}

// doubt moves the end of the doubts on.
func (u *underway) doubt(until time.Time) {
	for {
		before := u.doubts.Load()
		if before != nil && !before.Before(until) || u.doubts.CompareAndSwap(before, &until) {
			return
		}
	}
}

// over reports whether nothing is under way, in a world that has ended.
func (u *underway) over() bool {
	if u.writes.Load() > 0 {
		return false
	}
	until := u.doubts.Load()
	return until == nil || time.Now().After(*until)
}

// settled reports whether all writes of the worlds before are over, and lets go of
// those worlds in which they are. In a world that has ended none begins: who is late sees
// that it has ended.
func (w *world) settled() bool {
	for b := w.before.Load(); b != nil; b = b.before.Load() {
		if !b.under.over() {
			w.before.Store(b)
			return false
		}
	}
	w.before.Store(nil)
	return true
}
