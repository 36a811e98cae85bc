// This file holds the price of the wrapper to its bars: allocations exactly, time beside the bare driver.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
)

// workload is one call of database/sql that is measured bare and through Fluxor.
type workload struct {
	name  string
	extra float64 // allocations that Fluxor may add
	run   func(db *sql.DB, st *sql.Stmt) error
}

func workloads() []workload {
	ctx := context.Background()
	return []workload{
		{"QueryRow", 1, func(db *sql.DB, _ *sql.Stmt) error {
			var id int64
			var name string
			var body []byte
			return db.QueryRowContext(ctx, "select", 7).Scan(&id, &name, &body)
		}},
		{"PreparedQueryRow", 1, func(_ *sql.DB, st *sql.Stmt) error {
			var id int64
			var name string
			var body []byte
			return st.QueryRowContext(ctx, 7).Scan(&id, &name, &body)
		}},
		{"Exec", 0, func(db *sql.DB, _ *sql.Stmt) error {
			_, err := db.ExecContext(ctx, "update", 7)
			return err
		}},
		{"PreparedExec", 0, func(_ *sql.DB, st *sql.Stmt) error {
			_, err := st.ExecContext(ctx, 7)
			return err
		}},
		{"Tx", 1, func(db *sql.DB, _ *sql.Stmt) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			return tx.Commit()
		}},
	}
}

func open(t testing.TB, c driver.Connector) (*sql.DB, *sql.Stmt) {
	t.Helper()
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	st, err := db.Prepare("select")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return db, st
}

func wrapMemory(t testing.TB, cfg fluxor.RuntimeConfig) driver.Connector {
	t.Helper()
	c, err := fluxor.WrapConnector(dbtest.Memory{}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheWrapperAddsNoAllocationButTheRows(t *testing.T) {
	bareDB, bareStmt := open(t, dbtest.Memory{})
	db, st := open(t, wrapMemory(t, fluxor.RuntimeConfig{}))
	for _, w := range workloads() {
		t.Run(w.name, func(t *testing.T) {
			count := func(db *sql.DB, st *sql.Stmt) float64 {
				return testing.AllocsPerRun(200, func() {
					if err := w.run(db, st); err != nil {
						t.Fatal(err)
					}
				})
			}
			bare, wrapped := count(bareDB, bareStmt), count(db, st)
			if wrapped > bare+w.extra {
				t.Errorf("%s allocates %v, bare %v: want at most %v more", w.name, wrapped, bare, w.extra)
			}
		})
	}
}

func TestAMiddlewareAddsNoAllocationOfTheChain(t *testing.T) {
	bareDB, bareStmt := open(t, dbtest.Memory{})
	seen := 0
	count := func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
			seen++
			return next.Handle(ctx, c)
		})
	}
	db, st := open(t, wrapMemory(t, fluxor.RuntimeConfig{Middleware: []middleware.Middleware{count, count, count}}))
	for _, w := range workloads() {
		bare := testing.AllocsPerRun(200, func() { _ = w.run(bareDB, bareStmt) })
		wrapped := testing.AllocsPerRun(200, func() { _ = w.run(db, st) })
		if wrapped > bare+w.extra {
			t.Errorf("%s under three middlewares allocates %v, bare %v: want at most %v more", w.name, wrapped, bare, w.extra)
		}
	}
	if seen == 0 {
		t.Error("no call passed the middlewares")
	}
}

func TestCountingTheStagesAddsNoAllocation(t *testing.T) {
	bareDB, bareStmt := open(t, dbtest.Memory{})
	db, st := open(t, watchedMemory(t))
	for _, w := range workloads() {
		bare := testing.AllocsPerRun(200, func() { _ = w.run(bareDB, bareStmt) })
		if watched := testing.AllocsPerRun(200, func() { _ = w.run(db, st) }); watched > bare+w.extra {
			t.Errorf("%s allocates %v, bare %v: want at most %v more", w.name, watched, bare, w.extra)
		}
	}
}

// watchedMemory is wrapMemory with the stages counted.
func watchedMemory(t testing.TB) driver.Connector {
	t.Helper()
	c := wrapMemory(t, fluxor.RuntimeConfig{})
	c.(*fluxor.Connector).Snapshot()
	return c
}

func BenchmarkWrapper(b *testing.B) {
	for _, w := range workloads() {
		for _, target := range []struct {
			name string
			c    driver.Connector
		}{{"bare", dbtest.Memory{}}, {"fluxor", wrapMemory(b, fluxor.RuntimeConfig{})}, {"watched", watchedMemory(b)}} {
			b.Run(w.name+"/"+target.name, func(b *testing.B) {
				db, st := open(b, target.c)
				b.ReportAllocs()
				for b.Loop() {
					if err := w.run(db, st); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
