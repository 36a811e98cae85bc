// This file tests that nobody recalls the number that another client's statement drew on the same connection.

package gateway_test

import (
	"database/sql"
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// idle are texts that keep a connection, or may, and draw no number.
var idle = map[string][]string{
	"postgres": {
		"set application_name = 'x'", "create temp table q (n int)", "listen x", "analyze t", "select set_config('a.b', '1', false)", "do $$ begin end $$",
		"prepare ps as select 1", "select pg_advisory_lock(4)", "truncate t", "begin", "select nothing()", "call nobody()",
	},
	"sqlite": {
		"pragma query_only = 1", "create temp table q (n int)", "attach ':memory:' as s2", "analyze", "create temp table q as select 1 as n", "drop table u", "begin",
	},
}

func TestWhatDrawsNoNumberShowsNoneOfAnotherClient(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct {
		dsn, ask string
		tables   []string
	}{
		"postgres": {dbtest.Postgres(t).NewDatabase(t).URL(), "select lastval()", []string{
			"create table t (id serial, v int)", "create procedure nobody() language plpgsql as $$ begin end $$",
			"create function nothing() returns int language plpgsql as $$ begin return 1; end $$",
		}},
		"sqlite": {dbtest.SQLite(t), "select last_insert_rowid()", []string{"create table t (id integer primary key, v int)", "create table u (n int)"}},
	} {
		s := serve(t, config(connector(t, try.dsn, one)))
		a, b := login(t, s), login(t, s)
		a.must(try.tables...)
		a.do(wire.TypeReset, &wire.Empty{})
		for _, text := range idle[name] {
			b.must("insert into t (v) values (1)", "insert into t (v) values (1)")
			a.must(text)
			if name == "sqlite" {
				a.exec("insert into nowhere values (1)").refused(t, wire.ErrorDB)
			}
			switch got := a.query(try.ask); {
			case got.fail == nil:
				t.Errorf("%s, after %s: %v is another's", name, text, got.sets)
			case got.fail.Kind != wire.ErrorDenied && !strings.Contains(got.fail.Message, "not yet defined"):
				t.Errorf("%s, after %s: %v", name, text, got.fail)
			}
			a.do(wire.TypeReset, &wire.Empty{})
		}
	}
}

func TestNumbersThatAFunctionDrewAreTheSessionsOwn(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), one)))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id serial, v int)",
		"create function draws() returns bigint language plpgsql as $$ begin insert into t (v) values (7); return (select max(id) from t where v = 7); end $$",
		"create function nothing() returns int language plpgsql as $$ begin return 1; end $$")
	a.do(wire.TypeReset, &wire.Empty{})
	b.must("insert into t (v) values (1)")
	drawn := shown(a.query("select draws()").value(t))
	if got := shown(a.query("select lastval()").value(t)); got != drawn {
		t.Errorf("it drew %s and recalls %s", drawn, got)
	}
	a.query("select nothing()")
	if got := shown(a.query("select currval('t_id_seq')").value(t)); got != drawn {
		t.Errorf("it drew %s and later recalls %s", drawn, got)
	}
	a.do(wire.TypeReset, &wire.Empty{})
	b.must("insert into t (v) values (1)")
	a.do(wire.TypeBegin, &wire.Begin{})
	a.must("insert into t (v) values (8)")
	a.query("select nothing()")
	if got, want := shown(a.query("select lastval()").value(t)), shown(a.query("select id from t where v = 8").value(t)); got != want {
		t.Errorf("within a transaction it recalls %s, want %s", got, want)
	}
	a.do(wire.TypeRollback, &wire.Empty{})
}

func TestWhatAFunctionReadsAfterAnUpdateIsNoNumberOfAnotherClient(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), one)))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id serial, v int)", "create function nothing() returns int language plpgsql as $$ begin return 1; end $$",
		"create function recalls() returns bigint language plpgsql as $$ begin return lastval(); end $$")
	a.do(wire.TypeReset, &wire.Empty{})
	for _, begun := range []bool{false, true} {
		for _, text := range []string{"select nothing()", "select recalls()"} {
			b.must("insert into t (v) values (1)")
			if begun {
				a.do(wire.TypeBegin, &wire.Begin{})
			}
			a.must("update t set v = v + 1")
			got := a.query(text)
			if text == "select nothing()" {
				got = a.query("select lastval()")
			}
			if got.fail == nil || got.fail.Code != "55000" && got.fail.Kind != wire.ErrorDenied { // not yet defined in this session
				t.Errorf("%s, begun %t: %v is another's; %v", text, begun, got.sets, got.fail)
			}
			a.do(wire.TypeReset, &wire.Empty{})
		}
	}
}

func TestWhatComesBehindASettingInOneTextReadsNoNumberOfAnotherClient(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), one)))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id serial, v int)")
	a.do(wire.TypeReset, &wire.Empty{})
	b.must("insert into t (v) values (1)")
	a.must("set application_name = 'x'; select 1")
	if got := a.query("select lastval()"); got.fail == nil {
		t.Errorf("%v is another's", got.sets)
	}
}

func TestWhatAFunctionReadsAfterItsOwnClientsInsertIsNoNumberOfAnother(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), one)))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id serial, v int)", "create function recalls() returns bigint language plpgsql as $$ begin return lastval(); end $$")
	a.do(wire.TypeReset, &wire.Empty{})
	a.must("insert into t (v) values (1)")
	if got := shown(a.query("select recalls()").value(t)); got != "1" {
		t.Errorf("it recalls %s, and it drew 1", got)
	}
	a.do(wire.TypeReset, &wire.Empty{})
	a.must("insert into t (v) values (1)")
	b.must("insert into t (v) values (1)")
	if got := a.query("select recalls()"); got.fail == nil {
		t.Errorf("%v is another's", got.sets)
	}
}

func TestWhatSQLitesDriverTellsOfAStatementWithoutRowsIsNotOfAnotherClient(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.SQLite(t), one)))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id integer primary key, v unique)")
	a.do(wire.TypeReset, &wire.Empty{})
	for _, text := range []string{"select 1", "create table u (updated_at text)", "pragma foreign_keys = on", "begin", "insert or ignore into t values (1, 'of another')", "delete from t where false", "drop table u"} {
		b.must("insert or replace into t values (1, 'of another')")
		if got := a.exec(text); got.fail != nil || got.end.Affected.N != 0 || got.end.LastID.N != 0 {
			t.Errorf("%s: %d rows, number %d, %v", text, got.end.Affected.N, got.end.LastID.N, got.fail)
		}
		a.do(wire.TypeReset, &wire.Empty{})
	}
	b.must("insert or replace into t values (1, 'of another')")
	if got := a.exec("update t set v = 'changed'"); got.end.Affected.N != 1 || got.end.LastID.N != 0 {
		t.Errorf("an update: %d rows, number %d", got.end.Affected.N, got.end.LastID.N)
	}
	a.must("insert or ignore into t values (1, 'of another')")
	a.query("select last_insert_rowid()").refused(t, wire.ErrorDenied)
	a.must("insert into t values (7, 'own')")
	if got := a.exec("select 1"); got.end.Affected.N != 1 || got.end.LastID.N != 7 {
		t.Errorf("of its own: %d rows, number %d", got.end.Affected.N, got.end.LastID.N)
	}
}

func TestUpdatesInOneTextLeaveNoNumberOfSQLitesToBeRead(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.SQLite(t), one)))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id integer primary key, v int)")
	a.do(wire.TypeReset, &wire.Empty{})
	b.must("insert into t (v) values (1)")
	a.must("update t set v = 2; delete from t where v = 3")
	a.query("select last_insert_rowid()").refused(t, wire.ErrorDenied)
	b.must("insert into t (v) values (1)")
	a.must("with n as (select 5 as v) update t set v = (select v from n)")
	a.query("select last_insert_rowid()").refused(t, wire.ErrorDenied)
	a.must("update t set v = 2; insert into t (v) values (1)")
	if got := shown(a.query("select last_insert_rowid()").value(t)); got != "3" {
		t.Errorf("got %s, want 3", got)
	}
}

// A transaction that first locks a table sees what others had changed there until it
// got the lock: nothing may take its snapshot before.
func TestATransactionThatBeginsWithALockSeesWhatWasChangedBeforeIt(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.Postgres(t).NewDatabase(t).URL())))
	b, c := login(t, s), login(t, s)
	b.must("create table t (v int)", "insert into t values (1)")
	b.do(wire.TypeReset, &wire.Empty{})
	const lock = "lock table t in exclusive mode"
	for _, texts := range [][]string{{lock}, {"set constraints all deferred", lock}, {"set constraints all deferred; " + lock}} {
		a := login(t, s)
		b.must("update t set v = 1")
		b.do(wire.TypeBegin, &wire.Begin{})
		b.must("update t set v = 2")
		a.do(wire.TypeBegin, &wire.Begin{Isolation: driver.IsolationLevel(sql.LevelRepeatableRead)})
		last := len(texts) - 1
		a.must(texts[:last]...)
		waits := a.request(wire.TypeExec, &wire.Statement{SQL: texts[last]})
		dbtest.WaitUntil(t, "it waits for the lock", func() bool {
			return shown(c.query("select count(*) from pg_locks where not granted").value(t)) != "0"
		})
		b.do(wire.TypeCommit, &wire.Empty{})
		if f := a.answer(waits).fail; f != nil {
			t.Errorf("%q: %v", texts, f)
		}
		if got := shown(a.query("select v from t").value(t)); got != "2" {
			t.Errorf("behind %q it reads %s, want 2", texts, got)
		}
		_ = a.conn.Close()
	}
}
