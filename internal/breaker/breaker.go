// This file is the breaker's path for calls: who may go on, and what their ends say.

// Package breaker stops calls to a database that is sick and finds out by
// itself when it is well again.
//
// A breaker is closed while all is well: calls pass, and their ends are
// reported. It opens when too many of them fail, or are slow. From then on
// calls are refused at once, and a goroutine of the breaker's asks the database
// on a connection of its own ([Config.Probe]): the first good answer closes the
// breaker. No call of a user's is ever spent on finding out.
//
//	ticket, retryAfter, ok := b.Allow()
//	if !ok {
//		return refuse(retryAfter)
//	}
//	err := call()
//	b.Report(ticket, breaker.Result{Outcome: classify(err), Took: took, End: end, Err: err})
//
// What a failure is, the caller decides: there are three outcomes, since an
// error of the caller's own making (a syntax error, a cancelled context) says
// nothing about the database. While the breaker is closed it runs nothing: no
// goroutine, no timer. All methods are safe for concurrent use.
package breaker

import (
	"sync"
	"sync/atomic"
	"time"
)

// Outcome is what the end of a call says about the database.
type Outcome int

const (
	// Ignored: nothing. The call is not counted.
	Ignored Outcome = iota
	// Success: the database answered, be it with an error of the caller's.
	Success
	// Failure: the database is gone, refuses, or did not answer in time.
	Failure
)

// Ticket tells to which state of the breaker a call belongs. One that began
// before the state changed says nothing about the new state and is not counted.
type Ticket uint64

// Result is how a call ended.
type Result struct {
	Outcome Outcome
	// Took is the database's share of the call. It tells slow calls, and since
	// when calls fail.
	Took time.Duration
	// End is when the call ended; zero means now.
	End time.Time
	// Err is kept for diagnostics if the call failed.
	Err error
}

// The low bits of the gate; the others count generations.
const (
	admits = 1 << iota // calls pass
	counts             // their ends count
	generation
)

// never is a time on the breaker's clock that is before all others.
const never = -1 << 62

// Breaker guards one database. Its zero value is of no use: see New.
type Breaker struct {
	cfg      Config
	epoch    time.Time
	windowed bool
	grain    time.Duration // how coarse goodAt is; 0 = not needed

	gate     atomic.Uint64 // changed with mu held, as are the next three
	nextAt   atomic.Int64  // when the next probe is due; never = not at all
	failures atomic.Int64  // in a row
	goodAt   atomic.Int64  // when a call last succeeded, or up to grain earlier
	refused  atomic.Uint64

	_ [64]byte // calls that only read the gate do not wait for those that count

	mu      sync.Mutex // a leaf; protects what follows
	window  window
	failing time.Duration // since when calls fail without exception
	record
	watching
}

// New returns a closed breaker. It starts nothing.
func New(cfg Config) *Breaker {
	b := &Breaker{cfg: cfg.withDefaults(), epoch: time.Now()}
	b.windowed = b.cfg.ErrorRate > 0 || b.cfg.SlowRate > 0
	if b.cfg.MaxFailures > 0 {
		b.grain = b.cfg.FailureTime / 16
	}
	b.window.period = max(b.cfg.Window/buckets, 1)
	b.nextAt.Store(never)
	b.mu.Lock()
	b.enterLocked(Closed, 0, "it is new", nil)
	b.mu.Unlock()
	return b
}

// Allow asks whether a call may go on. If it may, its end is to be reported
// with the ticket. If not, retryAfter is when the next probe is due, or 0 where
// that is unknown because the breaker is forced open.
func (b *Breaker) Allow() (t Ticket, retryAfter time.Duration, ok bool) {
	gate := b.gate.Load()
	if gate&admits != 0 {
		return Ticket(gate), 0, true
	}
	return 0, b.refuse(), false
}

// refuse counts a refusal and returns its retry-after. A probe that is due or
// under way has an answer soon.
func (b *Breaker) refuse() time.Duration {
	b.refused.Add(1)
	next := time.Duration(b.nextAt.Load())
	if next == never {
		return b.changing()
	}
	return max(next-b.now(), time.Millisecond)
}

// changing is the retry-after of a call that found no time of a probe: the
// breaker is forced open, or was about to open or to close.
func (b *Breaker) changing() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.override == ForcedOpen {
		return 0
	}
	return max(time.Duration(b.nextAt.Load())-b.now(), time.Millisecond)
}

// Enter returns the ticket of a call that is not to be refused whatever the
// state: one on a connection that is held already, a commit.
func (b *Breaker) Enter() Ticket { return Ticket(b.gate.Load()) }

// Report notes how a call ended. It counts only while the breaker is in the
// closed state in which the call began, and it opens the breaker only if the
// call failed or was slow.
func (b *Breaker) Report(t Ticket, r Result) {
	if r.Outcome == Ignored || t&counts == 0 || uint64(t) != b.gate.Load() {
		return
	}
	end := b.at(r.End)
	if r.Outcome == Success && !b.windowed && b.failures.Load() == 0 {
		b.good(end)
		return
	}
	b.mu.Lock()
	opened := uint64(t) == b.gate.Load() && b.countLocked(r, end)
	if opened {
		b.openLocked(end)
	}
	b.mu.Unlock()
	if opened {
		b.tell()
	}
}

// good notes the time of a success. It writes seldom, so that processors do not
// compete for it.
func (b *Breaker) good(end time.Duration) {
	if b.grain > 0 && end-time.Duration(b.goodAt.Load()) >= b.grain {
		b.goodAt.Store(int64(end))
	}
}

// countLocked counts a call and reports whether that opens the breaker.
func (b *Breaker) countLocked(r Result, end time.Duration) (opens bool) {
	failed := r.Outcome == Failure
	slow := b.cfg.SlowRate > 0 && r.Took > b.cfg.SlowCall
	if b.windowed {
		b.window.add(end, failed, slow)
	}
	if failed {
		b.failLocked(r, end)
	} else {
		b.failures.Store(0)
		b.good(end)
	}
	return failed && b.failedTooOftenLocked(end) || (failed || slow) && b.rateTooHighLocked()
}

// failLocked notes a failure. If it is the first in a row, calls have failed
// since it began, or since the last one succeeded.
func (b *Breaker) failLocked(r Result, end time.Duration) {
	if b.failures.Add(1) == 1 {
		good := time.Duration(b.goodAt.Load())
		b.failing = min(max(end-r.Took, good+b.grain), end)
	}
	b.failedLocked(r.Err, end)
}

func (b *Breaker) failedTooOftenLocked(end time.Duration) bool {
	n := b.cfg.MaxFailures
	return n > 0 && b.failures.Load() >= int64(n) && end-b.failing >= b.cfg.FailureTime
}

func (b *Breaker) rateTooHighLocked() bool {
	sum := b.window.sum
	if !b.windowed || sum.calls < int64(b.cfg.MinCalls) {
		return false
	}
	return reaches(sum.failed, sum.calls, b.cfg.ErrorRate) || reaches(sum.slow, sum.calls, b.cfg.SlowRate)
}

// reaches reports whether n is at least so many percent of all; a rate of 0 is
// never reached.
func reaches(n, all int64, percent float64) bool {
	return percent > 0 && float64(n)*100 >= percent*float64(all)
}

// now is the time on the breaker's clock.
func (b *Breaker) now() time.Duration { return time.Since(b.epoch) }

// at puts a time on the breaker's clock.
func (b *Breaker) at(t time.Time) time.Duration {
	if t.IsZero() {
		return b.now()
	}
	return t.Sub(b.epoch)
}

// Close ends the breaker's goroutine and waits for the end of the probe. From
// then on all calls pass and none counts: whatever comes next knows that all is
// over. It must not be called from OnStateChange or Probe.
func (b *Breaker) Close() {
	b.mu.Lock()
	b.ended = true
	b.dismissLocked()
	b.state = Closed
	b.turnLocked()
	b.mu.Unlock()
	b.running.Wait()
}
