// This file lets things that are compared take turns, so that a busy moment of the machine hits all alike.

package dbtest

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Turns runs each of runs n times, one after the other in each round, and
// returns what each of its turns took by the clock, in nanoseconds. Each turn
// begins without garbage of another's.
func Turns(n int, clock func() time.Duration, runs ...func()) [][]float64 {
	took := make([][]float64, len(runs))
	for range n {
		for i, run := range runs {
			runtime.GC()
			start := clock()
			run()
			took[i] = append(took[i], float64(clock()-start))
		}
	}
	return took
}

// ProcessorTime is what the process has used so far: another program's load makes
// a call wait, not work.
func ProcessorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Median is the middle of v.
func Median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// MedianRatio is the median of the turns' ratios.
func MedianRatio(of, to []float64) float64 {
	ratios := make([]float64, len(of))
	for i := range of {
		ratios[i] = of[i] / to[i]
	}
	return Median(ratios)
}

// MedianDifference is the median of the turns' differences.
func MedianDifference(of, to []float64) float64 {
	more := make([]float64, len(of))
	for i := range of {
		more[i] = of[i] - to[i]
	}
	return Median(more)
}
