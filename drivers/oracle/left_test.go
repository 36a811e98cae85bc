//go:build unix && cgo

// This file tests what may still be called on a connection that a call was left on, and what goes on beside rows.

package oracle_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// returns fails the test when f does not return soon; what hangs is set free by
// the test's end.
func returns(t *testing.T, d *dbtest.OracleDatabase, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		t.Errorf("%s waits for the call that was left", what)
		d.Faults(t)
		<-done
	}
}

// held is a sql.Conn on which a call was left.
func held(t *testing.T, d *dbtest.OracleDatabase, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, c, "begin null; end;")
	d.Faults(t, "execute hang=60000")
	if _, err := c.ExecContext(ending(t, false), "begin null; end;"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return c
}

func TestNothingOfTheDriversIsCalledBesideACallThatWasLeft(t *testing.T) {
	for name, use := range map[string]func(*testing.T, *sql.Conn) error{
		"godror.Raw, version": func(t *testing.T, c *sql.Conn) error {
			return godror.Raw(t.Context(), c, func(g godror.Conn) error { _, err := g.ServerVersion(); return err })
		},
		"godror.Raw, commit": func(t *testing.T, c *sql.Conn) error {
			return godror.Raw(t.Context(), c, godror.Conn.Commit)
		},
		"godror.Raw, prepare": func(t *testing.T, c *sql.Conn) error {
			_, err := godror.DescribeQuery(t.Context(), c, "select 1 from dual")
			return err
		},
		"fluxor.Raw": func(t *testing.T, c *sql.Conn) error {
			return fluxor.Raw(t.Context(), c, func(dc any) error { return dc.(driver.Pinger).Ping(t.Context()) })
		},
		"a statement": func(t *testing.T, c *sql.Conn) error {
			_, err := c.ExecContext(t.Context(), "begin null; end;")
			return err
		},
		"a transaction": func(t *testing.T, c *sql.Conn) error { _, err := c.BeginTx(t.Context(), nil); return err },
		"a ping":        func(t *testing.T, c *sql.Conn) error { return c.PingContext(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Oracle(t)
			db := fluxorOn(t, d.Logfmt("fluxor_max_open_conns=1"))
			c := held(t, d, db)
			defer c.Close()
			returns(t, d, name, func() {
				if err := use(t, c); err == nil {
					t.Error("it succeeded")
				}
			})
			returns(t, d, "the close", func() { _ = c.Close() })
			if n := pool(t, db); n.Closing != 1 {
				t.Errorf("%+v, want the connection to keep its place", n)
			}
			d.Faults(t)
			waitUntil(t, "it is closed", func() bool { return pool(t, db).Closing == 0 })
		})
	}
}

func TestAConnectionWhoseFetchWasLeftKeepsItsPlace(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt("fluxor_max_open_conns=1", "fluxor_acquire_timeout=300ms"))
	mustExec(t, db, "create table w (n number(9))")
	mustExec(t, db, "insert into w values (1)")
	d.Faults(t, "fetch hang=60000")
	var n int
	if err := db.QueryRowContext(ending(t, false), "select n from w").Scan(&n); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if err := db.PingContext(t.Context()); !errors.Is(err, fluxor.ErrAcquireTimeout) {
		t.Errorf("beside the stuck fetch: %v", err)
	}
	if n := pool(t, db); n.Closing != 1 || n.Open != 0 {
		t.Errorf("%+v, want the connection of the stuck fetch to count", n)
	}
	d.Faults(t)
	waitUntil(t, "it is closed", func() bool { return pool(t, db).Closing == 0 })
	if err := db.PingContext(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAStatementBesideRowsOutlivesTheirContext(t *testing.T) {
	for name, read := range map[string]bool{"before their first": false, "between them": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := fluxorOn(t, dbtest.Oracle(t).Logfmt())
			mustExec(t, db, "create table w (n number(9))")
			mustExec(t, db, "insert into w values (1)")
			c, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			rows, err := c.QueryContext(ctx, "select n from w")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			if read && !rows.Next() {
				t.Fatal(rows.Err())
			}
			time.AfterFunc(50*time.Millisecond, cancel)
			mustExec(t, c, "insert /*ocisim delay=700 */ into w values (2)")
			if err := rows.Err(); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// godror panics when a statement is asked for its arguments whose connection was
// lost, and database/sql then never ends the transaction.
func TestAStatementOfALostConnectionDoesNotPanic(t *testing.T) {
	for name, use := range map[string]func(st *sql.Stmt) error{
		"exec":  func(st *sql.Stmt) error { _, err := st.ExecContext(t.Context(), 1); return err },
		"query": func(st *sql.Stmt) error { return st.QueryRowContext(t.Context(), 1).Scan(new(int)) },
	} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.Oracle(t)
			db := fluxorOn(t, d.Logfmt())
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			st, err := tx.PrepareContext(t.Context(), "select :1 from dual")
			if err != nil {
				t.Fatal(err)
			}
			d.Faults(t, "kill")
			for range 3 {
				if err := use(st); err == nil {
					t.Error("no error")
				}
			}
			if err := tx.Rollback(); err == nil {
				t.Error("a rollback on a lost connection succeeded")
			}
		})
	}
}

// What such a statement had written before the break would be committed by the
// next one on the connection.
func TestAConnectionWhoseArrayOfRowsWasBrokenOffIsGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		array  any
		cancel bool
		dials  int64
	}{
		"rows":              {"insert into w (n) values (:1)", []int{1, 2}, true, 2},
		"rows, by deadline": {"insert into w (n) values (:1)", []int{1, 2}, false, 2},
		"a row":             {"insert into w (n) values (:1)", 1, true, 1},
		"bytes":             {"insert into w (b) values (:1)", []byte("1"), true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.Oracle(t)
			db := fluxorOn(t, d.Logfmt())
			mustExec(t, db, "create table w (n number(9), b raw(9))")
			d.Faults(t, "execute delay=20000")
			ctx := ending(t, c.cancel)
			if _, err := db.ExecContext(ctx, c.text, c.array); !errors.Is(err, ctx.Err()) || ctx.Err() == nil {
				t.Fatal(err)
			}
			d.Faults(t)
			mustExec(t, db, "insert into w (n) values (3)")
			if n := pool(t, db).Dials; n != c.dials {
				t.Errorf("%d connections, want %d", n, c.dials)
			}
		})
	}
}

func TestAWriteThatTheServersCallTimeoutEndsHasAnUnknownOutcome(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt())
	mustExec(t, db, "create table w (n number(9))")
	d.Faults(t, "execute error=3156 match=insert")
	_, err := db.ExecContext(t.Context(), "insert into w values (1)")
	if lost := new(fluxor.IndeterminateError); !errors.As(err, &lost) {
		t.Errorf("%T %v", err, err)
	}
	d.Faults(t, "execute delay=2000")
	_, err = db.ExecContext(t.Context(), "insert into w values (1)", godror.CallTimeout(200*time.Millisecond))
	if lost := new(fluxor.IndeterminateError); !errors.As(err, &lost) {
		t.Errorf("CallTimeout: %T %v", err, err)
	}
}

func TestATransactionOutlivesAnArrayOfRowsThatWasBrokenOff(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt())
	mustExec(t, db, "create table w (n number(9))")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Faults(t, "execute delay=20000")
	ctx := ending(t, true)
	if _, err := tx.ExecContext(ctx, "insert into w values (:1)", []int{1, 2}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	d.Faults(t)
	mustExec(t, tx, "insert into w values (3)")
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	rows := count(t, db, "select n from w")
	if n := pool(t, db).Dials; n != 1 || rows != 1 {
		t.Errorf("%d connections, %d rows", n, rows)
	}
}

// Nothing but the network timeout bounds this call: no context says that it is
// to be broken off.
func TestACallThatTheNetworkTimeoutLeavesIsBrokenOff(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt("fluxor_network_timeout=300ms"))
	mustExec(t, db, "create table w (n number(9))")
	d.Faults(t, "execute delay=60000")
	_, err := db.ExecContext(t.Context(), "insert into w values (1)")
	if lost := new(fluxor.IndeterminateError); !errors.As(err, &lost) || !errors.Is(err, fluxor.ErrNetworkTimeout) {
		t.Errorf("%T %v", err, err)
	}
	waitUntil(t, "the statement is broken off and its connection closed", func() bool { return pool(t, db).Closing == 0 })
}
