// This file tests that each option of the pool reaches it: what time and the application's word do to physical connections.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// wired runs a test in a bubble over a fake with one option set.
func wired(t *testing.T, cfg fluxor.RuntimeConfig, f *dbtest.Fake, test func(t *testing.T, db *sql.DB, c *fluxor.Connector)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := fluxor.WrapConnector(f, cfg)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		defer db.Close()
		db.SetMaxIdleConns(20)
		test(t, db, c)
	})
}

func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestOptionsOfThePoolReachIt(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  fluxor.RuntimeConfig
		rest time.Duration
		want func(n fluxor.PoolStats, log []string) bool
	}{
		{"ConnMaxLifetime", fluxor.RuntimeConfig{ConnMaxLifetime: time.Minute}, 2 * time.Minute, func(n fluxor.PoolStats, _ []string) bool { return n.ClosedLifetime == 3 }},
		{"ConnMaxIdleTime", fluxor.RuntimeConfig{ConnMaxIdleTime: time.Minute}, 2 * time.Minute, func(n fluxor.PoolStats, _ []string) bool { return n.ClosedIdleTime == 3 }},
		{"MaxIdleConns", fluxor.RuntimeConfig{MaxIdleConns: 1}, 5 * time.Second, func(n fluxor.PoolStats, _ []string) bool { return n.Idle == 1 && n.ClosedSurplus == 2 }},
		{"WarmupConnections", fluxor.RuntimeConfig{WarmupConnections: 5}, time.Second, func(n fluxor.PoolStats, _ []string) bool { return n.Open == 5 }},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &dbtest.Fake{}
			wired(t, row.cfg, f, func(t *testing.T, db *sql.DB, c *fluxor.Connector) {
				holdConnections(t, db, 3)
				pass(row.rest)
				if n := c.PoolStats(); !row.want(n, f.Log()) {
					t.Errorf("%+v", n)
				}
			})
		})
	}
}

func TestARestedConnectionIsAskedInTheWayThatIsSet(t *testing.T) {
	for _, row := range []struct {
		name, want string
		cfg        fluxor.RuntimeConfig
		rest       time.Duration
	}{
		{"the driver's ping", "1 ping", fluxor.RuntimeConfig{}, 2 * time.Second},
		{"not yet", "", fluxor.RuntimeConfig{}, time.Second / 2},
		{"a longer rest", "", fluxor.RuntimeConfig{ValidationIdle: time.Minute}, 2 * time.Second},
		{"a query", "1 stmtquery select 1 from dual", fluxor.RuntimeConfig{ValidationQuery: "select 1 from dual"}, 2 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &dbtest.Fake{}
			wired(t, row.cfg, f, func(t *testing.T, db *sql.DB, _ *fluxor.Connector) {
				mustExec(t, db, "first")
				f.ClearLog()
				pass(row.rest)
				mustExec(t, db, "second")
				asked := slices.ContainsFunc(f.Log(), func(l string) bool { return strings.Contains(l, "ping") || strings.Contains(l, "stmtquery") })
				if asked != (row.want != "") || row.want != "" && !slices.Contains(f.Log(), row.want) {
					t.Errorf("the driver got %q, want %q", f.Log(), row.want)
				}
			})
		})
	}
}

func TestSuspendResumeAndEvictAct(t *testing.T) {
	f := &dbtest.Fake{}
	wired(t, fluxor.RuntimeConfig{}, f, func(t *testing.T, db *sql.DB, c *fluxor.Connector) {
		mustExec(t, db, "a")
		c.Suspend()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := db.ExecContext(ctx, "b"); !errors.Is(err, fluxor.ErrAcquireTimeout) {
			t.Errorf("while suspended: %v", err)
		}
		c.Resume()
		mustExec(t, db, "c")
		c.Evict()
		mustExec(t, db, "d")
		synctest.Wait() // for the background to close what was evicted
		if !slices.Contains(f.Log(), "2 exec d") || f.Live() != 1 {
			t.Errorf("Evict replaced nothing: %q", f.Log())
		}
	})
}

func TestCloseTimeoutBoundsCloseOfTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		f := &dbtest.Fake{}
		c, err := fluxor.WrapConnector(slowClose{f, hang}, fluxor.RuntimeConfig{CloseTimeout: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		if err := db.Ping(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_ = db.Close()
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("Close took %s", took)
		}
		close(hang)
		synctest.Wait()
	})
}

// slowClose is a driver whose connections close when they are let.
type slowClose struct {
	*dbtest.Fake
	hang chan struct{}
}

func (s slowClose) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := s.Fake.Connect(ctx)
	return slowConn{c, s.hang}, err
}

type slowConn struct {
	driver.Conn
	hang chan struct{}
}

func (c slowConn) Close() error { <-c.hang; return c.Conn.Close() }
