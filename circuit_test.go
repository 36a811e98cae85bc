// This file drives the circuit breaker on real servers: it opens for a sick database, never for a caller's mistake, and closes when the database is well.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// guarded opens target with a breaker that opens after five failures in a row.
func (b networkBackend) guarded(t testing.TB, target dbtest.Target, params ...string) *sql.DB {
	t.Helper()
	params = append([]string{"fluxor_cb_failure_time=0", "fluxor_max_retries=0", "fluxor_cb_reset_timeout=1s", "fluxor_cb_half_open_timeout=1s"}, params...)
	return b.fluxor(t, target, params...)
}

func TestTheBreakerOpensForAFrozenServerAndClosesWhenItThaws(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.start(t, dbtest.Options{})
			db := b.guarded(t, s.Target)
			mustExec(t, db, "create table w (n int)")
			s.Freeze(t)
			defer s.Thaw()
			start := time.Now()
			var open error
			for range 10 {
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				_, err := db.ExecContext(ctx, "insert into w values (1)")
				cancel()
				if errors.Is(err, fluxor.ErrCircuitOpen) {
					open = err
					break
				}
			}
			var refused *fluxor.RefusalError
			if !errors.As(open, &refused) || refused.RetryAfter <= 0 || time.Since(start) > 4*time.Second {
				t.Fatalf("after %v: %v", time.Since(start), open)
			}
			fast := time.Now()
			if _, err := db.ExecContext(t.Context(), "insert into w values (1)"); !errors.Is(err, fluxor.ErrCircuitOpen) || time.Since(fast) > 50*time.Millisecond {
				t.Errorf("while it is open: %v after %v", err, time.Since(fast))
			}
			s.Thaw()
			thawed := time.Now()
			waitUntil(t, "the breaker closes", func() bool {
				_, err := db.ExecContext(t.Context(), "select 1")
				return err == nil
			})
			if took := time.Since(thawed); took > 3*time.Second {
				t.Errorf("it closed %v after the server was well", took)
			}
		})
	}
}

func TestNoMistakeOfACallersOpensTheBreaker(t *testing.T) {
	mistakes := map[string]func(*testing.T, networkBackend, *sql.DB) error{
		"unique violations": func(t *testing.T, _ networkBackend, db *sql.DB) error {
			_, err := db.ExecContext(t.Context(), "insert into u values (1)")
			return err
		},
		"syntax errors": func(t *testing.T, _ networkBackend, db *sql.DB) error {
			_, err := db.ExecContext(t.Context(), "selct 1")
			return err
		},
		"cancels": func(t *testing.T, b networkBackend, db *sql.DB) error {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(5*time.Millisecond, cancel)
			_, err := db.ExecContext(ctx, b.slow)
			return err
		},
		"wrong arguments": func(t *testing.T, b networkBackend, db *sql.DB) error {
			return db.QueryRowContext(t.Context(), b.arg, 1, 2, 3).Scan(new(int))
		},
	}
	for _, b := range networkBackends {
		for name, mistake := range mistakes {
			t.Run(b.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				db := b.guarded(t, b.share(t).NewDatabase(t))
				mustExec(t, db, "create table u (n int primary key)")
				mustExec(t, db, "insert into u values (1)")
				for i := range 30 {
					if err := mistake(t, b, db); err == nil || errors.Is(err, fluxor.ErrCircuitOpen) {
						t.Fatalf("mistake %d: %v", i, err)
					}
				}
				if _, err := db.ExecContext(t.Context(), "select 1"); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestAHeldLeaseIsNeverRefused(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target, _, proxy := b.behindProxy(t, "n int")
			db := b.guarded(t, target)
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, tx, "insert into w values (1)")
			_ = proxy.Close() // what is connected stays
			waitUntil(t, "the breaker opens", func() bool {
				_, err := db.ExecContext(t.Context(), "select 1")
				return errors.Is(err, fluxor.ErrCircuitOpen)
			})
			if err := tx.Commit(); errors.Is(err, fluxor.ErrCircuitOpen) {
				t.Errorf("a commit was refused: %v", err)
			}
		})
	}
}

func TestAnExhaustedPoolIsNoSickDatabase(t *testing.T) {
	for _, b := range networkBackends {
		for name, bound := range map[string]time.Duration{"by the context": 50 * time.Millisecond, "by the acquire timeout": time.Minute} {
			t.Run(b.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				db := b.guarded(t, b.share(t).NewDatabase(t), "fluxor_max_open_conns=1", "fluxor_acquire_timeout=100ms")
				tx, err := db.BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				for i := range 12 {
					ctx, cancel := context.WithTimeout(t.Context(), bound)
					_, err := db.ExecContext(ctx, "select 1")
					cancel()
					if err == nil || errors.Is(err, fluxor.ErrCircuitOpen) {
						t.Fatalf("wait %d: %v", i, err)
					}
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
				if _, err := db.ExecContext(t.Context(), "select 1"); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// sessions counts the sessions in a database, as the administrator.
func (b networkBackend) sessions(t *testing.T, admin *sql.DB, database string) (n int) {
	t.Helper()
	count := "select count(*) from pg_stat_activity where datname = $1"
	if b.name == "mysql" {
		count = "select count(*) from information_schema.processlist where db = ?"
	}
	if err := admin.QueryRowContext(t.Context(), count, database).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheProbesSessionIsGoneSomeTimeAfterRecovery(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target, direct, proxy := b.behindProxy(t, "n int")
			_ = direct.Close()
			admin := b.share(t).Admin(t)
			db := b.guarded(t, target, "fluxor_max_idle_conns=0")
			c := poolOf(t, db)
			fluxor.RestProber(c, 300*time.Millisecond)
			proxy.Blackhole(faultproxy.Both)
			waitUntil(t, "the breaker opens", func() bool { return errors.Is(bounded(t, db, "select 1"), fluxor.ErrCircuitOpen) })
			proxy.Pass()
			waitUntil(t, "the breaker closes", func() bool { return c.CircuitBreakerState() == "closed" })
			waitUntil(t, "no session is left", func() bool { return b.sessions(t, admin, target.Database) == 0 })
			mustExec(t, db, "insert into w values (1)")
		})
	}
}

func TestCallersWhoWaitForEachOtherDoNotMakeTheDatabaseSlow(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.guarded(t, b.share(t).NewDatabase(t), "fluxor_max_open_conns=1", "fluxor_cb_slow_rate=50", "fluxor_cb_slow_call=200ms")
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var waiting sync.WaitGroup
			for range 25 {
				waiting.Go(func() {
					if _, err := db.ExecContext(t.Context(), "select 1"); err != nil {
						t.Error(err)
					}
				})
			}
			c := poolOf(t, db)
			waitUntil(t, "all wait", func() bool { return c.PoolStats().Waiting == 25 })
			<-time.After(300 * time.Millisecond) // longer than a slow call
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			waiting.Wait()
			if state := c.CircuitBreakerState(); state != "closed" {
				t.Errorf("the breaker is %s", state)
			}
			for range 30 {
				_, _ = db.ExecContext(t.Context(), nap(b))
			}
			if state := c.CircuitBreakerState(); state == "closed" {
				t.Error("a slow database leaves it closed")
			}
		})
	}
}

func TestAnOpenBreakerDoesNotPushItsReasonOutOfTheLastErrors(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target, _, proxy := b.behindProxy(t, "n int")
			_ = proxy.Close() // nothing listens any more
			db := b.guarded(t, target)
			for refused := 0; refused < 50; {
				if _, err := db.ExecContext(t.Context(), "select 1"); errors.Is(err, fluxor.ErrCircuitOpen) {
					refused++
				}
			}
			list := poolOf(t, db).LastErrors()
			if len(list) == 0 || !strings.Contains(list[0].Text, "refused") || strings.Contains(list[0].Text, "circuit breaker") {
				t.Errorf("got %+v", list)
			}
		})
	}
}

// nap is a statement of 300 ms.
func nap(b networkBackend) string {
	if b.name == "mysql" {
		return "do sleep(0.3)"
	}
	return "select pg_sleep(0.3)"
}
