// This file tests that what the statement cache does beside a call is bounded as the call is.

package fluxor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestClosingWhatTheCacheGaveUpEndsWithTheContext(t *testing.T) {
	const change = "set datestyle to iso"
	b, server := keepingOne("pq"), dbtest.StartPostgres(t, dbtest.Options{})
	db := b.fluxor(t, server.NewDatabase(t), "fluxor_stmt_cache_size=1", "fluxor_max_open_conns=1")
	for range 3 {
		mustScan(t, db.QueryRow(b.arg, 1))
	}
	mustExec(t, db, change) // leaves a statement for the next lease to close
	late := dbtest.Lateness(t)
	server.Freeze(t)
	ctx, cancel := withDeadline()
	defer cancel()
	start := time.Now()
	_, err := db.ExecContext(ctx, change)
	if took := time.Since(start) - late(); took > 2*frozenLimit || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("back after %v with %v", took, err)
	}
}
