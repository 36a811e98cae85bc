// This file tests the query timeout behind PgBouncer: the cancel request reaches the statement it is meant for and never the next borrower's.

package fluxor_test

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// PgBouncer 1.18 crashes now and then over a cancel request, and often over several
// at once: a round in which it did says nothing, and is played again.
func TestBehindAPoolerTheQueryTimeoutHitsItsOwnStatementAlone(t *testing.T) {
	for _, mode := range []dbtest.PoolMode{dbtest.PoolTransaction, dbtest.PoolSession} {
		for _, b := range networkBackends[:2] {
			t.Run(string(mode)+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				for range 5 {
					wrong, crashed := b.timesOutBehind(t, mode)
					if crashed {
						t.Log("PgBouncer crashed:", wrong)
						continue
					}
					for _, text := range wrong {
						t.Error(text)
					}
					return
				}
				t.Error("PgBouncer crashed in each of five rounds")
			})
		}
	}
}

// timesOutBehind has one caller's statements outlive the query timeout behind a
// PgBouncer of their own while others run theirs. It returns what went wrong, and
// whether the PgBouncer crashed.
func (b networkBackend) timesOutBehind(t *testing.T, mode dbtest.PoolMode) (wrong []string, crashed bool) {
	const rounds, workers = 15, 4
	upstream := dbtest.Postgres(t).NewDatabase(t)
	behind := dbtest.StartPgBouncer(t, upstream, mode, "default_pool_size=20")
	timed := b.fluxor(t, behind.Target, "fluxor_query_timeout=150ms", "fluxor_cb_max_failures=0")
	others := b.raw(t, behind.Target, "default_query_exec_mode=simple_protocol")
	if b.name == "pq" {
		others = b.raw(t, behind.Target)
	}
	others.SetMaxOpenConns(workers)
	var mu sync.Mutex // protects wrong
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		wrong = append(wrong, fmt.Sprintf(format, args...))
	}
	var all sync.WaitGroup
	all.Go(func() {
		for range rounds {
			start := time.Now()
			_, err := timed.ExecContext(t.Context(), b.slow)
			if took := time.Since(start); !errors.Is(err, fluxor.ErrQueryTimeout) || took > 3*time.Second {
				note("after %v: %v", took, err)
			}
		}
	})
	for range workers {
		all.Go(func() {
			for range rounds * 3 {
				if _, err := others.ExecContext(t.Context(), "select pg_sleep(0.05)"); err != nil {
					note("somebody else's statement: %v", err)
				}
			}
		})
	}
	all.Wait()
	admin := dbtest.Postgres(t).Admin(t)
	waitUntil(t, "nothing runs on", func() bool { return runningOn(t, admin, b, upstream.Database) == 0 })
	if err := timed.PingContext(t.Context()); err != nil {
		note("a ping: %v", err)
	}
	probe, err := net.DialTimeout("tcp", behind.Addr(), time.Second)
	if err != nil {
		return wrong, true
	}
	return wrong, probe.Close() != nil
}

// TestAStatementThatWaitsInAPoolerIsNotRunOnceItsTimeIsOver: what the caller hears
// of it has to be true when the pooler has a session again.
func TestAStatementThatWaitsInAPoolerIsNotRunOnceItsTimeIsOver(t *testing.T) {
	for _, b := range networkBackends[:2] {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			upstream := dbtest.Postgres(t).NewDatabase(t)
			behind := dbtest.StartPgBouncer(t, upstream, dbtest.PoolTransaction, "default_pool_size=1")
			// A connection that has rested is asked first, which waits in the pooler, too.
			timed := b.fluxor(t, behind.Target, "fluxor_query_timeout=150ms", "fluxor_validation_timeout=300ms", "fluxor_cb_max_failures=0")
			direct := b.raw(t, upstream)
			mustExec(t, direct, "create table w (n int)")
			for n := range 5 {
				holder, err := b.raw(t, behind.Target).BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				mustExec(t, holder, "select 1")
				start := time.Now()
				_, err = timed.ExecContext(t.Context(), fmt.Sprintf("insert into w values (%d)", n))
				if took := time.Since(start); err == nil || took > 2*time.Second {
					t.Errorf("after %v: %v", took, err)
				}
				if err := holder.Rollback(); err != nil {
					t.Error(err)
				}
				if _, err := timed.ExecContext(t.Context(), "select 1"); err != nil {
					t.Error(err)
				}
				rows := 0
				if got := direct.QueryRowContext(t.Context(), "select count(*) from w where n = $1", n).Scan(&rows); got != nil {
					t.Error(got)
				}
				if rows > 0 && !isIndeterminate(err) {
					t.Errorf("it took effect, and the caller heard %v", err)
				}
			}
		})
	}
}
