//go:build unix && cgo

// This file tests how calls end in time: by the server call's timeout, broken off, or left behind.

package oracle_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// late is the most that a call may outlive its context: DESIGN's quarter of a
// second, and what a busy machine adds.
const late = 250*time.Millisecond + 500*time.Millisecond

// kinds are the calls that go to the server, under a context.
var kinds = map[string]struct {
	writes bool
	call   func(ctx context.Context, db *sql.DB) error
}{
	"query": {false, func(ctx context.Context, db *sql.DB) error {
		var n int
		return db.QueryRowContext(ctx, "select 1 from dual").Scan(&n)
	}},
	"query with an argument": {false, func(ctx context.Context, db *sql.DB) error {
		var n int
		return db.QueryRowContext(ctx, "select :1 from dual", 5).Scan(&n)
	}},
	"exec": {true, func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, "insert into w values (:1)", 7)
		return err
	}},
	"ping": {false, func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) }},
	"begin": {false, func(ctx context.Context, db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err == nil {
			err = tx.Rollback()
		}
		return err
	}},
}

// fluxorOn opens a database under Fluxor, which the test closes.
func fluxorOn(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("oracle-fluxor", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// pool is what Fluxor knows of db's physical connections.
func pool(t testing.TB, db *sql.DB) fluxor.PoolStats {
	t.Helper()
	c, err := fluxor.FromDB(db)
	if err != nil {
		t.Fatal(err)
	}
	return c.PoolStats()
}

// waitUntil fails the test when cond does not become true.
func waitUntil(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !cond(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// ending returns a context that ends soon, by its deadline or cancelled.
func ending(t testing.TB, cancelled bool) context.Context {
	t.Helper()
	const soon = 300 * time.Millisecond
	if !cancelled {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		t.Cleanup(cancel)
		return ctx
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(soon, cancel)
	return ctx
}

// inTime makes a call and checks that it fails with the context's end.
func inTime(t *testing.T, ctx context.Context, db *sql.DB, call func(context.Context, *sql.DB) error) error { //nolint:revive // t comes first in tests
	t.Helper()
	ended := make(chan time.Time, 1)
	stop := context.AfterFunc(ctx, func() { ended <- time.Now() })
	defer stop()
	err := call(ctx, db)
	now := time.Now()
	if !errors.Is(err, ctx.Err()) || ctx.Err() == nil {
		t.Errorf("got %v, want %v", err, ctx.Err())
		return err
	}
	if over := now.Sub(<-ended); over > late {
		t.Errorf("it returned %v after its context's end", over)
	}
	return err
}

func TestACallOnASlowServerEndsWithItsContext(t *testing.T) {
	for name, kind := range kinds {
		for _, cancelled := range []bool{false, true} {
			t.Run(name+map[bool]string{false: " by deadline", true: " cancelled"}[cancelled], func(t *testing.T) {
				t.Parallel()
				d := dbtest.Oracle(t)
				db := fluxorOn(t, d.Logfmt("fluxor_max_open_conns=1"))
				mustExec(t, db, "create table w (n number(9))")
				trips := d.Trips(t)
				d.Faults(t, "execute delay=20000", "ping delay=20000")
				err := inTime(t, ending(t, cancelled), db, kind.call)
				var lost *fluxor.IndeterminateError
				if unknown := kind.writes && !cancelled; errors.As(err, &lost) != unknown {
					t.Errorf("got %T %v; the outcome is unknown: %t", err, err, unknown)
				}
				if !kind.writes && err != context.Canceled && err != context.DeadlineExceeded { //nolint:errorlint // as the bare driver says it
					t.Errorf("got %T %v, want the context's own error", err, err)
				}
				broke := false
				for _, trip := range trips() {
					broke = broke || trip.Op == "break"
				}
				if broke != cancelled {
					t.Errorf("broken off: %t; a deadline ends a call by its own timeout", broke)
				}
				d.Faults(t)
				var rows int
				if err := db.QueryRowContext(t.Context(), "select count(*) from w").Scan(&rows); err != nil || rows != 0 {
					t.Errorf("%d rows afterwards, %v", rows, err)
				}
				if n := pool(t, db).Dials; n != 1 {
					t.Errorf("%d connections; the client brought the first one back into order", n)
				}
			})
		}
	}
}

func TestACallThatDoesNotReturnIsLeftBehind(t *testing.T) {
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Oracle(t)
			db := fluxorOn(t, d.Logfmt("fluxor_max_open_conns=1", "fluxor_acquire_timeout=300ms"))
			mustExec(t, db, "create table w (n number(9))")
			d.Faults(t, "execute hang=60000", "ping hang=60000")
			err := inTime(t, ending(t, false), db, kind.call)
			var lost *fluxor.IndeterminateError
			if errors.As(err, &lost) != kind.writes {
				t.Errorf("got %T %v; it writes: %t", err, err, kind.writes)
			}
			if n := pool(t, db); n.Closing != 1 || n.Open != 0 {
				t.Errorf("%+v, want the connection of the stuck call to count", n)
			}
			if err := db.PingContext(t.Context()); !errors.Is(err, fluxor.ErrAcquireTimeout) {
				t.Errorf("beside the stuck call: %v", err)
			}
			d.Faults(t) // ends the stuck call
			waitUntil(t, "the stuck call's connection is closed", func() bool { return pool(t, db).Closing == 0 })
			if err := db.PingContext(t.Context()); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestAFetchThatDoesNotReturnIsLeftBehind(t *testing.T) {
	for _, how := range []string{"hang=60000", "delay=60000"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Oracle(t)
			db := fluxorOn(t, d.Logfmt())
			mustExec(t, db, "create table w (n number(9))")
			for i := range 150 { // more than a driver fetches at once
				mustExec(t, db, "insert into w values (:1)", i)
			}
			err := inTime(t, ending(t, false), db, func(ctx context.Context, db *sql.DB) error {
				rows, err := db.QueryContext(ctx, "select n from w")
				if err != nil {
					return err
				}
				defer rows.Close() //nolint:errcheck // Err tells
				for rows.Next() {
					var n int
					if err := rows.Scan(&n); err != nil {
						return err
					}
					d.Faults(t, "fetch "+how)
				}
				return rows.Err()
			})
			if err == nil {
				t.Error("no error")
			}
			d.Faults(t)
			waitUntil(t, "the connection is closed", func() bool { return pool(t, db).Closing == 0 })
			var n int
			if err := db.QueryRowContext(t.Context(), "select count(*) from w").Scan(&n); err != nil || n != 150 {
				t.Errorf("afterwards: %d, %v", n, err)
			}
		})
	}
}

func TestACommitThatDoesNotReturnHasAnUnknownOutcome(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt("fluxor_network_timeout=500ms", "fluxor_close_timeout=500ms"))
	mustExec(t, db, "create table w (n number(9))")
	for name, end := range map[string]func(*sql.Tx) error{"commit": (*sql.Tx).Commit, "rollback": (*sql.Tx).Rollback} {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "insert into w values (1)"); err != nil {
			t.Fatal(err)
		}
		d.Faults(t, name+" hang=60000")
		start := time.Now()
		err = end(tx)
		if took := time.Since(start); took > 500*time.Millisecond+late {
			t.Errorf("%s returned after %v", name, took)
		}
		var lost *fluxor.IndeterminateError
		if errors.As(err, &lost) != (name == "commit") || err == nil {
			t.Errorf("%s: %T %v", name, err, err)
		}
		d.Faults(t)
	}
}

// inherited makes two calls, of which the first has a deadline that is over by
// the time the second ends.
var inherited = map[string]func(ctx context.Context, d *dbtest.OracleDatabase, db *sql.DB, t *testing.T) error{
	"a statement": func(ctx context.Context, _ *dbtest.OracleDatabase, db *sql.DB, t *testing.T) error {
		if _, err := db.ExecContext(ctx, "insert into w values (1)"); err != nil {
			t.Fatal(err)
		}
		_, err := db.ExecContext(t.Context(), "insert /*ocisim delay=600 */ into w values (2)")
		return err
	},
	"a commit": func(ctx context.Context, d *dbtest.OracleDatabase, db *sql.DB, t *testing.T) error {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(ctx, "insert into w values (3)"); err != nil {
			t.Fatal(err)
		}
		d.Faults(t, "commit delay=600")
		defer d.Faults(t)
		return tx.Commit()
	},
}

// TestACallDoesNotInheritATimeout shows a fault of the bare driver beside: after
// a statement without rows its call timeout stays on the connection.
func TestACallDoesNotInheritATimeout(t *testing.T) {
	for name, calls := range inherited {
		for _, driver := range []string{"godror", "oracle-fluxor"} {
			t.Run(name+" under "+driver, func(t *testing.T) {
				d := dbtest.Oracle(t)
				db, err := sql.Open(driver, d.Logfmt("standaloneConnection=1"))
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close() //nolint:errcheck // the test is about calls
				db.SetMaxOpenConns(1)
				mustExec(t, db, "create table w (n number(9))")
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				err = calls(ctx, d, db, t)
				if inherits := driver == "godror"; (err != nil) != inherits {
					t.Errorf("got %v; the call inherits the timeout: %t", err, inherits)
				}
			})
		}
	}
}

func TestADialThatDoesNotReturnIsCountedAndItsConnectionClosed(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt("fluxor_max_open_conns=1", "fluxor_connection_timeout=300ms", "fluxor_acquire_timeout=500ms"))
	d.Faults(t, "connect hang=60000")
	if err := db.PingContext(t.Context()); err == nil {
		t.Fatal("a ping without a server")
	}
	waitUntil(t, "the dial is given up", func() bool { return pool(t, db).Orphans == 1 })
	if err := db.PingContext(t.Context()); !errors.Is(err, fluxor.ErrAcquireTimeout) {
		t.Errorf("beside the dial: %v", err)
	}
	d.Faults(t)
	waitUntil(t, "the dial returns and its connection is closed", func() bool {
		n := pool(t, db)
		return n.Orphans == 0 && n.Closing == 0
	})
	if err := db.PingContext(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestALeftCallDoesNotWriteToItsCaller would be a data race.
func TestALeftCallDoesNotWriteToItsCaller(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt())
	mustExec(t, db, "create table w (n number(9))")
	d.Faults(t, "execute hang=60000")
	var id int64 = -1
	ctx := ending(t, false)
	_, err := db.ExecContext(ctx, "begin :1 := 5; end;", sql.Out{Dest: &id})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	d.Faults(t)
	waitUntil(t, "the stuck call returns", func() bool {
		id--
		return pool(t, db).Closing == 0
	})
	if id >= 0 {
		t.Errorf("the call that was left wrote %d", id)
	}
	if _, err := db.ExecContext(t.Context(), "begin :1 := 5; end;", sql.Out{Dest: &id}); err != nil || id != 5 {
		t.Errorf("%d, %v", id, err)
	}
}

// The session ends a second and a half into the statement: an administrator may
// have ended it for the statement's sake.
func TestAKilledStatementDoesNotComeBack(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt())
	mustExec(t, db, "create table w (n number(9))")
	trips := d.Trips(t)
	d.Faults(t, "execute delay=1500 error=28 count=1")
	var n int
	if err := db.QueryRowContext(t.Context(), "select 1 from dual").Scan(&n); err == nil {
		t.Error("the killed statement succeeded")
	}
	if sent := opsOf(trips()); strings.Count(strings.Join(sent, " "), "execute") != 1 {
		t.Errorf("it was sent and sent again: %q", sent)
	}
}

func TestAReadOnASessionThatHadEndedRunsOnAnother(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt())
	mustExec(t, db, "create table w (n number(9))")
	for range 20 {
		d.Faults(t, "kill")
		var n int
		if err := db.QueryRowContext(t.Context(), "select 1 from dual").Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
}
