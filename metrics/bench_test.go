// This file measures what one record costs, alone and from eight goroutines.

package metrics_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
)

// spread is a duration that differs from call to call.
func spread(i int) time.Duration { return time.Duration(20_000 + i*7919%3_000_000) }

func BenchmarkRecord(b *testing.B) {
	r := metrics.NewRecorder(time.Second)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Record(middleware.OpQuery, metrics.Success, spread(i))
	}
}

func BenchmarkRecordFromEightGoroutines(b *testing.B) {
	r := metrics.NewRecorder(time.Second)
	byEight(b, func(i int) { r.Record(middleware.OpQuery, metrics.Success, spread(i)) })
}

// The floor under both: one shared atomic addition, and a mutex around two.
func BenchmarkFloorOneAtomicFromEightGoroutines(b *testing.B) {
	var n atomic.Int64
	byEight(b, func(i int) { n.Add(int64(spread(i))) })
}

func BenchmarkFloorMutexFromEightGoroutines(b *testing.B) {
	var mu sync.Mutex
	var n, sum int64
	byEight(b, func(i int) {
		mu.Lock()
		n++
		sum += int64(spread(i))
		mu.Unlock()
	})
}

func BenchmarkSnapshot(b *testing.B) {
	r := metrics.NewRecorder(time.Second)
	for i := range 10_000 {
		r.Record(middleware.Op(i%7+1), metrics.Outcome(i%3), spread(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Snapshot()
	}
}

// byEight shares b.N calls among eight goroutines.
func byEight(b *testing.B, call func(i int)) {
	b.ReportAllocs()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < b.N; i += 8 {
				call(i)
			}
		})
	}
	wg.Wait()
}
