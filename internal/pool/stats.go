// This file counts what a pool does.

package pool

import (
	"database/sql"
	"time"
)

// counts are the running totals. Protected by Pool.mu.
type counts struct {
	waits, timeouts, canceled int64
	waited                    time.Duration
	dialed, dialErrors        int64
	closed                    [reasons]int64
	closing                   int
	orphans                   int // dials that were given up and have not returned
	maxUsed                   int
}

// Stats is a consistent picture of a pool. The first block is the present
// state; the others are totals since New.
type Stats struct {
	MaxOpen int // the limit; 0 = unlimited
	Granted int // what the server lately said it grants at most; 0 = no bound known
	Open    int // idle and used
	Idle    int
	Used    int // leased, or being checked for a caller
	Dialing int
	Closing int // no longer open, their Close has not returned
	Orphans int // dials that were given up and have not returned
	Waiting int // callers in line, those who wait for a dial included

	Outdated int // used ones that Evict closes when they come back

	MaxUsed      int           // the most ever used at once
	WaitCount    int64         // callers who waited because the pool or the server was full
	WaitDuration time.Duration // how long, together
	Timeouts     int64         // Acquires that AcquireTimeout ended
	Canceled     int64         // Acquires that their context ended
	Dials        int64         // that succeeded
	DialErrors   int64

	ClosedSurplus  int64 // over MaxIdle for a second, or over MaxOpen
	ClosedIdleTime int64
	ClosedLifetime int64
	ClosedInvalid  int64 // failed Peek or Ping
	ClosedEvicted  int64 // by Evict or EvictIdle, or as suspect as one whose Ping got no answer
	Discarded      int64
}

// Stats returns the pool's numbers.
func (p *Pool[T]) Stats() Stats {
	p.mu.Lock()
	defer p.unlock()
	p.unparkLocked()
	n := &p.counts
	return Stats{
		MaxOpen: p.maxOpen,
		Granted: p.pace.granted(p.exact()),
		Open:    p.openLocked(),
		Idle:    p.idle.Len(),
		Used:    p.used.Len(),
		Dialing: len(p.dials),
		Closing: n.closing,
		Orphans: n.orphans,
		Waiting: p.queue.Len(),

		Outdated: p.outdatedLocked(),

		MaxUsed:      n.maxUsed,
		WaitCount:    n.waits,
		WaitDuration: n.waited,
		Timeouts:     n.timeouts,
		Canceled:     n.canceled,
		Dials:        n.dialed,
		DialErrors:   n.dialErrors,

		ClosedSurplus:  n.closed[closedSurplus],
		ClosedIdleTime: n.closed[closedIdleTime],
		ClosedLifetime: n.closed[closedLifetime],
		ClosedInvalid:  n.closed[closedInvalid],
		ClosedEvicted:  n.closed[closedEvicted],
		Discarded:      n.closed[closedDiscarded],
	}
}

// DBStats returns the numbers in database/sql's terms: connections being
// dialed count as open, as they do there.
func (p *Pool[T]) DBStats() sql.DBStats {
	s := p.Stats()
	return sql.DBStats{
		MaxOpenConnections: s.MaxOpen,
		OpenConnections:    s.Open + s.Dialing,
		InUse:              s.Used + s.Dialing,
		Idle:               s.Idle,
		WaitCount:          s.WaitCount,
		WaitDuration:       s.WaitDuration,
		MaxIdleClosed:      s.ClosedSurplus,
		MaxIdleTimeClosed:  s.ClosedIdleTime,
		MaxLifetimeClosed:  s.ClosedLifetime,
	}
}

// outdatedLocked counts the used connections that Evict has replaced.
func (p *Pool[T]) outdatedLocked() (n int) {
	if p.generation == 0 {
		return 0 // nobody has evicted
	}
	for c := p.used.First(); c != nil; c = c.line.After() {
		if c.generation != p.generation {
			n++
		}
	}
	return n
}
