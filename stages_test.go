// This file tests that every connection's opening, every wait for one and every lease is counted, with its length.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
)

// staged runs f in a bubble over a database whose connections take 2 s to open,
// and whose numbers somebody looked at before.
func staged(t *testing.T, cfg fluxor.RuntimeConfig, f func(t *testing.T, db *sql.DB, c *fluxor.Connector)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fake := &dbtest.Fake{OnConnect: func(context.Context, int) error { <-time.After(2 * time.Second); return nil }}
		c, err := fluxor.WrapConnector(fake, cfg)
		if err != nil {
			t.Fatal(err)
		}
		c.Snapshot()
		db := sql.OpenDB(c)
		f(t, db, c)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func spent(t *testing.T, stage string, h metrics.Histogram, count int64, sum time.Duration) {
	t.Helper()
	if h.Count != count || h.Sum != sum {
		t.Errorf("%s: %d times, %v together, want %d and %v", stage, h.Count, h.Sum, count, sum)
	}
}

func TestTheStagesOfAConnectionAreCounted(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, db *sql.DB){
		"rows": func(t *testing.T, db *sql.DB) {
			rows, err := db.QueryContext(t.Context(), "select 1")
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(3 * time.Second)
			if err := errors.Join(rows.Close(), rows.Err()); err != nil {
				t.Fatal(err)
			}
		},
		"a transaction": func(t *testing.T, db *sql.DB) {
			tx := mustBegin(t, db)
			<-time.After(3 * time.Second)
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		},
		"a sql.Conn": func(t *testing.T, db *sql.DB) {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, conn, "update")
			mustExec(t, conn, "update")
			<-time.After(3 * time.Second)
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"a connection given up": func(t *testing.T, db *sql.DB) {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, conn, "update")
			<-time.After(3 * time.Second)
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		},
	} {
		t.Run(name, func(t *testing.T) {
			staged(t, fluxor.RuntimeConfig{}, func(t *testing.T, db *sql.DB, c *fluxor.Connector) {
				use(t, db)
				s := c.Snapshot()
				spent(t, "create", s.CreateTime, 1, 2*time.Second)
				spent(t, "wait", s.WaitTime, 1, 2*time.Second)
				spent(t, "use", s.UseTime, 1, 3*time.Second)
			})
		})
	}
}

func TestAnIdleConnectionIsAWaitOfNothing(t *testing.T) {
	staged(t, fluxor.RuntimeConfig{}, func(t *testing.T, db *sql.DB, c *fluxor.Connector) {
		for range 5 {
			mustExec(t, db, "update")
		}
		s := c.Snapshot()
		spent(t, "create", s.CreateTime, 1, 2*time.Second)
		spent(t, "wait", s.WaitTime, 5, 2*time.Second)
		spent(t, "use", s.UseTime, 5, 0)
	})
}

func TestAWaitInVainIsCounted(t *testing.T) {
	staged(t, fluxor.RuntimeConfig{MaxOpenConns: 1, AcquireTimeout: 5 * time.Second}, func(t *testing.T, db *sql.DB, c *fluxor.Connector) {
		tx := mustBegin(t, db)
		if _, err := db.ExecContext(t.Context(), "update"); !errors.Is(err, fluxor.ErrAcquireTimeout) {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		s := c.Snapshot()
		spent(t, "wait", s.WaitTime, 2, 7*time.Second)
		spent(t, "use", s.UseTime, 1, 5*time.Second)
	})
}

func TestEachConnectionOfTheWarmUpIsCountedAndTheProbesIsNot(t *testing.T) {
	staged(t, fluxor.RuntimeConfig{WarmupConnections: 3}, func(t *testing.T, db *sql.DB, c *fluxor.Connector) {
		mustExec(t, db, "update")
		if err := c.Probe(t.Context()); err != nil {
			t.Error(err)
		}
		<-time.After(10 * time.Second)
		s := c.Snapshot()
		if dials := c.PoolStats().Dials; dials < 3 {
			t.Fatalf("%d connections were opened", dials)
		}
		spent(t, "create", s.CreateTime, c.PoolStats().Dials, time.Duration(c.PoolStats().Dials)*2*time.Second)
		spent(t, "use", s.UseTime, 1, 0)
	})
}

// dawdling is a middleware that takes a second to let a connection be opened.
type dawdling struct{ middleware.Handler }

func (dawdling) Connect(ctx context.Context, next driver.Connector) (driver.Conn, error) {
	<-time.After(time.Second)
	return next.Connect(ctx)
}

func TestAConnectionThatAMiddlewareOpensIsCountedWithWhatTheMiddlewareDoes(t *testing.T) {
	dawdle := func(next middleware.Handler) middleware.Handler { return dawdling{next} }
	for name, cfg := range map[string]fluxor.RuntimeConfig{
		"outside": {Middleware: []middleware.Middleware{dawdle}},
		"inside":  {InnerMiddleware: []middleware.Middleware{dawdle}},
	} {
		t.Run(name, func(t *testing.T) {
			staged(t, cfg, func(t *testing.T, db *sql.DB, c *fluxor.Connector) {
				mustExec(t, db, "update")
				s := c.Snapshot()
				spent(t, "create", s.CreateTime, 1, 3*time.Second)
				spent(t, "wait", s.WaitTime, 1, 3*time.Second)
			})
		})
	}
}

func TestWhoAsksForStagesHearsOfThemUntilHeStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := fluxor.WrapConnector(&dbtest.Fake{}, fluxor.RuntimeConfig{})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		var mu sync.Mutex
		heard := map[metrics.Stage]int{}
		mustExec(t, db, "update") // nobody wants to know
		stop := c.OnStage(func(s metrics.Stage, _ time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			heard[s]++
		})
		mustExec(t, db, "update")
		stop()
		mustExec(t, db, "update")
		mu.Lock()
		defer mu.Unlock()
		if heard[metrics.Create] != 0 || heard[metrics.Wait] != 1 || heard[metrics.Use] != 1 {
			t.Errorf("heard %v", heard)
		}
		if s := c.Snapshot(); s.CreateTime.Count != 1 || s.WaitTime.Count != 2 || s.UseTime.Count != 2 {
			t.Errorf("counted %d, %d, %d", s.CreateTime.Count, s.WaitTime.Count, s.UseTime.Count)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
