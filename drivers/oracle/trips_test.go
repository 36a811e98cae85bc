//go:build unix && cgo

// This file counts the round trips of each operation, beside the bare driver's.

package oracle_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// operations are what an application does, on a connection that is open.
var operations = []struct {
	name string
	do   func(ctx context.Context, db *sql.DB) error
}{
	{"query of one row", func(ctx context.Context, db *sql.DB) error {
		var n int
		return db.QueryRowContext(ctx, "select n from w where n = :1", 1).Scan(&n)
	}},
	{"query of 343 rows", func(ctx context.Context, db *sql.DB) error {
		rows, err := db.QueryContext(ctx, "select a.n from w a, w b, w c")
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
		}
		return rows.Err()
	}},
	{"statement", func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, "update w set n = n where n = :1", 1)
		return err
	}},
	{"prepared query, three times", func(ctx context.Context, db *sql.DB) error {
		st, err := db.PrepareContext(ctx, "select n from w where n = :1")
		if err != nil {
			return err
		}
		defer st.Close() //nolint:errcheck // it was run
		for range 3 {
			var n int
			if err := st.QueryRowContext(ctx, 1).Scan(&n); err != nil {
				return err
			}
		}
		return nil
	}},
	{"transaction of one statement", func(ctx context.Context, db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "update w set n = n where n = :1", 1); err != nil {
			return err
		}
		return tx.Commit()
	}},
	{"transaction rolled back", func(ctx context.Context, db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		return tx.Rollback()
	}},
	{"ping", func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) }},
}

// opsOf are the operations of round trips, but for those that are none.
func opsOf(trips []dbtest.Trip) (ops []string) {
	for _, trip := range trips {
		if trip.Op != "cached" {
			ops = append(ops, trip.Op)
		}
	}
	return ops
}

func TestEachOperationCostsTheRoundTripsOfTheBareDriver(t *testing.T) {
	for _, op := range operations {
		for _, bounded := range []bool{false, true} {
			sent := map[string][]string{}
			for _, driver := range []string{"godror", "oracle-fluxor"} {
				d := dbtest.Oracle(t)
				db, err := sql.Open(driver, d.Logfmt("standaloneConnection=1"))
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close() //nolint:errcheck // the round trips are what counts
				db.SetMaxOpenConns(1)
				mustExec(t, db, "create table w (n number(9))")
				for i := range 7 {
					mustExec(t, db, "insert into w values (:1)", i)
				}
				ctx := t.Context()
				if bounded {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Minute)
					defer cancel()
				}
				trips := d.Trips(t)
				if err := op.do(ctx, db); err != nil {
					t.Fatal(err)
				}
				sent[driver] = opsOf(trips())
			}
			if !slices.Equal(sent["godror"], sent["oracle-fluxor"]) {
				t.Errorf("%s (bounded %t): bare %q, Fluxor %q", op.name, bounded, sent["godror"], sent["oracle-fluxor"])
			}
			t.Logf("%-30s bare %d, Fluxor %d: %s", op.name, len(sent["godror"]), len(sent["oracle-fluxor"]), strings.Join(sent["oracle-fluxor"], " "))
		}
	}
}

func TestANewConnectionCostsTheRoundTripsOfTheBareDriver(t *testing.T) {
	sent := map[string][]string{}
	for _, driver := range []string{"godror", "oracle-fluxor"} {
		d := dbtest.Oracle(t)
		db, err := sql.Open(driver, d.Logfmt("standaloneConnection=1"))
		if err != nil {
			t.Fatal(err)
		}
		trips := d.Trips(t)
		var n int
		if err := db.QueryRowContext(t.Context(), "select 1 from dual").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		sent[driver] = opsOf(trips())
	}
	if !slices.Equal(sent["godror"], sent["oracle-fluxor"]) {
		t.Errorf("bare %q, Fluxor %q", sent["godror"], sent["oracle-fluxor"])
	}
	t.Logf("open, one query, close: bare %d, Fluxor %d: %s", len(sent["godror"]), len(sent["oracle-fluxor"]), strings.Join(sent["oracle-fluxor"], " "))
}

func TestAnIdleConnectionIsPingedOnceAtMost(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt("fluxor_validation_idle=50ms"))
	var n int
	ask := func() {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), "select 1 from dual").Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	trips := d.Trips(t)
	for range 20 {
		ask()
	}
	if pings := slices.DeleteFunc(opsOf(trips()), func(op string) bool { return op != "ping" }); len(pings) > 1 {
		t.Errorf("20 queries in a row sent %d pings", len(pings))
	}
	<-time.After(1200 * time.Millisecond) // the pool looks at its clock once a second
	trips()
	ask()
	if got := opsOf(trips()); !slices.Equal(got, []string{"ping", "execute", "fetch"}) {
		t.Errorf("after a rest: %q, want one ping and the query", got)
	}
}
