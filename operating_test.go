// This file holds what docs/OPERATING.md says of a suspended pool, of two timeouts at once and of memory.

package fluxor_test

import (
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestASuspendedPoolIsNoSickDatabase(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.guarded(t, b.share(t).NewDatabase(t), "fluxor_acquire_timeout=3s")
			mustExec(t, db, "select 1")
			c := poolOf(t, db)
			c.Suspend()
			var callers sync.WaitGroup
			for range 8 {
				callers.Go(func() {
					if _, err := db.ExecContext(t.Context(), "select 1"); !errors.Is(err, fluxor.ErrAcquireTimeout) {
						t.Errorf("got %v", err)
					}
				})
			}
			callers.Wait()
			if state := c.CircuitBreakerState(); state != "closed" {
				t.Errorf("the breaker is %s", state)
			}
			if err := c.Probe(t.Context()); err != nil {
				t.Errorf("the probe waits for the pool: %v", err)
			}
			c.Evict()
			c.Resume()
			mustExec(t, db, "select 1")
			if n := c.PoolStats().Dials; n != 2 {
				t.Errorf("%d connections were opened, want one before and one after Evict", n)
			}
		})
	}
}

func TestTheQueryTimeoutCountsForStatementsAndTheNetworkTimeoutForBegin(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.Target, "fluxor_query_timeout=1s", "fluxor_network_timeout=300ms", "fluxor_connection_timeout=1s", "fluxor_cb_max_failures=0")
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, db, "select 1")
			s.Freeze(t)
			defer s.Thaw()
			start := time.Now() // the driver or the pool may ask first, and then dial
			if _, err := db.BeginTx(t.Context(), nil); err == nil || time.Since(start) > 3*time.Second {
				t.Errorf("begin: %v after %v", err, time.Since(start))
			}
			start = time.Now()
			var lost *fluxor.IndeterminateError
			if _, err := tx.ExecContext(t.Context(), "create table x (n int)"); !errors.As(err, &lost) || !errors.Is(err, fluxor.ErrQueryTimeout) || time.Since(start) < time.Second {
				t.Errorf("statement: %v after %v", err, time.Since(start))
			}
		})
	}
}

// mostOfAConnection bounds what Fluxor adds to a driver's connection.
const mostOfAConnection = 6 << 10

func TestWhatAConnectionTakesOfMemory(t *testing.T) {
	for _, b := range networkBackends {
		s := b.start(t, dbtest.Options{})
		bare, through := b.raw(t, s.Target), b.fluxor(t, s.Target)
		heap, stack := perConnection(t, bare)
		more, moreStack := perConnection(t, through)
		t.Logf("%s: %d bytes of heap and %d of stack per connection, through Fluxor %d and %d", b.name, heap, stack, more, moreStack)
		if more-heap > mostOfAConnection {
			t.Errorf("%s: Fluxor adds %d bytes", b.name, more-heap)
		}
	}
}

// perConnection is what each of many connections in use takes.
func perConnection(t *testing.T, db *sql.DB) (heap, stack int) {
	t.Helper()
	const n = 60
	mustExec(t, db, "select 1")
	before := memory()
	held := make([]*sql.Tx, n)
	for i := range held {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		held[i] = tx
	}
	after := memory()
	for _, tx := range held {
		_ = tx.Rollback()
	}
	_ = db.Close()
	return (int(after.HeapAlloc) - int(before.HeapAlloc)) / n, (int(after.StackInuse) - int(before.StackInuse)) / n
}

func memory() (m runtime.MemStats) {
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}
