// This file compares the ways to the rows of a key; they take turns, so that a busy moment hits all alike.

package cachepeers

import (
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// BenchmarkCacheHit reports for one row and for a hundred what each way takes
// by the wall clock, how often it allocates, and how that compares with the
// driver with fixed rows.
func BenchmarkCacheHit(b *testing.B) {
	const turns = 25
	for _, q := range questions {
		b.Run(q.name, func(b *testing.B) {
			all := ways(b, q)
			runs := make([]func(), len(all))
			for i, w := range all {
				w.agree(b, q)
				runs[i] = func() { w.turn(b, q) }
			}
			var took [][]float64
			for b.Loop() {
				took = dbtest.Turns(turns, wall(), runs...)
			}
			report(b, q, all, took)
		})
	}
}

// wall is the clock for what waits on a server.
func wall() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// agree asks for the first key, whose rows all ways have, and so fills caches and
// opens connections.
func (w way) agree(b *testing.B, q question) {
	var want tally
	for _, row := range dbtest.MemoryRows(q.rows).Rows {
		want.add(row[0].(int64), row[1].(string), row[2].(string))
	}
	for range 2 {
		if got, err := w.ask(b.Context(), 1); err != nil || got != want {
			b.Fatalf("%s: got %+v, %v, want %+v", w.name, got, err, want)
		}
	}
}

// turn asks for one key after the other.
func (w way) turn(b *testing.B, q question) {
	for i := range w.calls {
		if t, err := w.ask(b.Context(), i%q.keys+1); err != nil || t.rows != q.rows {
			b.Fatalf("%s: %d rows, %v", w.name, t.rows, err)
		}
	}
}

// report reports what the turns took by the call, and how often a call
// allocates.
func report(b *testing.B, q question, all []way, took [][]float64) {
	by := map[string][]float64{}
	for i, w := range all {
		for turn := range took[i] {
			took[i][turn] /= float64(w.calls)
		}
		by[w.name] = took[i]
		b.ReportMetric(dbtest.Median(took[i])/1000, w.name+"-µs")
		b.ReportMetric(testing.AllocsPerRun(200, func() { _, _ = w.ask(b.Context(), q.keys) }), w.name+"-allocs")
	}
	for _, w := range all[1:] {
		b.ReportMetric(dbtest.MedianRatio(by[w.name], by["floor"]), w.name+"/floor")
	}
	b.ReportMetric(0, "ns/op")
}
