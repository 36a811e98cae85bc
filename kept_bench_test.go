// This file measures the statement cache: a point query with one argument, over real servers, beside the bare driver, a statement prepared by hand, and pgx.

package fluxor_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// contender is one way to send the query.
type contender struct {
	name string
	db   *sql.DB
	st   *sql.Stmt // nil: as a text
}

// ask sends the query once.
func (c contender) ask(ctx context.Context, query string, id int) error {
	var name string
	if c.st != nil {
		return c.st.QueryRowContext(ctx, id).Scan(&name)
	}
	return c.db.QueryRowContext(ctx, query, id).Scan(&name)
}

// contenders opens all ways to a table of 1,000 rows, with a connection for
// each goroutine.
func contenders(b *testing.B, back networkBackend, goroutines int) (all []contender, query string) {
	target := back.share(b).NewDatabase(b)
	query = "select name from point where id = " + back.placeholder
	open := func(driver string, params ...string) *sql.DB {
		db := openName(b, driver, back.dsn(target, params...))
		db.SetMaxOpenConns(goroutines)
		db.SetMaxIdleConns(goroutines)
		return db
	}
	raw := open(back.bare)
	mustExec(b, raw, "create table point (id int primary key, name varchar(40))")
	for i := range 1000 {
		mustExec(b, raw, fmt.Sprintf("insert into point values (%d, 'name %d')", i, i))
	}
	st, err := raw.PrepareContext(b.Context(), query)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	all = []contender{
		{"raw", raw, nil},
		{"prepared", raw, st},
		{"fluxor", open(back.alias, "fluxor_stmt_cache_size=200"), nil},
	}
	if back.name == "pq" {
		all = append(all, contender{"pgx", open("pgx"), nil})
	}
	return all, query
}

// wall is the clock for what waits on a server.
func wall() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// BenchmarkStatementCache reports what a query takes, and how that compares
// with the bare driver's text and with a statement prepared by hand.
func BenchmarkStatementCache(b *testing.B) {
	const turns, calls = 41, 200
	for _, back := range networkBackends {
		if back.name == "pgx" {
			continue // it keeps statements itself
		}
		for _, goroutines := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/%d", back.name, goroutines), func(b *testing.B) {
				all, query := contenders(b, back, goroutines)
				runs := make([]func(), len(all))
				for i, c := range all {
					runs[i] = func() { together(b, c, query, goroutines, calls) }
					runs[i]() // connects, and prepares
				}
				var took [][]float64
				for b.Loop() {
					took = dbtest.Turns(turns, wall(), runs...)
				}
				for i, c := range all {
					b.ReportMetric(dbtest.Median(took[i])/float64(calls*goroutines)/1000, c.name+"-µs")
				}
				b.ReportMetric(dbtest.MedianRatio(took[0], took[2]), "raw/fluxor")
				b.ReportMetric(dbtest.MedianRatio(took[1], took[2]), "prepared/fluxor")
				if len(all) > 3 {
					b.ReportMetric(dbtest.MedianRatio(took[3], took[2]), "pgx/fluxor")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// together sends the query from several goroutines.
func together(b *testing.B, c contender, query string, goroutines, calls int) {
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := range calls {
				if err := c.ask(b.Context(), query, i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkStatementCacheThrashed asks one text more than the cache holds, one
// after the other, over and over: the worst there is for a cache that gives up
// what was used longest ago.
func BenchmarkStatementCacheThrashed(b *testing.B) {
	const turns, texts = 21, 201
	for _, back := range networkBackends {
		if back.name == "pgx" {
			continue
		}
		b.Run(back.name, func(b *testing.B) {
			all, query := contenders(b, back, 1)
			round := func(c contender) func() {
				return func() {
					for i := range texts {
						if err := c.ask(b.Context(), fmt.Sprintf("%s and %d = %d", query, i, i), i); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			bare, cached := round(all[0]), round(all[2])
			var took [][]float64
			for b.Loop() {
				took = dbtest.Turns(turns, wall(), bare, cached)
			}
			b.ReportMetric(dbtest.Median(took[0])/texts/1000, "raw-µs")
			b.ReportMetric(dbtest.Median(took[1])/texts/1000, "fluxor-µs")
			b.ReportMetric(dbtest.MedianRatio(took[1], took[0]), "fluxor/raw")
			b.ReportMetric(0, "ns/op")
		})
	}
}
