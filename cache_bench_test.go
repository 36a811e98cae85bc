// This file measures what the cache costs and saves, over a driver that does almost nothing.

package fluxor_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// compare lets two databases take turns of calls and reports the ratio of the
// second's processor time to the first's, and the difference of a call.
func compare(b *testing.B, one, other *sql.DB, calls int, run func(db *sql.DB, calls int)) {
	const turns = 25
	run(one, 1)
	run(other, 1)
	var took [][]float64
	for b.Loop() {
		took = dbtest.Turns(turns, func() time.Duration { return dbtest.ProcessorTime(b) },
			func() { run(one, calls) }, func() { run(other, calls) })
	}
	b.ReportMetric(dbtest.Median(took[0])/float64(calls), "without-ns")
	b.ReportMetric(dbtest.Median(took[1])/float64(calls), "cache-ns")
	b.ReportMetric(dbtest.MedianRatio(took[1], took[0]), "cache/without")
	b.ReportMetric(dbtest.MedianDifference(took[1], took[0])/float64(calls), "more-ns")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCacheHits reports what a hit takes beside the bare driver with the
// same fixed rows: texts, []byte scanned into texts and into []byte, and texts
// with eight goroutines.
func BenchmarkCacheHits(b *testing.B) {
	for _, c := range []struct {
		name       string
		answer     *dbtest.MemoryAnswer
		goroutines int
		read       func(*sql.DB, int) error
	}{
		{"1row", dbtest.MemoryRows(1), 1, readKey[string]},
		{"100rows", dbtest.MemoryRows(100), 1, readKey[string]},
		{"8goroutines", dbtest.MemoryRows(1), 8, readKey[string]},
		{"bytes", binaryRow, 1, readKey[[]byte]},
		{"bytes-raw", binaryRow, 1, readKey[sql.RawBytes]},
	} {
		b.Run(c.name, func(b *testing.B) {
			db, connector := wrapped(b, posing(c.answer), keepingAll)
			compare(b, bare(b, posing(c.answer)), db, 20_000/len(c.answer.Rows)*c.goroutines, func(db *sql.DB, calls int) {
				var wg sync.WaitGroup
				for range c.goroutines {
					wg.Go(func() {
						for i := range max(calls/c.goroutines, 1) {
							if err := c.read(db, i%1000); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
			})
			if stats := connector.CacheStats(); stats.Hits < 1000 {
				b.Fatalf("there were no hits: %+v", stats)
			}
		})
	}
}

// readKey asks for one key.
func readKey[T any](db *sql.DB, key int) error {
	_, err := readWith[T](byText(db, plainRead), key)
	return err
}

// besides lets an operation without a cache and with one take turns.
func besides(b *testing.B, cfg fluxor.RuntimeConfig, rows int, run func(context.Context, *sql.DB) error) {
	answer := dbtest.MemoryRows(rows)
	without, _ := wrapped(b, posing(answer), fluxor.RuntimeConfig{})
	with, _ := wrapped(b, posing(answer), cfg)
	compare(b, without, with, 20_000/rows, func(db *sql.DB, calls int) {
		for range calls {
			if err := run(b.Context(), db); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCacheMisses reports what the cache adds to a read that it has no answer
// for: one that it keeps, and one that is too long to be kept.
func BenchmarkCacheMisses(b *testing.B) {
	key := 0
	fresh := func(_ context.Context, db *sql.DB) error {
		key++
		return readKey[string](db, key)
	}
	few := keepingAll
	few.CacheMaxRows = 50
	b.Run("kept", func(b *testing.B) { besides(b, keepingAll, 1, fresh) })
	b.Run("kept-100rows", func(b *testing.B) { besides(b, keepingAll, 100, fresh) })
	b.Run("too-many-rows", func(b *testing.B) { besides(b, few, 100, fresh) })
}

// BenchmarkCachePasses reports what the cache adds to an operation that it has no
// part in, the announcement of a write among it.
func BenchmarkCachePasses(b *testing.B) {
	for _, p := range passers {
		b.Run(p.name, func(b *testing.B) { besides(b, keepingAll, 1, p.run) })
	}
}
