// This file keeps the two deadlines of one direction apart: the driver's own, and the quiet limit.

package netshim

import (
	"sync/atomic"
	"time"
)

// flow is one direction of a wire. Its deadlines are protected by the line's
// lock.
type flow struct {
	set    func(time.Time) error // of the dialed connection
	slices time.Duration         // a quiet limit is looked at this often
	alarm  *time.Timer           // looks where the connection has no deadlines; else nil
	busy   atomic.Int32          // operations under way
	epoch  atomic.Uint32         // counts the times a limit was moved or lifted from outside

	driver time.Time // the driver's own deadline, zero for none
	limit  time.Time // when to look at the quiet limit again, zero while it is not armed
	since  time.Time // the last known progress
}

// armLocked sets the time of the next look at the limit.
func (f *flow) armLocked(now time.Time, quiet time.Duration) {
	f.limit = earlier(f.since.Add(quiet), now.Add(quiet/f.slices+1))
	if f.alarm != nil {
		f.alarm.Reset(f.limit.Sub(now))
		return
	}
	_ = f.set(earlier(f.driver, f.limit))
}

// stopped returns a timer that runs f once it is Reset.
func stopped(f func()) *time.Timer {
	t := time.AfterFunc(time.Hour, f)
	t.Stop()
	return t
}

// changeLocked puts another quiet limit in force, 0 for none.
func (f *flow) changeLocked(cut bool, quiet time.Duration) {
	if cut {
		return
	}
	if quiet > 0 && f.busy.Load() > 0 {
		f.epoch.Add(1)
		f.since = time.Now()
		f.armLocked(f.since, quiet)
		return
	}
	if f.limit.IsZero() {
		return
	}
	f.epoch.Add(1)
	f.limit = time.Time{}
	_ = f.set(f.driver)
}

// driverExpired reports whether the driver's own deadline has passed, and
// passed before the quiet limit's.
func (f *flow) driverExpired() bool {
	if f.driver.IsZero() || time.Now().Before(f.driver) {
		return false
	}
	return f.limit.IsZero() || !f.limit.Before(f.driver)
}

// earlier returns the earlier of two deadlines, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
