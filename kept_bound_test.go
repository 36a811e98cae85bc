// This file tests that what the statement cache does beside a call is bounded as the call is.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// user is a *sql.DB or a *sql.Conn.
type user interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func TestClosingWhatTheCacheGaveUpEndsWithTheContext(t *testing.T) {
	b := keepingOne("pq")
	const change = "set datestyle to iso"
	ask := func(t *testing.T, on user) {
		for range 3 {
			mustScan(t, on.QueryRowContext(t.Context(), b.arg, 1))
		}
	}
	for name, ready := range map[string]func(*testing.T, *sql.DB) user{
		"when a lease begins": func(t *testing.T, db *sql.DB) user {
			ask(t, db)
			mustExec(t, db, change) // leaves one to close
			return db
		},
		"within a lease": func(t *testing.T, db *sql.DB) user {
			c := held(t, db)
			ask(t, c)
			mustExec(t, c, change)
			ask(t, c) // with the one before, that is more than the cache holds
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := dbtest.StartPostgres(t, dbtest.Options{})
			db := b.fluxor(t, server.NewDatabase(t), "fluxor_stmt_cache_size=1", "fluxor_max_open_conns=1")
			on, late := ready(t, db), lateness(t)
			server.Freeze(t)
			ctx, cancel := withDeadline()
			defer cancel()
			start := time.Now()
			_, err := on.ExecContext(ctx, change)
			if took := time.Since(start) - late(); took > 2*frozenLimit || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("back after %v with %v", took, err)
			}
		})
	}
}
