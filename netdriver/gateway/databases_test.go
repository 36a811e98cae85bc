// This file tests how databases come and go while a gateway runs.

package gateway_test

import (
	"database/sql"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestASessionFinishesOnTheOldDatabaseAndTheNextIsOnTheNewOne(t *testing.T) {
	t.Parallel()
	first, second := connector(t, dbtest.SQLite(t)), connector(t, dbtest.SQLite(t))
	conf := config(first)
	s := serve(t, conf)
	c := login(t, s)
	c.must("create table t (v)")
	c.do(wire.TypeReset, &wire.Empty{})
	c.do(wire.TypeBegin, &wire.Begin{})
	gone := make(chan gateway.Database, 1)
	retired := func(name string, db gateway.Database) {
		if name != "erp" {
			t.Errorf("%s retired", name)
		}
		gone <- db
	}
	if err := s.SetServed(gateway.Served{Databases: map[string]gateway.Database{"erp": second, "more": first}, Users: conf.Users}, retired); err != nil {
		t.Fatal(err)
	}
	if m := c.next(); m.Type != wire.TypeGoaway {
		t.Fatalf("got %s", m.Type)
	}
	next := login(t, s)
	next.query("select v from t").refused(t, wire.ErrorDB) // it is not there
	login(t, s, func(h *wire.Hello) { h.DB = "more" })
	c.must("insert into t values (1)")
	select {
	case <-gone:
		t.Fatal("the database is over, but a transaction is not")
	default:
	}
	if a := c.do(wire.TypeCommit, &wire.Empty{}); a.fail != nil {
		t.Fatal(a.fail)
	}
	c.query("select 1").refused(t, wire.ErrorShutdown)
	c.ended()
	if db := <-gone; db != gateway.Database(first) {
		t.Error("another database is over")
	}
}

func TestAnUnusedDatabaseGoesAtOnceAndOneThatStaysKeepsItsSessions(t *testing.T) {
	t.Parallel()
	stays, goes := connector(t, dbtest.SQLite(t)), connector(t, dbtest.SQLite(t))
	conf := config(stays)
	conf.Databases["old"] = goes
	s := serve(t, conf)
	c := login(t, s)
	gone := 0
	for range 2 {
		err := s.SetServed(gateway.Served{Databases: map[string]gateway.Database{"erp": stays}, Users: conf.Users}, func(string, gateway.Database) { gone++ })
		if err != nil {
			t.Fatal(err)
		}
	}
	if gone != 1 {
		t.Errorf("%d databases went", gone)
	}
	c.must("create table t (v)")
	c = dial(t, s.address)
	c.greet(&wire.Hello{User: "app", DB: "old", Token: token})
	c.answer(0).refused(t, wire.ErrorDenied)
}

func TestWhatAnOperatorDidToADatabaseStaysWhenItIsReplaced(t *testing.T) {
	t.Parallel()
	conf := config(connector(t, dbtest.SQLite(t)))
	conf.Databases["more"] = connector(t, dbtest.SQLite(t))
	conf.Users[0].Role = gateway.RoleOperator
	s := serve(t, conf)
	act := func(op, db string) {
		t.Helper()
		if _, err := s.Admin(t.Context(), gateway.RoleOperator, op, map[string]string{"database": db}); err != nil {
			t.Fatal(err)
		}
	}
	act("disable", "erp")
	act("pause", "more")
	to := gateway.Served{Users: conf.Users, Databases: map[string]gateway.Database{
		"erp": connector(t, dbtest.SQLite(t)), "more": connector(t, dbtest.SQLite(t)),
	}}
	if err := s.SetServed(to, func(string, gateway.Database) {}); err != nil {
		t.Fatal(err)
	}
	c := dial(t, s.address)
	c.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
	c.answer(0).refused(t, wire.ErrorShutdown)
	act("enable", "erp")
	login(t, s).must("create table t (v)")
	waits := login(t, s, func(h *wire.Hello) { h.DB = "more" })
	m := wire.Statement{SQL: "select 1", TimeoutMS: 100}
	waits.do(wire.TypeQuery, &m).refused(t, wire.ErrorTimeout)
	act("resume", "more")
	if got := waits.query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
}

// table is a pool of a file of its own with an empty table t.
func table(t *testing.T) (path string, db *sql.DB) {
	t.Helper()
	path = dbtest.SQLite(t)
	db, err := sql.Open("fluxor", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), "create table t (v)"); err != nil {
		t.Fatal(err)
	}
	return path, db
}

func TestAStatementThatWaitsForAPausedDatabaseReachesOnlyTheOneThatComesInItsPlace(t *testing.T) {
	t.Parallel()
	left, leftRows := table(t)
	next, nextRows := table(t)
	paused := connector(t, left)
	conf := config(paused)
	conf.Users[0].Role = gateway.RoleOperator
	s := serve(t, conf)
	act := func(op string) {
		t.Helper()
		if _, err := s.Admin(t.Context(), gateway.RoleOperator, op, map[string]string{"database": "erp"}); err != nil {
			t.Fatal(err)
		}
	}
	db := throughDriver(t, s, "")
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	act("pause")
	written := make(chan error, 1)
	go func() {
		_, err := db.ExecContext(t.Context(), "insert into t values (1)")
		written <- err
	}()
	dbtest.WaitUntil(t, "the insert waits", func() bool { return paused.PoolStats().Waiting == 1 })
	to := gateway.Served{Users: conf.Users, Databases: map[string]gateway.Database{"erp": connector(t, next)}}
	if err := s.SetServed(to, func(string, gateway.Database) {}); err != nil {
		t.Fatal(err)
	}
	act("resume")
	if err := <-written; err != nil {
		t.Error(err)
	}
	for rows, want := range map[*sql.DB]int{leftRows: 0, nextRows: 1} {
		var n int
		if err := rows.QueryRowContext(t.Context(), "select count(*) from t").Scan(&n); err != nil || n != want {
			t.Errorf("%d rows, want %d, %v", n, want, err)
		}
	}
}

func TestNothingChangesWhereSomethingIsWrong(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.SQLite(t))
	conf := config(db)
	s := serve(t, conf)
	users := []gateway.User{{Name: "app", Tokens: conf.Users[0].Tokens, Databases: []string{"gone"}}}
	none := func(string, gateway.Database) { t.Error("a database went") }
	for _, databases := range []map[string]gateway.Database{nil, {"erp": nil}, {"other": db}} {
		if err := s.SetServed(gateway.Served{Databases: databases, Users: users}, none); err == nil {
			t.Errorf("%v is accepted", databases)
		}
	}
	login(t, s).must("create table t (v)")
}
