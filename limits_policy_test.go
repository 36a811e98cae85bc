// This file tests the limits on operations: how many at once, how many per second, and that a place is given back whatever happens.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
)

// crowded opens a database that admits two operations at once.
func crowded(t *testing.T, params ...string) (networkBackend, *sql.DB) {
	t.Helper()
	b := networkBackends[0]
	db := b.fluxor(t, b.share(t).NewDatabase(t), append([]string{"fluxor_max_concurrent_connections=2"}, params...)...)
	mustExec(t, db, "create table w (n int primary key)")
	return b, db
}

// hold keeps n leases.
func hold(t *testing.T, db *sql.DB, n int) (letGo func()) {
	t.Helper()
	var all []*sql.Rows
	for range n {
		rows, err := db.QueryContext(t.Context(), "select 1")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rows)
	}
	return func() {
		for _, rows := range all {
			_ = rows.Close()
		}
	}
}

func TestTooManyOperationsAtOnceAreRefusedOrWait(t *testing.T) {
	for mode, wait := range map[string]time.Duration{"reject": 0, "timeout": 300 * time.Millisecond} {
		t.Run(mode, func(t *testing.T) {
			_, db := crowded(t, "fluxor_backpressure_mode="+mode, "fluxor_backpressure_timeout=300ms")
			letGo := hold(t, db, 2)
			start := time.Now()
			err := db.QueryRowContext(t.Context(), "select 1").Scan(new(int))
			took := time.Since(start)
			var refused *fluxor.RefusalError
			if !errors.Is(err, fluxor.ErrOverloaded) || !errors.As(err, &refused) || refused.RetryAfter <= 0 {
				t.Errorf("got %v", err)
			}
			if took < wait || took > wait+200*time.Millisecond {
				t.Errorf("it took %v, want %v", took, wait)
			}
			letGo()
			if err := db.QueryRowContext(t.Context(), "select 1").Scan(new(int)); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestAnOperationOnALeaseNeedsNoPlace(t *testing.T) {
	_, db := crowded(t, "fluxor_backpressure_mode=reject")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer hold(t, db, 1)()
	mustExec(t, tx, "insert into w values (1)")
	st, err := tx.PrepareContext(t.Context(), "insert into w values ($1)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.ExecContext(t.Context(), 2); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
}

func TestAPlaceIsGivenBackWhateverHappens(t *testing.T) {
	_, db := crowded(t, "fluxor_backpressure_mode=timeout", "fluxor_backpressure_timeout=20s")
	var failed atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 20 {
				ctx, cancel := context.WithCancel(t.Context())
				switch i % 6 {
				case 0:
					_, _ = db.ExecContext(ctx, "insert into w values (7)")
				case 1:
					time.AfterFunc(2*time.Millisecond, cancel)
					_, _ = db.ExecContext(ctx, "select pg_sleep(1)")
				case 2:
					if tx, err := db.BeginTx(ctx, nil); err == nil {
						_, _ = tx.ExecContext(ctx, "syntax error")
						_ = tx.Rollback()
					}
				case 3:
					if c, err := db.Conn(ctx); err == nil {
						_ = fluxor.Raw(ctx, c, func(any) error { return nil })
						_ = c.Close()
					}
				case 4:
					if rows, err := db.QueryContext(ctx, "select generate_series(1, 10)"); err == nil {
						rows.Next()
						_ = rows.Close()
					}
				default:
					if err := db.QueryRowContext(ctx, "select 1").Scan(new(int)); err != nil {
						failed.Add(1)
					}
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if n := failed.Load(); n > 0 {
		t.Errorf("%d of the plain queries failed", n)
	}
	defer hold(t, db, 2)() // both places are there
}

func TestOperationsPerSecondAreLimited(t *testing.T) {
	b := networkBackends[0]
	db := b.fluxor(t, b.share(t).NewDatabase(t), "fluxor_max_requests_per_sec=10", "fluxor_rate_limit_burst=5", "fluxor_backpressure_mode=reject")
	var ok, refused int
	for range 50 {
		_, err := db.ExecContext(t.Context(), "select 1")
		var r *fluxor.RefusalError
		switch {
		case err == nil:
			ok++
		case errors.Is(err, fluxor.ErrRateLimited) && errors.As(err, &r) && r.RetryAfter > 0:
			refused++
		default:
			t.Fatal(err)
		}
	}
	if ok < 5 || ok > 20 || refused == 0 {
		t.Errorf("%d passed, %d were refused", ok, refused)
	}
}

func TestWhereNobodyMayWaitTheNextIsRefusedAtOnce(t *testing.T) {
	for name, row := range map[string]struct {
		limit string
		want  error
	}{
		"at once":    {"fluxor_max_concurrent_connections=1", fluxor.ErrOverloaded},
		"per second": {"fluxor_max_requests_per_sec=1", fluxor.ErrRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			b := networkBackends[0]
			db := b.fluxor(t, b.share(t).NewDatabase(t), row.limit, "fluxor_backpressure_mode=block", "fluxor_backpressure_queue=0")
			letGo := hold(t, db, 1)
			defer letGo()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			start := time.Now()
			if _, err := db.ExecContext(ctx, "select 1"); !errors.Is(err, row.want) || time.Since(start) > time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
	}
}

// TestAPanicGivesItsPlaceBack: database/sql never takes a connection back whose
// driver panicked in a query.
func TestAPanicGivesItsPlaceBack(t *testing.T) {
	calls := map[string]func(context.Context, *sql.DB) error{
		"exec":  func(ctx context.Context, db *sql.DB) error { _, err := db.ExecContext(ctx, "x"); return err },
		"query": func(ctx context.Context, db *sql.DB) error { return db.QueryRowContext(ctx, "x").Scan(new(int)) },
		"begin": func(ctx context.Context, db *sql.DB) error { _, err := db.BeginTx(ctx, nil); return err },
		"ping":  func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) },
		"prepare": func(ctx context.Context, db *sql.DB) error {
			_, err := db.PrepareContext(ctx, "x")
			return err
		},
	}
	for _, where := range []string{"driver", "middleware before", "middleware after"} {
		for name, call := range calls {
			t.Run(where+"/"+name, func(t *testing.T) {
				var sick atomic.Bool
				boom := func(at string) {
					if sick.Load() && at == where {
						panic("boom")
					}
				}
				fake := &dbtest.Fake{OnCall: func(_ context.Context, _ int, call string) error {
					if call != "reset" {
						boom("driver")
					}
					return nil
				}}
				cfg := fluxor.RuntimeConfig{MaxConcurrentConnections: 1, BackpressureMode: "reject"}
				cfg.Middleware = []middleware.Middleware{func(next middleware.Handler) middleware.Handler {
					return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
						boom("middleware before")
						err := next.Handle(ctx, c)
						boom("middleware after")
						return err
					})
				}}
				db, _ := wrap(t, fake, cfg)
				for range 3 {
					sick.Store(true)
					func() {
						defer func() {
							if recover() == nil {
								t.Error("no panic")
							}
						}()
						_ = call(t.Context(), db)
					}()
					sick.Store(false)
					if _, err := db.ExecContext(t.Context(), "y"); err != nil {
						t.Fatalf("afterwards: %v", err)
					}
				}
			})
		}
	}
}
