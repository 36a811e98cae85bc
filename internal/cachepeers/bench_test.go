// This file compares the ways to the rows of a key; they take turns, so that a busy moment hits all alike.

package cachepeers

import (
	"context"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// BenchmarkCacheHit reports for one row and for a hundred what each way takes and
// how often it allocates, and how that compares with a hit in Fluxor's cache over
// the driver with fixed rows. What only computes is measured by the processor time
// of the process, garbage collection included, and what waits for a server by the
// wall clock: on a machine that does nothing else a hit takes no less by the one
// than by the other, and on a busy one it is not charged for other programs. The
// context is one that never ends: for any other database/sql starts a goroutine
// for each query.
func BenchmarkCacheHit(b *testing.B) {
	const turns = 41
	for _, q := range questions {
		b.Run(q.name, func(b *testing.B) {
			all := ways(b, q)
			runs := make([]func(), len(all))
			for i, w := range all {
				w.agree(b, q)
				runs[i] = func() { w.turn(b, q) }
			}
			for b.Loop() {
				dbtest.Turns(turns, wall(), runs...)
			}
			report(b, q, all)
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
func (w *way) agree(b *testing.B, q question) {
	var want tally
	for _, row := range dbtest.MemoryRows(q.rows).Rows {
		want.add(row[0].(int64), row[1].(string), row[2].(string))
	}
	for range 2 {
		if got, err := w.ask(context.Background(), 1); err != nil || got != want {
			b.Fatalf("%s: got %+v, %v, want %+v", w.name, got, err, want)
		}
	}
}

// turn asks for one key after the other and notes what a call took.
func (w *way) turn(b *testing.B, q question) {
	clock := wall()
	if w.computes {
		clock = func() time.Duration { return dbtest.ProcessorTime(b) }
	}
	start := clock()
	for i := range w.calls {
		if t, err := w.ask(context.Background(), i%q.keys+1); err != nil || t.rows != q.rows {
			b.Fatalf("%s: %d rows, %v", w.name, t.rows, err)
		}
	}
	w.took = append(w.took, float64(clock()-start)/float64(w.calls))
}

// report reports what a call takes and how often it allocates. The ratio to the
// floor is that of a hit; all others say how much faster than them a hit is.
func report(b *testing.B, q question, all []*way) {
	floor, hit := all[0], all[1]
	for _, w := range all {
		b.ReportMetric(dbtest.Median(w.took)/1000, w.name+"-µs")
		b.ReportMetric(testing.AllocsPerRun(200, func() { _, _ = w.ask(context.Background(), q.keys) }), w.name+"-allocs")
	}
	for _, w := range all[2:] {
		b.ReportMetric(dbtest.MedianRatio(w.took, hit.took), w.name+"/"+hit.name)
	}
	b.ReportMetric(dbtest.MedianRatio(hit.took, floor.took), hit.name+"/"+floor.name)
	b.ReportMetric(0, "ns/op")
}
