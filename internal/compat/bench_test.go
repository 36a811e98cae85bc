// This file measures what the wrappers cost over a driver that does almost nothing, the bare driver beside them in the same run.

package compat

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"
	"time"

	"github.com/XSAM/otelsql"
	"github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// bare has every policy off that may be: what is left is the wrapper.
var bare = fluxor.RuntimeConfig{CircuitBreakerMaxFailures: -1, LeakDetectionThreshold: -1, SlowQueryThreshold: -1, MaxRetries: -1, Metrics: "off"}

// peers are the wrappers beside the bare driver.
var peers = []struct {
	name string
	open func() *sql.DB
}{
	{"raw", func() *sql.DB { return sql.OpenDB(dbtest.Memory{}) }},
	{"fluxor", func() *sql.DB {
		return sql.OpenDB(must(fluxor.WrapConnector(dbtest.Memory{}, bare)))
	}},
	{"sqlmw", func() *sql.DB { return sql.OpenDB(sqlmwConnector()) }},
	{"otelsql", func() *sql.DB { return otelsql.OpenDB(dbtest.Memory{}) }},
}

// sqlmwConnector puts sqlmw with its null interceptor over the driver.
func sqlmwConnector() driver.Connector {
	d := sqlmw.Driver(dbtest.Memory{}.Driver(), sqlmw.NullInterceptor{})
	return must(d.(driver.DriverContext).OpenConnector("memory"))
}

// workloads are the four calls of the bar; the argument makes database/sql
// convert one.
var workloads = []struct {
	name string
	run  func(ctx context.Context, db *sql.DB, st *sql.Stmt) error
}{
	{"QueryRow", func(ctx context.Context, db *sql.DB, _ *sql.Stmt) error {
		var id int64
		var name string
		var body []byte
		return db.QueryRowContext(ctx, "select", 7).Scan(&id, &name, &body)
	}},
	{"Prepared", func(ctx context.Context, _ *sql.DB, st *sql.Stmt) error {
		var id int64
		var name string
		var body []byte
		return st.QueryRowContext(ctx, 7).Scan(&id, &name, &body)
	}},
	{"Exec", func(ctx context.Context, db *sql.DB, _ *sql.Stmt) error {
		_, err := db.ExecContext(ctx, "update", 7)
		return err
	}},
	{"Tx", func(ctx context.Context, db *sql.DB, _ *sql.Stmt) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		return tx.Commit()
	}},
}

// BenchmarkPeers reports each wrapper's time, as the median of turns that the
// wrappers take one after the other, so that a busy moment hits all alike, and
// the ratio of each turn to the bare driver's and to sqlmw's. A turn is long
// enough for the collector to run in it several times: what a wrapper allocates
// is collected at its own cost.
func BenchmarkPeers(b *testing.B) {
	const turns, calls = 25, 40_000
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			benches := make([]*peerBench, len(peers))
			for i, p := range peers {
				benches[i] = newPeerBench(b, p.name, p.open())
			}
			runs := make([]func(), len(benches))
			for i, p := range benches {
				runs[i] = func() { p.turn(b, w.run, calls) }
			}
			var took [][]float64
			for b.Loop() {
				took = dbtest.Turns(turns, func() time.Duration { return dbtest.ProcessorTime(b) }, runs...)
			}
			raw, sqlmw := took[0], took[2]
			for i, p := range benches {
				b.ReportMetric(dbtest.Median(took[i])/calls, p.name+"-ns")
				b.ReportMetric(dbtest.MedianRatio(took[i], raw), p.name+"/raw")
				b.ReportMetric(p.allocs, p.name+"-allocs")
			}
			b.ReportMetric(dbtest.MedianRatio(took[1], sqlmw), "fluxor/sqlmw")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// peerBench is one wrapper and what its turns took.
type peerBench struct {
	name   string
	db     *sql.DB
	st     *sql.Stmt
	allocs float64
}

func newPeerBench(b *testing.B, name string, db *sql.DB) *peerBench {
	st := must(db.PrepareContext(b.Context(), "select"))
	b.Cleanup(func() { _, _ = st.Close(), db.Close() })
	return &peerBench{name: name, db: db, st: st}
}

// turn makes some calls. What counts is processor time of the process: another
// program's load makes a call wait, not work.
func (p *peerBench) turn(b *testing.B, run func(context.Context, *sql.DB, *sql.Stmt) error, calls int) {
	ctx := context.Background()
	if p.allocs == 0 {
		p.allocs = testing.AllocsPerRun(100, func() { _ = run(ctx, p.db, p.st) })
	}
	for range calls {
		if err := run(ctx, p.db, p.st); err != nil {
			b.Fatal(err)
		}
	}
}
