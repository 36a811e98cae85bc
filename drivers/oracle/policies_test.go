//go:build unix && cgo

// This file tests Fluxor's policies over Oracle: the query timeout, the breaker and the limits.

package oracle_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// TestTheQueryTimeoutEndsACall has a server that is slow, which the library's
// own call timeout ends, and one that has stopped, whose call is left behind.
func TestTheQueryTimeoutEndsACall(t *testing.T) {
	const limit = 300 * time.Millisecond
	for name, kind := range kinds {
		if name == "begin" {
			continue // its transaction outlives it, so that it has no query timeout
		}
		for _, how := range []string{"delay", "hang"} {
			t.Run(name+" with a "+how, func(t *testing.T) {
				t.Parallel()
				d := dbtest.Oracle(t)
				db := fluxorOn(t, d.Logfmt("fluxor_max_open_conns=1", "fluxor_query_timeout=300ms"))
				mustExec(t, db, "create table w (n number(9))")
				d.Faults(t, "execute "+how+"=20000", "ping "+how+"=20000")
				start := time.Now()
				err := kind.call(t.Context(), db)
				if took := time.Since(start); took < limit || took > limit+late {
					t.Errorf("it took %v", took)
				}
				if !errors.Is(err, fluxor.ErrQueryTimeout) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %T %v", err, err)
				}
				var lost *fluxor.IndeterminateError
				if errors.As(err, &lost) != kind.writes {
					t.Errorf("got %T %v; it writes: %t", err, err, kind.writes)
				}
				d.Faults(t)
				var rows int
				err = db.QueryRowContext(t.Context(), "select count(*) from w").Scan(&rows)
				if may := kind.writes && how == "hang"; err != nil || rows != 0 && !may { // a call that was left may take effect
					t.Errorf("%d rows afterwards, %v", rows, err)
				}
			})
		}
	}
}

func TestTheQueryTimeoutEndsAFetchAndNotTheApplicationsPause(t *testing.T) {
	const limit = 300 * time.Millisecond
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt("fluxor_query_timeout=300ms"))
	mustExec(t, db, "create table w (n number(9))")
	for i := range 250 { // more than a driver fetches at once, twice
		mustExec(t, db, "insert into w values (:1)", i)
	}
	rows, err := db.QueryContext(t.Context(), "select n from w")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for i := range 120 {
		if !rows.Next() {
			t.Fatalf("row %d: %v", i, rows.Err())
		}
		if i == 0 {
			<-time.After(limit + 100*time.Millisecond)
		}
	}
	d.Faults(t, "fetch delay=20000")
	n, start := 120, time.Now()
	for rows.Next() {
		n++
	}
	if took := time.Since(start); took < limit || took > limit+late {
		t.Errorf("the fetch ended after %v", took)
	}
	if err := rows.Err(); n >= 250 || !errors.Is(err, fluxor.ErrQueryTimeout) {
		t.Errorf("%d rows, then %T %v", n, err, err)
	}
	d.Faults(t)
	if err := db.PingContext(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestTheBreakerOpensForAStoppedServerAndClosesAfterwards(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt("fluxor_max_open_conns=4", "fluxor_query_timeout=300ms",
		"fluxor_cb_max_failures=3", "fluxor_cb_failure_time=0", "fluxor_cb_reset_timeout=500ms",
		"fluxor_validation_timeout=500ms", "fluxor_acquire_timeout=1s"))
	mustExec(t, db, "create table w (n number(9) primary key)")
	mustExec(t, db, "insert into w values (1)")
	for range 10 { // a verdict on a statement says nothing against the server
		if _, err := db.ExecContext(t.Context(), "insert into w values (1)"); err == nil || errors.Is(err, fluxor.ErrCircuitOpen) {
			t.Fatalf("a duplicate: %v", err)
		}
	}
	d.Faults(t, "execute hang=60000", "ping hang=60000", "connect hang=60000")
	var err error
	for range 6 {
		if err = one(t.Context(), db); errors.Is(err, fluxor.ErrCircuitOpen) {
			break
		}
	}
	if !errors.Is(err, fluxor.ErrCircuitOpen) {
		t.Errorf("after six failures: %T %v", err, err)
	}
	d.Faults(t)
	waitUntil(t, "the breaker is closed", func() bool { return one(t.Context(), db) == nil })
}

func TestALimitRefusesWithTheServerUnasked(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt("fluxor_max_concurrent_connections=1", "fluxor_backpressure_mode=reject"))
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	trips := d.Trips(t)
	if err := one(t.Context(), db); !errors.Is(err, fluxor.ErrOverloaded) {
		t.Errorf("beside a transaction: %v", err)
	}
	if n := len(trips()); n != 0 {
		t.Errorf("%d round trips for what was refused", n)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if err := one(t.Context(), db); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func one(ctx context.Context, db *sql.DB) error {
	var n int
	return db.QueryRowContext(ctx, "select 1 from dual").Scan(&n)
}
