//go:build unix && cgo

// This file tests the state of sessions: what one sets, it finds again, and others do not.

package ocisim_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// conns returns two connections of a database.
func conns(t *testing.T, db *sql.DB) (a, b *sql.Conn) {
	t.Helper()
	for _, c := range []**sql.Conn{&a, &b} {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		*c = conn
	}
	return a, b
}

func TestASessionFindsWhatItSet(t *testing.T) {
	for name, c := range map[string]struct{ set, query, want, others string }{
		"schema":              {"alter session set current_schema = other", "select sys_context('USERENV', 'CURRENT_SCHEMA') from dual", "OTHER", "SCOTT"},
		"date format":         {"alter session set nls_date_format = 'YYYY/MM/DD'", "select to_char(date '2024-02-01') from dual", "2024/02/01", "01-FEB-24"},
		"format parsed":       {"alter session set nls_date_format = 'YYYYMMDD'", "select to_char(to_date(to_char(date '2024-02-01')), 'Mon DD') from dual", "Feb 01", "Feb 01"},
		"format shown":        {"alter session set nls_date_format = 'HH24'", "select value from nls_session_parameters where parameter = 'NLS_DATE_FORMAT'", "HH24", "DD-MON-RR"},
		"time zone":           {"alter session set time_zone = '+05:30'", "select sessiontimezone from dual", "+05:30", "+00:00"},
		"zone of now":         {"alter session set time_zone = '-03:00'", "select to_char(current_timestamp, 'TZH:TZM') from dual", "-03:00", "+00:00"},
		"identifier":          {"begin dbms_session.set_identifier('me'); end;", "select sys_context('USERENV', 'CLIENT_IDENTIFIER') from dual", "me", ""},
		"module":              {"begin dbms_application_info.set_module('m', 'a'); end;", "select sys_context('userenv', 'module') || sys_context('userenv', 'action') from dual", "ma", ""},
		"module in v$session": {"begin dbms_application_info.set_module('m', 'a'); end;", "select module from v$session where sid = sys_context('USERENV', 'SID')", "m", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := conns(t, open(t, dbtest.Oracle(t)))
			run(t, a, c.set)
			if got := one[string](t, a, c.query); got != c.want {
				t.Errorf("the session that set it finds %q, want %q", got, c.want)
			}
			if got := one[string](t, b, c.query); got != c.others {
				t.Errorf("another session finds %q, want %q", got, c.others)
			}
		})
	}
}

func TestATraceTagReachesTheSession(t *testing.T) {
	a, _ := conns(t, open(t, dbtest.Oracle(t)))
	ctx := godror.ContextWithTraceTag(t.Context(), godror.TraceTag{Module: "orders", Action: "close", ClientInfo: "u7"})
	var got string
	err := a.QueryRowContext(ctx, `select sys_context('USERENV', 'MODULE') || ' ' || sys_context('USERENV', 'ACTION') || ' ' ||
		sys_context('USERENV', 'CLIENT_INFO') from dual`).Scan(&got)
	if err != nil || got != "orders close u7" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTemporaryTablesArePrivateToTheirSession(t *testing.T) {
	a, b := conns(t, open(t, dbtest.Oracle(t)))
	run(t, a, "create global temporary table kept (id number(9)) on commit preserve rows",
		"create global temporary table gone (id number(9)) on commit delete rows")
	run(t, a, "insert into kept values (1)", "insert into gone values (1)")
	run(t, b, "insert into kept values (2)", "insert into kept values (3)")
	sum := func(c *sql.Conn, table string) int {
		return one[int](t, c, "select nvl(sum(id), 0) from "+table)
	}
	if x, y := sum(a, "kept"), sum(b, "kept"); x != 1 || y != 5 {
		t.Errorf("ON COMMIT PRESERVE ROWS: %d and %d, want 1 and 5", x, y)
	}
	if x := sum(a, "gone"); x != 0 {
		t.Errorf("ON COMMIT DELETE ROWS: %d after the commit", x)
	}
	tx, err := a.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, "insert into gone values (8)")
	if x := one[int](t, tx, "select sum(id) from gone"); x != 8 {
		t.Errorf("ON COMMIT DELETE ROWS: %d in the transaction", x)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	refuses(t, b, 955, "create table kept (id number(9))")
	if got := one[string](t, b, "select temporary from user_tables where table_name = 'KEPT'"); got != "Y" {
		t.Errorf("USER_TABLES.TEMPORARY is %q", got)
	}
}

func TestASequencesCurrentValueBelongsToTheSession(t *testing.T) {
	a, b := conns(t, open(t, dbtest.Oracle(t)))
	run(t, a, "create sequence s start with 10 increment by 5")
	if x, y := one[int](t, a, "select s.nextval from dual"), one[int](t, b, "select s.nextval from dual"); x != 10 || y != 15 {
		t.Errorf("%d, %d; want 10, 15", x, y)
	}
	if x := one[int](t, a, "select s.currval from dual"); x != 10 {
		t.Errorf("CURRVAL %d, want the session's own 10", x)
	}
	c, _ := conns(t, open(t, dbtest.Oracle(t)))
	run(t, c, "create sequence s")
	refuses(t, c, 8002, "select s.currval from dual")
}

func TestASequencesValuesDoNotRollBack(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create sequence s", "create table t (id number default s.nextval, v varchar2(9))")
	tx := begin(t, db, nil)
	run(t, tx, "insert into t (v) values ('a')")
	_ = tx.Rollback()
	run(t, db, "insert into t (v) values ('b')")
	if id := one[int](t, db, "select id from t"); id != 2 {
		t.Errorf("id %d, want 2", id)
	}
}
