// This file tests the query timeout on real servers: that it ends a call, says so, and leaves nothing running.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// withQueryTimeout opens target under a query timeout.
func (b networkBackend) withQueryTimeout(t testing.TB, target dbtest.Target, limit time.Duration) *sql.DB {
	t.Helper()
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: b.dsn(target), Driver: b.bare, QueryTimeout: limit})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestTheQueryTimeoutEndsAQueryAndLeavesNothingRunning(t *testing.T) {
	const limit = 300 * time.Millisecond
	calls := map[string]func(context.Context, networkBackend, *sql.DB) error{
		"query": func(ctx context.Context, b networkBackend, db *sql.DB) error {
			rows, err := db.QueryContext(ctx, b.slow)
			if err != nil {
				return err
			}
			return drained(rows)
		},
		"exec": func(ctx context.Context, b networkBackend, db *sql.DB) error {
			_, err := db.ExecContext(ctx, b.slow)
			return err
		},
		"prepared": func(ctx context.Context, b networkBackend, db *sql.DB) error {
			st, err := db.PrepareContext(ctx, b.slow)
			if err != nil {
				return err
			}
			defer st.Close() //nolint:errcheck // the query is what counts
			_, err = st.ExecContext(ctx)
			return err
		},
	}
	for _, b := range networkBackends {
		for name, call := range calls {
			for _, cancellable := range []bool{false, true} {
				t.Run(b.name+"/"+name+map[bool]string{true: "/cancellable"}[cancellable], func(t *testing.T) {
					t.Parallel()
					s := b.share(t)
					target := s.NewDatabase(t)
					db := b.withQueryTimeout(t, target, limit)
					mustExec(t, db, "select 1")
					ctx := context.Background()
					if cancellable {
						ctx = t.Context()
					}
					start := time.Now()
					err := call(ctx, b, db)
					took := time.Since(start)
					if !errors.Is(err, fluxor.ErrQueryTimeout) || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got %T %v", err, err)
					}
					if took < limit || took > limit+750*time.Millisecond {
						t.Errorf("it took %v", took)
					}
					admin := s.Admin(t)
					waitUntil(t, "nothing runs on the server", func() bool { return runningOn(t, admin, b, target.Database) == 0 })
					if over := time.Since(start); over > 3*time.Second {
						t.Errorf("the statement ran on for %v", over)
					}
					if err := db.PingContext(t.Context()); err != nil {
						t.Errorf("afterwards: %v", err)
					}
				})
			}
		}
	}
}

func TestTheQueryTimeoutDoesNotCountTheApplicationsTime(t *testing.T) {
	const limit = 400 * time.Millisecond
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.withQueryTimeout(t, b.share(t).NewDatabase(t), limit)
			rows, err := db.QueryContext(t.Context(), b.many)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				if !rows.Next() {
					t.Fatal(rows.Err())
				}
				if i < 2 {
					<-time.After(limit + 100*time.Millisecond)
				}
			}
			if err := drained(rows); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestACallersOwnEndIsNotTheQueryTimeout(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.withQueryTimeout(t, b.share(t).NewDatabase(t), time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := db.ExecContext(ctx, b.slow)
			if err == nil || errors.Is(err, fluxor.ErrQueryTimeout) {
				t.Errorf("got %v", err)
			}
			if _, err := db.ExecContext(t.Context(), "select nothing from nowhere"); err == nil || errors.Is(err, fluxor.ErrQueryTimeout) {
				t.Errorf("got %v", err)
			}
		})
	}
}
