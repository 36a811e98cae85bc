// This file is the picture of all numbers at one moment, and the difference of two.

package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/middleware"
)

// Snapshot is what was counted from Since to At. It is a plain value: nothing
// changes it once made.
//
// A query here is an Exec or a Query, of a text or of a prepared statement;
// Begin, Commit and the like are in Operations. Times are those the caller
// waited, of queries that were not refused: a refusal takes no time and would
// make a database look the faster the more is refused.
type Snapshot struct {
	// TotalQueries is SuccessfulQueries and FailedQueries together; whatever
	// did not succeed failed, for whichever reason.
	TotalQueries      int64
	SuccessfulQueries int64
	FailedQueries     int64
	// SuccessRate is the share of SuccessfulQueries, from 0 to 100; 100 where
	// there was no query.
	SuccessRate float64

	// AverageQueryTime and MaxQueryTime are exact, but for the MaxQueryTime of
	// an interval: see Sub. The percentiles are within RelativeError.
	AverageQueryTime time.Duration
	MaxQueryTime     time.Duration
	P50              time.Duration
	P90              time.Duration
	P95              time.Duration
	P99              time.Duration
	P999             time.Duration

	// SlowQueries took as long as the threshold or longer.
	SlowQueries int64
	// Retries counts repetitions: an operation that ran three times has two.
	Retries int64
	// Refused counts by policy; it is never nil.
	Refused map[string]int64
	// Indeterminate operations were sent and nobody knows whether they took
	// effect.
	Indeterminate int64
	// Leaks are leases that were held for longer than the threshold.
	Leaks int64
	// Rows were handed to callers.
	Rows int64
	// ActiveTransactions are open at the moment.
	ActiveTransactions int64

	// Pool, the breaker's, Limits and Cache are filled in by whoever owns them.
	Pool
	// BreakerState is "closed", "open" or "half-open"; "" without a breaker.
	BreakerState string
	// BreakerOverride is "forced open" or "forced closed" where somebody set the
	// breaker so; else "".
	BreakerOverride string
	// BreakerOpened is how often the breaker opened by itself.
	BreakerOpened int64
	// Limits are the bounds of load that are on.
	Limits []Limit
	// Cache is the query cache; nil where it is off.
	Cache *Cache

	// Since is when counting began, At when the snapshot was taken.
	Since time.Time
	At    time.Time

	// Operations are the durations by kind and outcome, where there were any,
	// in the order of both.
	Operations []Operation `json:"-"`
	// CreateTime, WaitTime and UseTime are the durations of connections' stages.
	// A connector counts the last two from the first snapshot of its numbers on.
	CreateTime Histogram
	WaitTime   Histogram
	UseTime    Histogram
}

// Pool is the state of the pool of physical connections. The counters are
// totals since the pool was made.
type Pool struct {
	// MaxOpenConnections and MaxIdleConnections are the limits; 0 = unlimited.
	MaxOpenConnections int
	MaxIdleConnections int
	// OpenConnections are InUse and Idle together; those being opened count as
	// in use, as in sql.DBStats.
	OpenConnections int
	InUse           int
	Idle            int
	// Waiting callers stand in line for a connection.
	Waiting int
	// WaitCount callers waited for a connection, for WaitDuration together.
	WaitCount    int64
	WaitDuration time.Duration
	// AcquireTimeouts are waits that ended without a connection.
	AcquireTimeouts int64
}

// Limit is a bound of load at one moment.
type Limit struct {
	// Policy is what Refused calls its refusals: "rate limit" or "backpressure".
	Policy string
	// Max is how many get through, per second or at once.
	Max int
	// InUse are those at work; 0 for a rate. Queued stand in line.
	InUse, Queued int
}

// Operation is how long operations of one kind took that ended one way.
type Operation struct {
	// Op is the kind, Outcome how they ended.
	Op      middleware.Op
	Outcome Outcome
	// Took are their durations.
	Took Histogram
}

// Snapshot copies what was counted so far. It takes tens of microseconds and stops
// nobody; operations that end meanwhile may be in a part of the numbers.
func (r *Recorder) Snapshot() Snapshot {
	if !r.watched.Load() {
		r.watched.Store(true)
	}
	s := Snapshot{
		SlowQueries: r.slow.Load(), Retries: r.retries.Load(), Refused: r.refusals.read(),
		Leaks: r.leaks.Load(), Rows: r.rows.Load(),
		ActiveTransactions: r.transactions.Load(), Since: r.since, At: time.Now(),
	}
	for op := range r.byOp {
		for o := range r.byOp[op] {
			if c := r.byOp[op][o].Load(); c != nil {
				part := Operation{Op: middleware.Op(op), Outcome: Outcome(o)} //nolint:gosec // within both arrays
				c.read(&part.Took)
				s.Operations = append(s.Operations, part)
			}
		}
	}
	for i, to := range []*Histogram{&s.CreateTime, &s.WaitTime, &s.UseTime} {
		if c := r.stages[i].Load(); c != nil {
			c.read(to)
		}
	}
	s.total()
	return s
}

// total computes what follows from Operations.
func (s *Snapshot) total() {
	var took Histogram
	s.TotalQueries, s.SuccessfulQueries, s.Indeterminate = 0, 0, 0
	for _, o := range s.Operations {
		if o.Outcome == Indeterminate {
			s.Indeterminate += o.Took.Count
		}
		if !isQuery(o.Op) {
			continue
		}
		s.TotalQueries += o.Took.Count
		if o.Outcome == Success {
			s.SuccessfulQueries += o.Took.Count
		}
		if o.Outcome != Refused {
			took = took.Add(o.Took)
		}
	}
	s.FailedQueries = s.TotalQueries - s.SuccessfulQueries
	s.SuccessRate = 100
	if s.TotalQueries > 0 {
		s.SuccessRate = 100 * float64(s.SuccessfulQueries) / float64(s.TotalQueries)
	}
	s.AverageQueryTime, s.MaxQueryTime = took.Mean(), took.Max
	s.P50, s.P90, s.P95 = took.Quantile(.5), took.Quantile(.9), took.Quantile(.95)
	s.P99, s.P999 = took.Quantile(.99), took.Quantile(.999)
}

// Sub returns the interval from earlier, an older snapshot of the same
// recorder, to s: counters are what came in between, percentiles are of that
// alone, and what has a state (connections, transactions, the breaker, the limits) is as it
// is in s. MaxQueryTime is exact where the longest query of all is in the
// interval; else it may be too long, by at most twice [RelativeError].
func (s Snapshot) Sub(earlier Snapshot) Snapshot {
	s.Since = earlier.At
	s.SlowQueries -= earlier.SlowQueries
	s.Retries -= earlier.Retries
	s.Leaks -= earlier.Leaks
	s.Rows -= earlier.Rows
	s.Cache = s.Cache.since(earlier.Cache)
	s.WaitCount -= earlier.WaitCount
	s.WaitDuration -= earlier.WaitDuration
	s.AcquireTimeouts -= earlier.AcquireTimeouts
	s.BreakerOpened -= earlier.BreakerOpened
	s.Refused = less(s.Refused, earlier.Refused)
	s.CreateTime = s.CreateTime.Sub(earlier.CreateTime)
	s.WaitTime = s.WaitTime.Sub(earlier.WaitTime)
	s.UseTime = s.UseTime.Sub(earlier.UseTime)
	s.Operations = slices.Clone(s.Operations)
	for i := range s.Operations {
		o := &s.Operations[i]
		o.Took = o.Took.Sub(earlier.operation(o.Op, o.Outcome))
	}
	s.Operations = slices.DeleteFunc(s.Operations, func(o Operation) bool { return o.Took.Count == 0 })
	s.total()
	return s
}

// operation returns the durations of one kind and outcome.
func (s Snapshot) operation(op middleware.Op, outcome Outcome) Histogram {
	for _, o := range s.Operations {
		if o.Op == op && o.Outcome == outcome {
			return o.Took
		}
	}
	return Histogram{}
}

// String is a picture for people, of a few lines without an end of line at the
// end.
func (s Snapshot) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "queries      %d in %v, %.2f%% ok, %d failed, %d slow\n", s.TotalQueries,
		s.At.Sub(s.Since).Round(time.Second), s.SuccessRate, s.FailedQueries, s.SlowQueries)
	fmt.Fprintf(&b, "query time   average %v, p50 %v, p90 %v, p95 %v, p99 %v, p99.9 %v, longest %v\n",
		short(s.AverageQueryTime), short(s.P50), short(s.P90), short(s.P95), short(s.P99), short(s.P999), short(s.MaxQueryTime))
	fmt.Fprintf(&b, "connections  %d open, %d in use, %d idle, %d waiting; %d waited %v in all\n",
		s.OpenConnections, s.InUse, s.Idle, s.Waiting, s.WaitCount, short(s.WaitDuration))
	fmt.Fprintf(&b, "trouble      %d retries, %d indeterminate, %d leaks, refused %s", s.Retries, s.Indeterminate, s.Leaks, s.refusedText())
	if s.BreakerState != "" {
		fmt.Fprintf(&b, "; breaker %s", s.BreakerState)
	}
	if s.BreakerOverride != "" {
		fmt.Fprintf(&b, " (%s)", s.BreakerOverride)
	}
	if s.Cache.On() {
		b.WriteString("\ncache        " + s.Cache.text())
	}
	return b.String()
}

// refusedText lists the refusals by policy.
func (s Snapshot) refusedText() string {
	var parts []string
	for _, policy := range slices.Sorted(maps.Keys(s.Refused)) {
		if n := s.Refused[policy]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d by %s", n, policy))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// short rounds a duration to three digits or so.
func short(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}
