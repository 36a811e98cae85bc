// This file is the limit on how many operations go to the database per second: who gets through without waiting.

package limit

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// RateConfig says how many operations per second get through, and what becomes
// of the others.
type RateConfig struct {
	// PerSecond is how many; 0 = any number. More than 1e9 are taken as 1e9.
	PerSecond int
	// Burst is how many get through at once after a rest; 0 = what a tenth of a
	// second lets through, and at least 1.
	Burst int
	// Mode is what becomes of the others.
	Mode Mode
	// Timeout is how long they wait in mode Timeout. Whose turn would come
	// later, or after the deadline of its context, is refused at once.
	Timeout time.Duration
	// Queue is how many may wait; 0 = what ten seconds let through, negative =
	// nobody.
	Queue int
}

// beat is a rate, in the generic cell rate algorithm's terms. It is immutable.
type beat struct {
	perSecond, burst int
	period           time.Duration // between two operations; 0 = no limit
	reach            time.Duration // how far operations may run ahead of the clock
}

// longestReach bounds bursts, so that times do not overflow.
const longestReach = 1 << 60

func newBeat(perSecond, burst int) *beat {
	if perSecond <= 0 {
		return &beat{}
	}
	perSecond = min(perSecond, int(time.Second))
	if burst <= 0 {
		burst = max(perSecond/10, 1)
	}
	period := (time.Second + time.Duration(perSecond) - 1) / time.Duration(perSecond)
	burst = int(min(int64(burst), int64(longestReach/period)))
	return &beat{perSecond, burst, period, period * time.Duration(burst)}
}

// Rate admits so many operations per second. Its zero value is of no use: see
// NewRate.
type Rate struct {
	cfg   RateConfig
	epoch time.Time
	beat  atomic.Pointer[beat] // changed with mu held

	// due is when all operations so far would have got through at an even pace;
	// with a burst it may lie ahead of the clock.
	due      atomic.Int64
	admitted atomic.Uint64
	waiting  atomic.Int64 // line.Len, for those who do not hold the lock
	refused  atomic.Uint64

	mu    sync.Mutex // a leaf; waiters are woken after it
	line  line
	tally tally
}

// NewRate returns a limit that has rested.
func NewRate(cfg RateConfig) *Rate {
	r := &Rate{cfg: cfg, epoch: time.Now()}
	r.beat.Store(newBeat(cfg.PerSecond, cfg.Burst))
	return r
}

// Try admits an operation if that is possible at once; now is the time. If not,
// retryAfter says when it will be, provided that nobody else comes.
func (r *Rate) Try(now time.Time) (retryAfter time.Duration, ok bool) {
	at := now.Sub(r.epoch)
	if r.waiting.Load() > 0 { // nobody overtakes
		r.refused.Add(1)
		return r.expect(at, int(r.waiting.Load())), false
	}
	if retryAfter, ok = r.take(at); !ok {
		r.refused.Add(1)
	}
	return retryAfter, ok
}

// take admits an operation or says how long there is no room.
func (r *Rate) take(now time.Duration) (wait time.Duration, ok bool) {
	beat := r.beat.Load()
	for beat.period > 0 {
		due := r.due.Load()
		next := max(due, int64(now)) + int64(beat.period)
		if wait = time.Duration(next) - now - beat.reach; wait > 0 {
			return wait, false
		}
		if r.due.CompareAndSwap(due, next) {
			break
		}
	}
	r.admitted.Add(1)
	return 0, true
}

// expect is how long an operation would have to wait behind so many others.
func (r *Rate) expect(now time.Duration, ahead int) time.Duration {
	beat := r.beat.Load()
	next := max(time.Duration(r.due.Load()), now) + beat.period*time.Duration(ahead+1)
	return max(next-now-beat.reach, time.Millisecond)
}

// SetLimit changes the rate and the burst, with RateConfig's meaning of 0. What
// has gathered for a burst stays, as far as the new burst goes, and those in
// line move at the new pace at once. An operation at the same moment may be
// judged by either rate.
func (r *Rate) SetLimit(perSecond, burst int) {
	to := newBeat(perSecond, burst)
	r.mu.Lock()
	now := r.now()
	from := r.beat.Load()
	for {
		due := r.due.Load()
		if r.due.CompareAndSwap(due, int64(now+to.debt(from.saved(time.Duration(due)-now)))) {
			break
		}
	}
	r.beat.Store(to)
	head := r.line.First()
	r.mu.Unlock()
	head.poke()
}

// saved is how many operations could get through at once when due lies ahead of
// the clock by so much.
func (b *beat) saved(ahead time.Duration) float64 {
	if b.period == 0 {
		return math.Inf(1)
	}
	return float64(b.burst) - float64(max(ahead, 0))/float64(b.period)
}

// debt is how far due lies ahead of the clock when so many operations could get
// through at once.
func (b *beat) debt(saved float64) time.Duration {
	return time.Duration((float64(b.burst) - min(saved, float64(b.burst))) * float64(b.period))
}

// Stats returns the limit's numbers.
func (r *Rate) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{
		Limit:    r.beat.Load().perSecond,
		Waiting:  r.line.Len(),
		Admitted: r.admitted.Load(),
		Refused:  r.tally.refused + r.refused.Load(),
		Canceled: r.tally.canceled,
		Waits:    r.tally.waits,
		Waited:   r.tally.waited,
	}
}

// now is the time on the limit's clock.
func (r *Rate) now() time.Duration { return time.Since(r.epoch) }
