// This file is what the two limits have in common: modes, refusals, counts.

// Package limit bounds how many operations go to a database: how many per
// second ([Rate]), and how many at once ([Concurrency]).
//
// An operation that finds no room waits, for ever or for a time, or is refused,
// as the [Mode] says. Who waits stands in a line of bounded length and is
// served in order. Whoever is refused gets a [Refused], which says when to try
// again. Neither limit runs a goroutine, and one that is not reached costs an
// operation a few atomic steps and no allocation.
//
// A limit can be changed while it is used. At 0 it lets everybody through, the
// waiting included: that is also how to end one. All methods are safe for
// concurrent use.
package limit

import (
	"fmt"
	"time"
)

// Mode is what becomes of an operation that finds no room.
type Mode int

const (
	// Block: it waits until there is room or its context ends.
	Block Mode = iota
	// Timeout: it waits for a time at most.
	Timeout
	// Reject: it is refused at once.
	Reject
)

// String returns "block", "timeout" or "reject".
func (m Mode) String() string {
	switch m {
	case Timeout:
		return "timeout"
	case Reject:
		return "reject"
	}
	return "block"
}

// Reason is why an operation was refused.
type Reason int

const (
	// Rejected: there was no room, and the mode is not to wait.
	Rejected Reason = iota + 1
	// Full: the line had reached its length.
	Full
	// TimedOut: it waited as long as the mode permits.
	TimedOut
	// Hopeless: its turn would have come after the time for which it may wait,
	// so it did not wait at all.
	Hopeless
	// Shed: too many wait, and it waited for too long to be still of use.
	Shed
	// Ended: its context ended.
	Ended
)

// String says it in words.
func (r Reason) String() string {
	switch r {
	case Rejected:
		return "there is no room"
	case Full:
		return "too many wait already"
	case TimedOut:
		return "no room in time"
	case Hopeless:
		return "the wait would be too long"
	case Shed:
		return "overloaded, the newest are served first"
	case Ended:
		return "the context ended while waiting"
	}
	return "refused"
}

// Refused is the error of an operation that did not get through. Repeating it
// helps once there is room.
type Refused struct {
	Reason Reason
	// RetryAfter is when there should be room: exact for a rate, estimated from
	// the pace of the last while for concurrency. It is never 0.
	RetryAfter time.Duration
	// Waited is how long the operation waited.
	Waited time.Duration
	// Waiting is how many others stood in line.
	Waiting int
	// Cause is the context's error where Reason is Ended; else nil.
	Cause error
}

// Error says why, and when to try again.
func (r Refused) Error() string {
	return fmt.Sprintf("limit: %v; waited %v, %d others wait, retry after %v", r.Reason, r.Waited, r.Waiting, r.RetryAfter)
}

// Unwrap returns the cause.
func (r Refused) Unwrap() error { return r.Cause }

// Stats are a limit's numbers. The first block is the present state; the others
// are totals since it was made.
type Stats struct {
	Limit   int // 0 = none
	InUse   int // admitted and not released; 0 for a rate
	Waiting int // in line

	Admitted uint64        // at once or after a wait
	Refused  uint64        // for all reasons but Ended
	Canceled uint64        // for the reason Ended
	Waits    uint64        // operations that waited and do not any more
	Waited   time.Duration // how long, together
}

// tally are the totals that change under a limit's lock.
type tally struct {
	refused, canceled, waits uint64
	waited                   time.Duration
}

// wait counts a wait that is over.
func (y *tally) wait(d time.Duration) {
	y.waits++
	y.waited += d
}

// refuse counts a refusal and makes it fit for its operation.
func (y *tally) refuse(r Refused) error {
	r.RetryAfter = max(r.RetryAfter, time.Millisecond)
	if r.Reason == Ended {
		y.canceled++
		return r
	}
	y.refused++
	r.Cause = nil // the context ended, but only a moment ago
	return r
}
