//go:build unix && cgo

// This file compares what godror's own features cost and leave behind, bare and through Fluxor.

package oracle_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// open opens one way to a database, on which no more than limit connections are
// in use at once.
func open(t *testing.T, driverName, dsn string, limit int) *sql.DB {
	t.Helper()
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(limit)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// names are the bare driver and Fluxor over it.
var names = []string{"godror", "oracle-fluxor"}

// table makes a table of the test's own, with ten rows.
func table(t *testing.T, d *dbtest.OracleDatabase) string {
	t.Helper()
	db, name := open(t, "godror", d.Logfmt(), 1), d.Name("t")
	t.Cleanup(func() { _, _ = db.Exec("drop table " + name) })
	mustExec(t, db, "create table "+name+" (id number(9) primary key, v varchar2(20))")
	ids, vs := make([]int, 10), make([]string, 10)
	for i := range ids {
		ids[i], vs[i] = i, fmt.Sprint("v", i)
	}
	mustExec(t, db, "insert into "+name+" values (:1, :2)", ids, vs)
	return name
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func mustExec(t testing.TB, on execer, query string, args ...any) {
	t.Helper()
	if _, err := on.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// count reads a query to its end.
func count(t *testing.T, db *sql.DB, query string, args ...any) (n int) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	return n
}

// costs are operations whose round trips are counted.
var costs = []struct {
	name string
	run  func(t *testing.T, db *sql.DB, table string)
}{
	{"a query", func(t *testing.T, db *sql.DB, table string) { count(t, db, "select id from "+table) }},
	{"a query by small arrays", func(t *testing.T, db *sql.DB, table string) {
		count(t, db, "select id from "+table, godror.FetchArraySize(2), godror.PrefetchCount(2))
	}},
	{"the same query again", func(t *testing.T, db *sql.DB, table string) {
		count(t, db, "select id from "+table)
		count(t, db, "select id from "+table, godror.FetchArraySize(3), godror.PrefetchCount(0))
		count(t, db, "select id from "+table)
	}},
	{"an array of rows", func(t *testing.T, db *sql.DB, table string) {
		mustExec(t, db, "update "+table+" set v = :1 where id = :2", []string{"a", "b", "c"}, []int{1, 2, 3})
	}},
	{"an exec", func(t *testing.T, db *sql.DB, table string) {
		mustExec(t, db, "update "+table+" set v = :1 where id = :2", "x", 1)
	}},
	{"a transaction", func(t *testing.T, db *sql.DB, table string) {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		mustExec(t, tx, "update "+table+" set v = :1 where id = :2", "x", 1)
		if err := tx.Commit(); err != nil {
			t.Error(err)
		}
	}},
	{"a prepared statement", func(t *testing.T, db *sql.DB, table string) {
		st, err := db.PrepareContext(t.Context(), "update "+table+" set v = :1 where id = :2")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if _, err := st.ExecContext(t.Context(), "y", i); err != nil {
				t.Error(err)
			}
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}},
	{"a ping", func(t *testing.T, db *sql.DB, _ string) {
		if err := db.PingContext(t.Context()); err != nil {
			t.Error(err)
		}
	}},
	{"godror.Raw", func(t *testing.T, db *sql.DB, _ string) {
		if err := godror.Raw(t.Context(), db, func(c godror.Conn) error { return c.Ping(t.Context()) }); err != nil {
			t.Error(err)
		}
	}},
}

func TestEachOperationMakesTheBareDriversRoundTrips(t *testing.T) {
	d := dbtest.Oracle(t)
	trips := d.Trips(t) // needs the double
	name := table(t, d)
	for _, c := range costs {
		t.Run(c.name, func(t *testing.T) {
			var made [2][]string
			for i, way := range names {
				db := open(t, way, d.Logfmt(), 1)
				if err := db.PingContext(t.Context()); err != nil {
					t.Fatal(err)
				}
				trips()
				c.run(t, db, name)
				for _, trip := range trips() {
					made[i] = append(made[i], trip.Op)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			}
			if len(made[0]) == 0 {
				t.Fatal("the bare driver makes no round trip")
			}
			if !slices.Equal(made[0], made[1]) {
				t.Errorf("bare   %v\nfluxor %v", made[0], made[1])
			}
		})
	}
}

func TestTheDSNsTimeZoneHoldsForTimes(t *testing.T) {
	d := dbtest.Oracle(t)
	at := time2024(t, "Asia/Kolkata")
	for _, zone := range []string{"UTC", "Europe/Budapest", "America/New_York", "local"} {
		var got [2]string
		for i, way := range names {
			db := open(t, way, d.Logfmt("timezone="+zone), 1)
			loc, err := godror.Timezone(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			var date, stamp any
			if err := db.QueryRowContext(t.Context(), "select cast(:1 as date), systimestamp from dual", at).Scan(&date, new(any)); err != nil {
				t.Fatal(err)
			}
			if err := db.QueryRowContext(t.Context(), "select :1 from dual", at).Scan(&stamp); err != nil {
				t.Fatal(err)
			}
			got[i] = fmt.Sprint(loc, date, stamp)
		}
		if got[0] != got[1] {
			t.Errorf("%s: bare %s, fluxor %s", zone, got[0], got[1])
		}
	}
}

func TestRawLendsOneConnectionUntilItsEnd(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, "oracle-fluxor", d.Logfmt("fluxor_max_open_conns=1", "fluxor_acquire_timeout=200ms"), 0)
	err := godror.Raw(t.Context(), db, func(c godror.Conn) error {
		if _, err := db.ExecContext(t.Context(), "begin null; end;"); err != nil {
			t.Errorf("a connection is lent before anything needs it: %v", err)
		}
		if _, err := c.ServerVersion(); err != nil {
			return err
		}
		if _, err := db.ExecContext(t.Context(), "begin null; end;"); !errors.Is(err, fluxor.ErrAcquireTimeout) {
			t.Errorf("somebody else got the connection under Raw: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, "begin null; end;")
}

func TestFluxorsRawReachesGodrorsConnection(t *testing.T) {
	db := open(t, "oracle-fluxor", dbtest.Oracle(t).Logfmt(), 1)
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var direct any
	err = fluxor.Raw(t.Context(), c, func(dc any) error {
		direct = dc
		_, err := dc.(godror.Conn).ServerVersion()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	same, err := godror.DriverConn(t.Context(), c)
	if err != nil || any(same) != direct {
		t.Errorf("%T %p, %T %p, %v", direct, direct, same, same, err)
	}
	if err := c.Raw(func(dc any) error { return isVirtual(dc) }); err != nil {
		t.Error(err)
	}
}

// isVirtual checks that what Raw hands out is not godror's own connection.
func isVirtual(dc any) error {
	if u, ok := dc.(interface{ Unwrap() driver.Conn }); !ok || u.Unwrap() == nil {
		return fmt.Errorf("a %T leads to no virtual connection", dc)
	}
	return nil
}

func TestRawFailsWhereNoConnectionCanBeHad(t *testing.T) {
	d := dbtest.Oracle(t)
	d.Faults(t, "connect error=12541")
	db := open(t, "oracle-fluxor", d.Logfmt("fluxor_acquire_timeout=2s"), 1)
	for name, use := range map[string]func(godror.Conn) error{
		"version": func(c godror.Conn) error { _, err := c.ServerVersion(); return err },
		"break":   godror.Conn.Break,
		"commit":  godror.Conn.Commit,
		"prepare": func(c godror.Conn) error { _, err := c.PrepareContext(t.Context(), "begin null; end;"); return err },
		"begin":   func(c godror.Conn) error { _, err := c.BeginTx(t.Context(), driver.TxOptions{}); return err },
		"zone": func(c godror.Conn) error {
			if c.Timezone() == nil {
				return errors.New("ORA-12541")
			}
			return nil
		},
	} {
		if err := godror.Raw(t.Context(), db, use); err == nil {
			t.Errorf("%s succeeded", name)
		}
	}
}

func TestWrapConnectorKnowsGodror(t *testing.T) {
	params, err := godror.ParseDSN(dbtest.Oracle(t).Logfmt())
	if err != nil {
		t.Fatal(err)
	}
	c, err := fluxor.WrapConnector(godror.NewConnector(params), fluxor.RuntimeConfig{})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close() //nolint:errcheck // the answer is what counts
	if v, err := godror.ServerVersion(t.Context(), db); err != nil || v.Version == 0 {
		t.Errorf("%v, %v", v, err)
	}
}
