// This file tests that nothing which one client leaves in a database's session is ever seen by another.

package gateway_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// leftover is a kind of state that a session of the database can be in.
type leftover struct {
	name  string
	leave string // a statement that leaves it
	rows  bool   // it is a query
	ask   string // what shows it
	clean any    // what a session shows that nobody was in
	slow  bool   // the server takes it away some time after the connection's end
}

// shown is a value as a text, whatever type a driver gives it.
func shown(v any) string {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(v)
}

// endings are how a client can be done with what it left.
var endings = map[string]func(c *client){
	"reset":      func(c *client) { c.do(wire.TypeReset, &wire.Empty{}) },
	"disconnect": func(c *client) { _ = c.conn.Close() },
}

// seenByNobody has one client leave something behind on the only connection, and
// another one look for it.
func seenByNobody(t *testing.T, s *served, l leftover) {
	t.Helper()
	for how, end := range endings {
		c, other := login(t, s), login(t, s)
		run := c.exec
		if l.rows {
			run = func(text string, _ ...any) *answer { return c.query(text) }
		}
		a := run(l.leave)
		if a.fail != nil || a.end.Pin == "" {
			t.Fatalf("%s: got %+v and %v, want a pin", l.name, a.end, a.fail)
		}
		if got := c.query(l.ask).value(t); shown(got) == shown(l.clean) {
			t.Errorf("%s: its own client sees %v", l.name, got)
		}
		end(c)
		dbtest.WaitUntil(t, l.name+": another client sees nothing after "+how, func() bool {
			got := other.query(l.ask).value(t)
			if !l.slow && shown(got) != shown(l.clean) {
				t.Fatalf("%s: after %s another client sees %s", l.name, how, shown(got))
			}
			return shown(got) == shown(l.clean)
		})
		_ = other.conn.Close()
	}
}

func TestNoSessionStateOfPostgreSQLIsSeenByAnotherClient(t *testing.T) {
	t.Parallel()
	s, db := postgres(t, one)
	owner := login(t, s)
	owner.must(
		"create function quiet() returns text language sql as $$ select set_config('app.tenant', 'a', false) $$",
		"create table orders (id serial)",
	)
	owner.do(wire.TypeReset, &wire.Empty{})
	const tenant = "select coalesce(current_setting('app.tenant', true), '')"
	for _, l := range []leftover{
		{name: "set", leave: "set statement_timeout = 12345", ask: "show statement_timeout", clean: "0"},
		{name: "set_config", leave: "select set_config('app.tenant', 'a', false)", rows: true, ask: tenant, clean: ""},
		{name: "set_config behind a function", leave: "select quiet()", rows: true, ask: tenant, clean: ""},
		{name: "a block", leave: "do $$ begin perform set_config('app.tenant', 'a', false); end $$", ask: tenant, clean: ""},
		{name: "a temporary table", leave: "create temp table mine (v int)", ask: "select coalesce(to_regclass('mine')::text, '')", clean: ""},
		{name: "an advisory lock", leave: "select pg_advisory_lock(7)", rows: true, ask: "select count(*) from pg_locks where locktype = 'advisory'", clean: 0, slow: true},
		{name: "listen", leave: "listen news", ask: "select count(*) from pg_listening_channels()", clean: 0},
		{name: "a role", leave: "set role pg_read_all_stats", ask: "select current_user", clean: "fluxor"},
		{name: "a prepared statement", leave: "prepare mine as select 1", ask: "select count(*) from pg_prepared_statements where name = 'mine'", clean: 0},
		{name: "a cursor", leave: "declare mine cursor with hold for select 1", ask: "select count(*) from pg_cursors", clean: 0},
		{name: "a transaction by text", leave: "begin; insert into orders default values", ask: "select count(*) from orders", clean: 0},
	} {
		if l.name == "a role" {
			grantRole(t)
		}
		seenByNobody(t, s, l)
	}
	if used := db.PoolStats().Used; used != 0 {
		t.Errorf("%d connections are leased", used)
	}
}

// grantRole lets the tests' account take a role.
func grantRole(t *testing.T) {
	t.Helper()
	if _, err := dbtest.Postgres(t).Admin(t).Exec("grant pg_read_all_stats to fluxor"); err != nil {
		t.Fatal(err)
	}
}

func TestNoSessionStateOfMariaDBIsSeenByAnotherClient(t *testing.T) {
	t.Parallel()
	server := dbtest.MariaDB(t)
	target, elsewhere := server.NewDatabase(t), server.NewDatabase(t)
	db := connector(t, "mysql://"+target.DSN(), one)
	s := serve(t, config(db))
	for _, l := range []leftover{
		{name: "a variable", leave: "set @tenant = 'a'", ask: "select coalesce(@tenant, '')", clean: ""},
		{name: "a variable within a query", leave: "select @tenant := 'a'", rows: true, ask: "select coalesce(@tenant, '')", clean: ""},
		{name: "set", leave: "set session lock_wait_timeout = 7", ask: "select @@lock_wait_timeout = 7", clean: 0},
		{name: "use", leave: "use " + elsewhere.Database, ask: "select database()", clean: target.Database},
		{name: "a lock by name", leave: "select get_lock('" + target.Database + "', 0)", rows: true, ask: "select is_used_lock('" + target.Database + "') is not null", clean: 0, slow: true},
		{name: "names", leave: "set names latin1", ask: "select @@character_set_client", clean: "utf8mb4"},
		{name: "a transaction mode", leave: "set session transaction read only", ask: "select @@tx_read_only", clean: 0},
	} {
		seenByNobody(t, s, l)
	}
	c, other := login(t, s), login(t, s)
	c.must("create temporary table mine (v int)")
	c.do(wire.TypeReset, &wire.Empty{})
	other.query("select * from mine").refused(t, wire.ErrorDB)
	if used := db.PoolStats().Used; used != 0 {
		t.Errorf("%d connections are leased", used)
	}
}

func TestNoSessionStateOfSQLiteIsSeenByAnotherClient(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.SQLite(t), one)))
	for _, l := range []leftover{
		{name: "a pragma", leave: "pragma foreign_keys = on", ask: "pragma foreign_keys", clean: 0},
		{name: "a temporary table", leave: "create temp table mine (v)", ask: "select count(*) from sqlite_temp_master", clean: 0},
		{name: "an attached database", leave: "attach ':memory:' as mine", ask: "select count(*) from pragma_database_list where name = 'mine'", clean: 0},
	} {
		seenByNobody(t, s, l)
	}
}

func TestNoSessionStateOfOracleIsSeenByAnotherClient(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.Oracle(t).DSN(), one)))
	for _, text := range []string{
		"begin dbms_session.set_identifier('a'); end;", "alter session set nls_date_format = 'YYYY'", "begin pkg.last := 7; end;",
	} {
		c := login(t, s)
		a := c.exec(text)
		if pinned := a.end.Pin != "" || a.fail != nil && a.fail.Pin != ""; !pinned {
			t.Errorf("%s: got %+v, %+v, want a pin", text, a.end, a.fail)
		}
		_ = c.conn.Close()
	}
}

// What an ordinary statement leaves behind, such as the number of the last row,
// pins nothing: its own client reads it as long as nobody came between, and nobody
// else ever does.
func TestWhatTheLastStatementLeftIsReadByItsOwnClientAlone(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct {
		db             gateway.Database
		table, ask     string
		insert, depend string
	}{
		"postgres": {
			connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), one),
			"create table t (id serial, v int)", "select lastval()", "insert into t (v) values (1)", "insert into t (v) values (currval('t_id_seq'))",
		},
		"sqlite": {
			connector(t, dbtest.SQLite(t), one),
			"create table t (id integer primary key, v int)", "select last_insert_rowid()", "insert into t (v) values (1)", "insert into t (v) values (last_insert_rowid())",
		},
	} {
		s := serve(t, config(try.db))
		c, other := login(t, s), login(t, s)
		c.must(try.table)
		c.do(wire.TypeReset, &wire.Empty{})
		c.must(try.insert)
		if got := c.query(try.ask).value(t); shown(got) != "1" {
			t.Errorf("%s: its own client reads %v", name, got)
		}
		c.must(try.depend)
		for _, text := range []string{try.ask, try.depend} {
			if f := other.query(text).refused(t, wire.ErrorDenied); f.Applied != wire.AppliedNo || f.Conn != wire.ConnOK {
				t.Errorf("%s: got %+v", name, f)
			}
		}
		if got := other.query("select count(*) from t").value(t); shown(got) != "2" {
			t.Errorf("%s: there are %v rows", name, got)
		}
		c.query(try.ask).refused(t, wire.ErrorDenied) // somebody came between
	}
}

func TestWhatAnotherClientLeftIsNotKeptInAVariableEither(t *testing.T) {
	t.Parallel()
	a, b := two(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN(), "create table t (id integer auto_increment primary key, v int)")
	const insert = "insert into t (v) values (1)"
	for how, run := range map[string]func(text string) *answer{
		"exec": func(text string) *answer { return a.exec(text) }, "query": func(text string) *answer { return a.query(text) },
	} {
		for _, text := range []string{"set @kept = last_insert_id()", "set @kept = @@identity", "set @kept = row_count()"} {
			a.must("insert into t (v) select 1") // whether it drew its number nobody knows for sure
			b.must(insert)
			if f := run(text).refused(t, wire.ErrorDenied); f.Applied != wire.AppliedNo || f.Pin != "" {
				t.Errorf("%s, by %s: got %+v", text, how, f)
			}
			if got := a.query("select coalesce(@kept, 0)").value(t); shown(got) != "0" {
				t.Errorf("%s, by %s: %v was kept", text, how, got)
			}
			a.do(wire.TypeReset, &wire.Empty{})
		}
	}
	a.must("insert into t (v) select 1", "set @kept = last_insert_id()")
	if got := a.query("select @kept = max(id) from t").value(t); shown(got) != "1" {
		t.Errorf("its own number is not kept: %v", got)
	}
}

// two are clients of a database that has one connection, for both. The first has
// made what is there, and keeps nothing of that.
func two(t *testing.T, dsn string, made ...string) (a, b *client) {
	t.Helper()
	s := serve(t, config(connector(t, dsn, one)))
	a, b = login(t, s), login(t, s)
	a.must(made...)
	a.do(wire.TypeReset, &wire.Empty{})
	return a, b
}

func TestWhatAnotherClientLeftIsNotReadByAnExecEither(t *testing.T) {
	t.Parallel()
	a, b := two(t, dbtest.SQLite(t), "create table t (v)", "insert into t values (1)")
	a.must("insert into t values (2)", "select last_insert_rowid()")
	b.must("insert into t values (3)")
	a.exec("select last_insert_rowid()").refused(t, wire.ErrorDenied)
}

func TestWhoOnlyPreparedAStatementHasLeftNothingToRead(t *testing.T) {
	t.Parallel()
	a, b := two(t, dbtest.SQLite(t), "create table t (id integer primary key, v)")
	a.must("insert into t values (4711, 'of another client')")
	if p := b.do(wire.TypePrepare, &wire.Prepare{SID: 1, SQL: "insert into t (v) values (1)"}); p.fail != nil {
		t.Fatal(p.fail)
	}
	b.query("select last_insert_rowid()").refused(t, wire.ErrorDenied)
	if a := b.do(wire.TypeExec, &wire.Statement{SID: 1}); a.fail != nil {
		t.Fatal(a.fail)
	}
	if got := b.query("select last_insert_rowid()").value(t); shown(got) != "4712" {
		t.Errorf("got %v", got)
	}
}

func TestAnEmptyTransactionReadsNoNumberOfAnotherClient(t *testing.T) {
	t.Parallel()
	a, b := two(t, dbtest.SQLite(t), "create table t (id integer primary key, v int)")
	const insert, ask = "insert into t (v) values (1)", "select last_insert_rowid()"
	b.must(insert)
	a.must(insert)
	b.do(wire.TypeBegin, &wire.Begin{})
	b.query(ask).refused(t, wire.ErrorDenied)
	b.must("update t set v = 2 where id = 1", insert)
	b.query("select count(*) from t").value(t)
	if got := b.query(ask).value(t); shown(got) != "3" {
		t.Errorf("its own is %v, want 3", got)
	}
	b.do(wire.TypeRollback, &wire.Empty{})
}

// stuck is a connection whose transactions cannot be rolled back.
type stuck struct {
	faultyConn
	said *[]string
}

func (c *stuck) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return c, nil }

func (c *stuck) Commit() error { return nil }

func (c *stuck) Rollback() error { return errors.New("no") }

func (c *stuck) IsValid() bool {
	*c.said = append(*c.said, "given back")
	return true
}

func (c *stuck) Close() error {
	*c.said = append(*c.said, "closed")
	return nil
}

type stuckDatabase struct {
	faulty
	said []string
}

func (d *stuckDatabase) Connect(context.Context) (driver.Conn, error) {
	return &stuck{said: &d.said}, nil
}

func (d *stuckDatabase) Backend() backend.Backend { return backend.Backend{Type: "mysql"} }

func TestAConnectionWhoseRollbackFailsIsClosed(t *testing.T) {
	t.Parallel()
	for how, end := range endings {
		db := &stuckDatabase{}
		s := serve(t, config(db))
		c := login(t, s)
		if a := c.do(wire.TypeBegin, &wire.Begin{}); a.fail != nil {
			t.Fatal(a.fail)
		}
		end(c)
		_ = c.conn.Close()
		dbtest.WaitUntil(t, "the session is over", func() bool { return s.Sessions() == 0 })
		_ = s.Close()
		if len(db.said) != 2 || db.said[1] != "closed" {
			t.Errorf("%s: the connection was %v, want it closed while it was leased", how, db.said)
		}
	}
}

// lateDatabase answers a begin when its time is over, and cannot take it back.
type lateDatabase struct{ stuckDatabase }

type lateBegin struct{ stuck }

func (c *lateBegin) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	<-ctx.Done()
	return c, nil
}

func (d *lateDatabase) Connect(context.Context) (driver.Conn, error) {
	return &lateBegin{stuck{said: &d.said}}, nil
}

func TestAConnectionIsClosedWhoseLateTransactionCannotBeTakenBack(t *testing.T) {
	t.Parallel()
	db := &lateDatabase{}
	s := serve(t, config(db))
	c := login(t, s)
	c.do(wire.TypeBegin, &wire.Begin{TimeoutMS: 10}).refused(t, wire.ErrorTimeout)
	_ = c.conn.Close()
	dbtest.WaitUntil(t, "the session is over", func() bool { return s.Sessions() == 0 })
	_ = s.Close()
	if len(db.said) != 2 || db.said[1] != "closed" {
		t.Errorf("the connection was %v, want it closed while it was leased", db.said)
	}
}
