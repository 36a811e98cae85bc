// This file offers calls at a given rate, however many are under way, and says what became of them.

// Package overload measures what a database and whatever stands before it make
// of more calls than they can serve. Its tests and benchmarks offer twice the
// capacity of a real PostgreSQL to database/sql alone and to Fluxor's limits.
package overload

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Answer is what became of a call.
type Answer int

// The answers.
const (
	Served Answer = iota // the database answered in time
	Shed                 // refused before anything was sent
	Lost                 // anything else: the caller waited in vain
)

// Load is calls that arrive by chance, on average Rate per second, whether or
// not those before them have ended.
type Load struct {
	// Rate is how many calls arrive per second.
	Rate float64
	// Warmup is for how long the load lasts before calls are counted, For how
	// long after that. A call counts if it ends within that time: what ends
	// later ends without the load.
	Warmup, For time.Duration
	// Seed decides when calls arrive.
	Seed uint64
}

// Result is what became of the calls that were counted.
type Result struct {
	// For is within how long the calls ended.
	For time.Duration
	// Took are the durations of the calls by Answer, the shortest first.
	Took [3][]time.Duration
}

// Offer makes the calls, each in a goroutine of its own, and returns when all
// have ended.
func (l Load) Offer(call func() Answer) Result {
	var (
		mu      sync.Mutex // protects result while calls run; a leaf lock
		running sync.WaitGroup
		result  = Result{For: l.For}
		chance  = rand.New(rand.NewPCG(l.Seed, 0)) //nolint:gosec // spreads calls, guards nothing
		start   = time.Now()
		timer   = time.NewTimer(0)
	)
	defer timer.Stop()
	for due := time.Duration(0); due < l.Warmup+l.For; due += l.gap(chance) {
		if wait := due - time.Since(start); wait > 0 {
			timer.Reset(wait)
			<-timer.C
		}
		running.Go(func() {
			began := time.Now()
			answer := call()
			took, end := time.Since(began), time.Since(start)
			if end < l.Warmup || end >= l.Warmup+l.For {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			result.Took[answer] = append(result.Took[answer], took)
		})
	}
	running.Wait()
	for _, took := range result.Took {
		slices.Sort(took)
	}
	return result
}

// gap is the time until the next call.
func (l Load) gap(chance *rand.Rand) time.Duration {
	return time.Duration(chance.ExpFloat64() / l.Rate * float64(time.Second))
}

// Answered is how many calls got any answer.
func (r Result) Answered() int {
	return len(r.Took[Served]) + len(r.Took[Shed]) + len(r.Took[Lost])
}

// Goodput is how many calls per second were served.
func (r Result) Goodput() float64 { return float64(len(r.Took[Served])) / r.For.Seconds() }

// P99 is the duration that 99 of 100 calls with that answer did not exceed; 0
// where there was none.
func (r Result) P99(a Answer) time.Duration {
	took := r.Took[a]
	if len(took) == 0 {
		return 0
	}
	return took[len(took)*99/100]
}

// Capacity is how many calls per second n callers make who do nothing else, in
// that time.
func Capacity(n int, in time.Duration, call func() Answer) float64 {
	var running sync.WaitGroup
	served := make([]int, n)
	start := time.Now()
	for i := range n {
		running.Go(func() {
			for time.Since(start) < in {
				if call() == Served {
					served[i]++
				}
			}
		})
	}
	running.Wait()
	sum := 0
	for _, s := range served {
		sum += s
	}
	return float64(sum) / time.Since(start).Seconds()
}
