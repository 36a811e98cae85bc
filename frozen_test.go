// This file freezes real servers and proves that every kind of call comes back.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// frozenCall is one kind of call on a server that stopped answering. ready
// runs while the server still answers, call when it does not.
type frozenCall struct {
	name  string
	ready func(t *testing.T, db *sql.DB) any
	call  func(ctx context.Context, db *sql.DB, with any) error
}

// heldConn returns a sql.Conn that holds a connection until the test ends.
func heldConn(t *testing.T, db *sql.DB) any {
	c, err := db.Conn(t.Context())
	if err == nil {
		err = c.PingContext(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func frozenCalls(arg, slow string) []frozenCall {
	conn := heldConn
	return []frozenCall{
		{"Query", conn, func(ctx context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Conn).QueryRowContext(ctx, "select 1").Scan(new(int))
		}},
		{"QueryArgs", conn, func(ctx context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Conn).QueryRowContext(ctx, arg, 1).Scan(new(int))
		}},
		{"Exec", conn, func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Conn).ExecContext(ctx, "create table never (n int)")
			return err
		}},
		{"Ping", conn, func(ctx context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Conn).PingContext(ctx)
		}},
		{"Prepare", conn, func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Conn).PrepareContext(ctx, arg)
			return err
		}},
		{"Begin", conn, func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Conn).BeginTx(ctx, nil)
			return err
		}},
		{"NewConnection", func(*testing.T, *sql.DB) any { return nil }, func(ctx context.Context, db *sql.DB, _ any) error {
			_, err := db.ExecContext(ctx, "select 1")
			return err
		}},
		{"Prepared", func(t *testing.T, db *sql.DB) any {
			st, err := conn(t, db).(*sql.Conn).PrepareContext(t.Context(), arg)
			if err != nil {
				t.Fatal(err)
			}
			return st
		}, func(ctx context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Stmt).QueryRowContext(ctx, 1).Scan(new(int))
		}},
		{"Next", func(t *testing.T, db *sql.DB) any {
			return conn(t, db)
		}, func(ctx context.Context, _ *sql.DB, with any) error {
			rows, err := with.(*sql.Conn).QueryContext(ctx, slow)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		}},
	}
}

// limit is when a call bounded by a context of one second must be back.
const (
	frozenContext = time.Second
	frozenLimit   = 1250 * time.Millisecond
)

func TestEveryCallOnAFrozenServerReturns(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.Target)
			calls := frozenCalls(b.arg, b.slow)
			with := make([]any, len(calls))
			for i, c := range calls {
				with[i] = c.ready(t, db)
			}
			s.Freeze(t)
			defer s.Thaw()
			var wg sync.WaitGroup
			for i, c := range calls {
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), frozenContext)
					defer cancel()
					start := time.Now()
					err := c.call(ctx, db, with[i])
					took := time.Since(start)
					t.Logf("%-14s %7s %v", c.name, took.Round(time.Millisecond), err)
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s: err = %v, want one that is the context's", c.name, err)
					}
					if took > frozenLimit {
						t.Errorf("%s took %s, want at most %s", c.name, took, frozenLimit)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestCallsWithoutContextOnAFrozenServerAreBounded(t *testing.T) {
	const bound = time.Second
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.Target, "fluxor_network_timeout=1s", "fluxor_close_timeout=1s", "fluxor_connection_timeout=1s")
			ctx := context.Background()
			calls := frozenCalls(b.arg, b.slow)
			with := make([]any, len(calls))
			for i, c := range calls {
				with[i] = c.ready(t, db)
			}
			commit, rollback := begin(t, db), begin(t, db)
			rows := openRows(t, db, b.many)
			s.Freeze(t)
			defer s.Thaw()
			var wg sync.WaitGroup
			within := func(name string, f func() error, want error) {
				wg.Go(func() {
					start := time.Now()
					err := f()
					took := time.Since(start)
					t.Logf("%-14s %7s %v", name, took.Round(time.Millisecond), err)
					if want != nil && !errors.Is(err, want) {
						t.Errorf("%s: err = %v, want %v", name, err, want)
					}
					if took > bound+time.Second/2 {
						t.Errorf("%s took %s, want about %s", name, took, bound)
					}
				})
			}
			for i, c := range calls {
				want := fluxor.ErrNetworkTimeout
				if c.name == "NewConnection" {
					want = nil // the driver's own words for a dial that took too long
				}
				within(c.name, func() error { return c.call(ctx, db, with[i]) }, want)
			}
			within("Commit", commit.Commit, fluxor.ErrNetworkTimeout)
			within("Rollback", rollback.Rollback, nil)
			within("RowsClose", rows.Close, nil)
			wg.Wait()
			within("DBClose", db.Close, nil)
			wg.Wait()
		})
	}
}

func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func openRows(t *testing.T, db *sql.DB, query string) *sql.Rows {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil || !rows.Next() {
		t.Fatal(err, rows.Err())
	}
	return rows
}

func TestACommitWhoseAnswerIsLostIsIndeterminate(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.Target, "fluxor_network_timeout=300ms")
			tx := begin(t, db)
			s.Freeze(t)
			err := tx.Commit()
			s.Thaw()
			var lost *fluxor.IndeterminateError
			if !errors.As(err, &lost) || !errors.Is(err, fluxor.ErrNetworkTimeout) {
				t.Errorf("err = %v, want an indeterminate one", err)
			}
			if err := db.PingContext(t.Context()); err != nil {
				t.Errorf("after the thaw: %v", err)
			}
		})
	}
}
