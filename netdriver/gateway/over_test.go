// This file tests that nothing runs outside a transaction that was meant inside, where the database has ended it by itself.

package gateway_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// isOver checks that nothing goes on in a transaction that the database ended, and
// that the next one does.
func isOver(t *testing.T, c *client, state wire.TxState, insert string) {
	t.Helper()
	if state != wire.TxFailed {
		t.Errorf("it stands at %v", state)
	}
	for _, kind := range []wire.Type{wire.TypeExec, wire.TypeQuery} {
		f := c.do(kind, &wire.Statement{SQL: insert, Tx: true}).refused(t, wire.ErrorProtocol)
		if f.Applied != wire.AppliedNo || f.Tx != wire.TxFailed {
			t.Errorf("got %+v", f)
		}
	}
	c.do(wire.TypePrepare, &wire.Prepare{SID: 1, SQL: insert}).refused(t, wire.ErrorProtocol)
	c.do(wire.TypeRollback, &wire.Empty{})
	if got := shown(c.query("select count(*) from journal").value(t)); got != "0" {
		t.Errorf("%s rows were written outside", got)
	}
	c.do(wire.TypeBegin, &wire.Begin{})
	c.must(insert)
	c.do(wire.TypeRollback, &wire.Empty{})
}

func TestNothingGoesOnInATransactionThatADeadlockEnded(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN())))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id int primary key, v int)", "insert into t values (1, 0), (2, 0)", "create table journal (v text)")
	a.do(wire.TypeReset, &wire.Empty{})
	a.do(wire.TypeBegin, &wire.Begin{})
	b.do(wire.TypeBegin, &wire.Begin{})
	b.must("update t set v = 5 where id = 2")
	a.must("update t set v = 1 where id = 1")
	waits := b.request(wire.TypeExec, &wire.Statement{SQL: "update t set v = 2 where id = 1"})
	ra := a.exec("update t set v = 1 where id = 2")
	if ra.fail != nil {
		isOver(t, a, ra.fail.Tx, "insert into journal values ('x')")
		return
	}
	a.do(wire.TypeRollback, &wire.Empty{})
	isOver(t, b, b.answer(waits).refused(t, wire.ErrorDB).Tx, "insert into journal values ('x')")
}

func TestATransactionGoesOnWhereALockWasWaitedForTooLong(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN("innodb_lock_wait_timeout=1"))))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id int primary key, v int)", "insert into t values (1, 0)")
	a.do(wire.TypeReset, &wire.Empty{})
	a.do(wire.TypeBegin, &wire.Begin{})
	b.do(wire.TypeBegin, &wire.Begin{})
	a.must("update t set v = 1 where id = 1")
	b.must("insert into t values (2, 0)")
	if f := b.exec("update t set v = 2 where id = 1").refused(t, wire.ErrorDB); f.Code != "1205" || f.Tx != wire.TxOpen {
		t.Errorf("got %+v", f)
	}
	b.must("insert into t values (3, 0)")
}

func TestATransactionGoesOnWhereLocksByNameWereADeadlock(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN())))
	a, b := login(t, s), login(t, s)
	a.must("create table journal (v int)")
	a.do(wire.TypeReset, &wire.Empty{})
	a.do(wire.TypeBegin, &wire.Begin{})
	b.do(wire.TypeBegin, &wire.Begin{})
	a.must("insert into journal values (1)", "set @x = get_lock('x', 1)")
	b.must("insert into journal values (2)", "set @y = get_lock('y', 1)")
	waits := a.request(wire.TypeExec, &wire.Statement{SQL: "set @y = get_lock('y', 5)"})
	rb := b.exec("set @x = get_lock('x', 5)")
	failed, last := b, rb
	if rb.fail == nil {
		failed, last = a, a.answer(waits)
	}
	if f := last.refused(t, wire.ErrorDB); f.Code != "1213" || f.Tx != wire.TxOpen {
		t.Errorf("got %+v", f)
	}
	if c := failed.do(wire.TypeCommit, &wire.Empty{}); c.fail != nil {
		t.Fatal(c.fail)
	}
	if got := shown(failed.query("select count(*) from journal").value(t)); got == "0" {
		t.Error("the transaction was committed, and its row is not there")
	}
}

func TestNothingGoesOnInATransactionThatSQLiteEnded(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	c.must("create table journal (v)", "create table t (id integer primary key)", "insert into t values (1)")
	c.do(wire.TypeReset, &wire.Empty{})
	const insert = "insert into journal values ('x')"
	c.do(wire.TypeBegin, &wire.Begin{})
	c.must(insert)
	if f := c.exec("insert into t values (1)").refused(t, wire.ErrorDB); f.Tx != wire.TxOpen {
		t.Errorf("a refusal ends nothing, and it stands at %v", f.Tx)
	}
	c.must(insert)
	isOver(t, c, c.exec("insert or rollback into t values (1)").refused(t, wire.ErrorDB).Tx, insert)
	c.do(wire.TypeBegin, &wire.Begin{})
	c.must(insert)
	slow := c.request(wire.TypeExec, &wire.Statement{
		SQL:       "insert into t with recursive n(i) as (select 1 union all select i + 1 from n) select i from n where i < 0",
		TimeoutMS: 50,
	})
	isOver(t, c, c.answer(slow).refused(t, wire.ErrorTimeout).Tx, insert)
}

func TestATransactionThatTheClientEndedByATextGoesOnBehindErrors(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{"commit": "/* by hand */ commit", "rollback": "rollback", "end": "end"} {
		c := login(t, sqlite(t))
		c.must("create table journal (v)")
		c.do(wire.TypeReset, &wire.Empty{})
		c.do(wire.TypeBegin, &wire.Begin{})
		c.must(end)
		c.exec("nonsense").refused(t, wire.ErrorDB)
		if got := c.exec("insert into journal values ('x')"); got.fail != nil {
			t.Errorf("after %s: %+v", name, got.fail)
		}
	}
}

func TestWithSavepointsItIsNoticedAsWellThatSQLiteEndedATransaction(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	c.must("create table journal (v)", "create table t (id integer primary key)", "insert into t values (1)")
	c.do(wire.TypeReset, &wire.Empty{})
	c.do(wire.TypeBegin, &wire.Begin{})
	const insert = "insert into journal values ('x')"
	c.must("savepoint one", insert, "rollback to one", "rollback transaction to savepoint one", "release one", insert)
	isOver(t, c, c.exec("insert or rollback into t values (1)").refused(t, wire.ErrorDB).Tx, insert)
}

// patient is a database of MariaDB's that waits for locks for a second only.
func patient(t *testing.T, server *dbtest.Server) *served {
	t.Helper()
	return serve(t, config(connector(t, "mysql://"+server.NewDatabase(t).DSN("innodb_lock_wait_timeout=1", "lock_wait_timeout=1"))))
}

func TestATransactionIsOverAfterALockWasWaitedForWhereTheServerSaysSo(t *testing.T) {
	t.Parallel()
	s := patient(t, dbtest.StartMariaDB(t, dbtest.Options{Settings: []string{"innodb_rollback_on_timeout=1"}}))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id int primary key, v int)", "insert into t values (1, 0)", "create table journal (v text)", "create table locked (v int)")
	a.do(wire.TypeReset, &wire.Empty{})
	const insert = "insert into journal values ('x')"
	a.do(wire.TypeBegin, &wire.Begin{})
	a.must("update t set v = 1 where id = 1")
	b.do(wire.TypeBegin, &wire.Begin{})
	b.must(insert)
	isOver(t, b, b.exec("update t set v = 2 where id = 1").refused(t, wire.ErrorDB).Tx, insert)
	a.do(wire.TypeReset, &wire.Empty{})
	a.must("lock tables locked write")
	b.do(wire.TypeBegin, &wire.Begin{})
	b.must(insert)
	if f := b.exec("insert into locked values (1)").refused(t, wire.ErrorDB); f.Code != "1205" || f.Tx != wire.TxOpen {
		t.Errorf("the wait for a table ends nothing: %+v", f)
	}
	b.must(insert)
	b.do(wire.TypeCommit, &wire.Empty{})
	if got := shown(b.query("select count(*) from journal").value(t)); got != "2" {
		t.Errorf("%s of 2 rows were committed", got)
	}
}

func TestATransactionThatMySQLCommittedBeforeAStatementGoesOnBehindItsError(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN("lock_wait_timeout=1"))))
	a, b := login(t, s), login(t, s)
	a.must("create table t (id int primary key)", "create table journal (v text)")
	a.do(wire.TypeReset, &wire.Empty{})
	b.do(wire.TypeBegin, &wire.Begin{})
	b.query("select * from t")
	a.do(wire.TypeBegin, &wire.Begin{})
	a.must("create temporary table own (n int)", "insert into journal values ('before')")
	a.exec("rename table t to u").refused(t, wire.ErrorDB)
	if r := a.exec("insert into journal values ('after')"); r.fail != nil {
		t.Fatalf("%+v", r.fail)
	}
	a.do(wire.TypeRollback, &wire.Empty{})
	b.do(wire.TypeRollback, &wire.Empty{})
	if got := shown(b.query("select count(*) from journal").value(t)); got != "2" {
		t.Errorf("%s rows are there: MySQL commits before a table is renamed", got)
	}
}
