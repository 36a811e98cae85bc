// This file tests, on real servers, what happens at the limits: a refused login, a full server, a full pool, a query inside a query.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func poolOf(t *testing.T, db *sql.DB) *fluxor.Connector {
	t.Helper()
	c, err := fluxor.FromDB(db)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	const callers = 30
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target := b.share(t).NewDatabase(t)
			db := b.fluxor(t, target.As(target.User, "wrong"))
			bare := b.raw(t, target.As(target.User, "wrong")).PingContext(t.Context())
			errs := make(chan error, callers)
			for range callers {
				go func() { errs <- db.PingContext(t.Context()) }()
			}
			for range callers {
				if err := <-errs; err == nil || fmt.Sprintf("%T", err) != fmt.Sprintf("%T", bare) {
					t.Errorf("got %T (%v), want the driver's own %T (%v)", err, err, bare, bare)
				}
			}
			if n := poolOf(t, db).PoolStats().DialErrors; n != 1 {
				t.Errorf("the login was tried %d times by %d callers, want once", n, callers)
			}
		})
	}
}

func TestAFullServerIsTakenAtItsWord(t *testing.T) {
	const granted, goroutines, rounds = 10, 40, 10
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{MaxConnections: granted})
			db := b.fluxor(t, s.Target)
			db.SetMaxIdleConns(goroutines)
			var failed atomic.Int64
			var wg sync.WaitGroup
			for range goroutines {
				wg.Go(func() {
					for range rounds {
						if err := db.QueryRowContext(t.Context(), "select 1").Scan(new(int)); err != nil {
							failed.Add(1)
							t.Log(err)
						}
					}
				})
			}
			wg.Wait()
			n := poolOf(t, db).PoolStats()
			if failed.Load() != 0 {
				t.Errorf("%d of %d queries failed on a server that grants %d connections", failed.Load(), goroutines*rounds, granted)
			}
			if n.Open > granted {
				t.Errorf("%d connections are open, the server grants %d", n.Open, granted)
			}
			t.Logf("%d goroutines on %d granted connections: 0 errors, %d dials, %d refused", goroutines, granted, n.Dials, n.DialErrors)
		})
	}
}

func TestAFullPoolSaysWhoHoldsIt(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	db := openName(t, "postgres-fluxor", target.URL("fluxor_max_open_conns=1", "fluxor_acquire_timeout=100ms"))
	rows, err := db.QueryContext(t.Context(), "select generate_series(1, 3)")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	_, err = db.ExecContext(t.Context(), "select 1") // the query inside the query
	var refused *fluxor.RefusalError
	if !errors.As(err, &refused) || !errors.Is(err, fluxor.ErrAcquireTimeout) {
		t.Fatalf("err = %v, want a refusal", err)
	}
	for _, want := range []string{"1 open", "limit 1", "limits_test.go:", "this goroutine itself already holds a connection"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err = db.ExecContext(ctx, "select 1"); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, fluxor.ErrAcquireTimeout) {
		t.Errorf("err = %v, want one that is the context's and the pool's", err)
	}
}

func TestARestartOfTheServerIsSurvived(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.Target)
			holdConnections(t, db, 5)
			s.Restart(t)
			for range 20 {
				if err := db.QueryRowContext(t.Context(), "select 1").Scan(new(int)); err != nil {
					t.Fatalf("after the restart: %v", err)
				}
			}
			s.Kill(t)
			if err := db.PingContext(t.Context()); err == nil || errors.Is(err, fluxor.ErrAcquireTimeout) {
				t.Errorf("with the server gone: %v, want the driver's error", err)
			}
			s.Restart(t)
			waitUntil(t, "the database answers again", func() bool { return db.PingContext(t.Context()) == nil })
		})
	}
}
