// This file tests that a cancel ends the request it names and nothing else, and what happens to requests that come meanwhile.

package gateway_test

import (
	"net"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// postgres serves a new database of the shared PostgreSQL.
func postgres(t *testing.T, change ...func(*fluxor.RuntimeConfig)) (*served, *fluxor.Connector) {
	t.Helper()
	db := connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), change...)
	return serve(t, config(db)), db
}

func one(c *fluxor.RuntimeConfig) { c.MaxOpenConns = 1 }

// endless runs until it is canceled.
const endless = "select pg_sleep(60)"

func TestACancelEndsTheRequestThatItNames(t *testing.T) {
	t.Parallel()
	s, db := postgres(t, one)
	c := login(t, s)
	id := c.request(wire.TypeQuery, &wire.Statement{SQL: endless})
	dbtest.WaitUntil(t, "it runs", func() bool { return db.PoolStats().Used == 1 })
	c.send(wire.TypeCancel, id+7, &wire.Empty{}) // nobody's
	c.send(wire.TypeCancel, id, &wire.Empty{})
	c.send(wire.TypeCancel, id, &wire.Empty{})
	f := c.answer(id).refused(t, wire.ErrorCanceled)
	if f.Dialect != "postgres" && f.Code != "" || f.Applied != wire.AppliedNo || f.Tx != wire.TxIdle {
		t.Errorf("got %+v", f)
	}
	for range 3 {
		if got := c.query("select 1").value(t); got != int64(1) {
			t.Error(got)
		}
	}
	c.send(wire.TypeCancel, c.last, &wire.Empty{}) // it is over
	if got := c.query("select 2").value(t); got != int64(2) {
		t.Error(got)
	}
}

func TestWhatOnlyReadsTookNoEffectWhereverItEnded(t *testing.T) {
	t.Parallel()
	pgx := func(c *fluxor.RuntimeConfig) { c.Driver = "pgx" }
	for name, db := range map[string]*fluxor.Connector{
		"pq": connector(t, dbtest.Postgres(t).NewDatabase(t).URL()), "pgx": connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), pgx),
		"mysql": connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN()), "sqlite": connector(t, dbtest.SQLite(t)),
	} {
		c := login(t, serve(t, config(db)))
		c.must("create table a (v varchar(900))", "insert into a values ('"+strings.Repeat("x", 900)+"')")
		for range 6 {
			c.must("insert into a select v from a")
		}
		c.do(wire.TypeReset, &wire.Empty{})
		id := c.request(wire.TypeQuery, &wire.Statement{SQL: "select x.v from a x, a y, a z"}) // 236 MB
		m := c.next()
		if m.Type != wire.TypeHead {
			t.Fatalf("%s: got %s", name, m.Type)
		}
		c.send(wire.TypeCancel, id, &wire.Empty{})
		for m.Type == wire.TypeHead || m.Type == wire.TypeRows {
			m = c.next()
		}
		var f wire.Error
		if c.decode(m, &f); f.Kind != wire.ErrorCanceled || f.Applied != wire.AppliedNo {
			t.Errorf("%s: got applied %s, %s", name, f.Applied, f.Error())
		}
	}
}

func TestRequestsThatComeMeanwhileWaitTheirTurn(t *testing.T) {
	t.Parallel()
	s, db := postgres(t)
	c := login(t, s)
	running := c.request(wire.TypeQuery, &wire.Statement{SQL: endless})
	dbtest.WaitUntil(t, "it runs", func() bool { return db.PoolStats().Used == 1 })
	var ids []uint32
	for range 60 {
		ids = append(ids, c.request(wire.TypeQuery, &wire.Statement{SQL: "select 1"}))
	}
	c.send(wire.TypeCancel, ids[3], &wire.Empty{})
	c.send(wire.TypeCancel, running, &wire.Empty{})
	c.answer(running).refused(t, wire.ErrorCanceled)
	for i, id := range ids {
		a := c.answer(id)
		if i == 3 {
			a.refused(t, wire.ErrorCanceled)
		} else if got := a.value(t); got != int64(1) {
			t.Errorf("request %d: %v", i, got)
		}
	}
}

func TestMoreThanSixtyFourRequestsWaitInTheConnection(t *testing.T) {
	t.Parallel()
	s, db := postgres(t)
	c := login(t, s)
	running := c.request(wire.TypeQuery, &wire.Statement{SQL: "select pg_sleep(0.3)"})
	dbtest.WaitUntil(t, "it runs", func() bool { return db.PoolStats().Used == 1 })
	first := c.last + 1
	for range 200 {
		c.request(wire.TypeQuery, &wire.Statement{SQL: "select 1"})
	}
	c.answer(running).value(t)
	for id := first; id <= c.last; id++ {
		c.answer(id).value(t)
	}
}

func TestATimeoutEndsTheStatementOnTheServer(t *testing.T) {
	t.Parallel()
	s, db := postgres(t, one)
	c := login(t, s)
	f := c.do(wire.TypeQuery, &wire.Statement{SQL: endless, TimeoutMS: 50}).refused(t, wire.ErrorTimeout)
	if f.Applied == wire.AppliedYes {
		t.Errorf("got %+v", f)
	}
	c.do(wire.TypeReset, &wire.Empty{})
	if got := c.query("select 1").value(t); got != int64(1) || db.PoolStats().Used != 0 {
		t.Errorf("got %v, and %+v", got, db.PoolStats())
	}
}

func TestAClientThatGoesEndsItsStatement(t *testing.T) {
	t.Parallel()
	s, db := postgres(t, one)
	for range 3 {
		c := login(t, s)
		c.request(wire.TypeQuery, &wire.Statement{SQL: endless})
		dbtest.WaitUntil(t, "it runs", func() bool { return db.PoolStats().Used == 1 })
		_ = c.conn.Close()
		dbtest.WaitUntil(t, "it has ended", func() bool { return db.PoolStats().Used == 0 && s.Sessions() == 0 })
	}
}

func TestWhereEachStatementLeavesTheSessionAloneClientsShareAConnection(t *testing.T) {
	t.Parallel()
	s, db := postgres(t, one)
	c, other := login(t, s), login(t, s)
	if a := c.exec("set search_path to nowhere"); a.fail != nil || a.end.Pin != "session" {
		t.Fatalf("got %+v, %v", a.end, a.fail)
	}
	if got := c.query("show search_path").value(t); got != "nowhere" {
		t.Errorf("the session sees %v", got)
	}
	c.do(wire.TypeReset, &wire.Empty{})
	if got := other.query("show search_path").value(t); !strings.Contains(got.(string), "public") {
		t.Errorf("another session sees %v", got)
	}
	if n := db.PoolStats().Used; n != 0 {
		t.Errorf("%d connections are leased", n)
	}
}

func TestNothingBeginsBehindWhatTheClientsEndCanceled(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	setup := login(t, s)
	setup.must("create table t (v)")
	setup.do(wire.TypeReset, &wire.Empty{})
	c := login(t, s)
	const slow = "insert into t with recursive n(i) as (select 1 union all select i + 1 from n) select 'debit' from n where i < 0"
	var b wire.Buffer
	b.Add(wire.TypeBegin, 1, &wire.Begin{}, c.codec)
	b.Add(wire.TypeExec, 2, &wire.Statement{SQL: slow, Tx: true}, c.codec)
	b.Add(wire.TypeExec, 3, &wire.Statement{SQL: "insert into t values ('credit')", Tx: true}, c.codec)
	b.Add(wire.TypeCommit, 4, &wire.Empty{}, c.codec)
	c.write(b.Bytes())
	if err := c.conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if a := c.answer(1); a.fail != nil {
		t.Fatal(a.fail)
	}
	c.answer(2).refused(t, wire.ErrorCanceled)
	c.ended()
	if got := setup.query("select count(*) from t").value(t); got != int64(0) {
		t.Errorf("%v rows are there", got)
	}
}
