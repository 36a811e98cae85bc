// This file tests that who only reads changes nothing, whatever the text.

package gateway_test

import (
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// reader adds the user "reader", who only reads.
func reader(c *gateway.Config) {
	c.Users = append(c.Users, gateway.User{Name: "reader", ReadOnly: true, Tokens: []gateway.Token{gateway.HashToken(token)}})
}

func asReader(h *wire.Hello) { h.User = "reader" }

// kept is a database with one row, which a reader attacks and its owner checks.
type kept struct {
	t      *testing.T
	s      *served
	owner  *client
	reader *client
	count  string
}

// attack has the reader say a text in each way that there is; none may change the
// row, and whoever is asked says so by an error unless the text is harmless.
func (k *kept) attack(text string, harmless bool) {
	k.t.Helper()
	for how, say := range map[string]func() *answer{
		"query": func() *answer { return k.reader.query(text) },
		"exec":  func() *answer { return k.reader.exec(text) },
		"prepared": func() *answer {
			if a := k.reader.do(wire.TypePrepare, &wire.Prepare{SID: 1, SQL: text}); a.fail != nil {
				return a
			}
			return k.reader.do(wire.TypeQuery, &wire.Statement{SID: 1})
		},
		"in a transaction": func() *answer {
			k.reader.do(wire.TypeBegin, &wire.Begin{})
			a := k.reader.query(text)
			k.reader.do(wire.TypeCommit, &wire.Empty{})
			return a
		},
	} {
		a := say()
		k.reader.exec("delete from kept") // where the text got out, this gets through
		k.reader.do(wire.TypeReset, &wire.Empty{})
		if !harmless && a.fail == nil {
			k.t.Errorf("%s, by %s: nobody refused it", text, how)
		}
		if got := k.owner.query(k.count).value(k.t); shown(got) != "1" {
			k.t.Fatalf("%s, by %s: there are %v rows now", text, how, got)
		}
	}
}

// keeping serves a database to its owner and a reader.
func keeping(t *testing.T, db gateway.Database, setup ...string) *kept {
	t.Helper()
	c := config(db)
	reader(&c)
	s := serve(t, c)
	k := &kept{t: t, s: s, owner: login(t, s), reader: login(t, s, asReader), count: "select count(*) from kept where v = 7"}
	k.owner.must(append([]string{"create table kept (v integer)", "insert into kept values (7)"}, setup...)...)
	k.owner.do(wire.TypeReset, &wire.Empty{})
	if !k.reader.hello.ReadOnly || k.owner.hello.ReadOnly {
		t.Error("welcome says the wrong thing of who only reads")
	}
	for range 3 {
		if got := k.reader.query(k.count).value(t); shown(got) != "1" {
			t.Fatalf("the reader reads %v", got)
		}
	}
	return k
}

// escapes are texts that any database could be tricked by.
var escapes = []string{
	"delete from kept",
	"/* a */ delete from kept",
	"-- select\ndelete from kept",
	"select 1; delete from kept",
	"select 1;\n-- \n;delete from kept",
	"select ';'; delete from kept",
	"commit",
	"rollback",
	"begin",
	"",
	";",
}

func TestAReaderOfPostgreSQLChangesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*fluxor.RuntimeConfig){
		"pq": one, "pgx": func(c *fluxor.RuntimeConfig) { c.MaxOpenConns, c.Driver = 1, "pgx" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			readerOfPostgreSQL(t, connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), change))
		})
	}
}

func readerOfPostgreSQL(t *testing.T, db gateway.Database) {
	t.Helper()
	k := keeping(t, db,
		"create function wipe() returns int language sql as $$ delete from kept; select 1 $$",
		"create function free() returns text language sql as $$ select set_config('transaction_read_only', 'off', false) $$",
		"create function wipefree() returns int language plpgsql as $$ begin perform set_config('transaction_read_only', 'off', true); delete from kept; return 1; end $$",
		"create function away() returns int language plpgsql as $$ begin commit; delete from kept; return 1; end $$",
		"create procedure gone() language plpgsql as $$ begin commit; delete from kept; end $$",
		"create sequence numbers",
	)
	for _, text := range append(escapes,
		"with gone as (delete from kept returning v) select * from gone",
		"select * into elsewhere from kept",
		"create table elsewhere as select * from kept",
		"explain analyze delete from kept",
		"explain (analyze, costs off) insert into kept values (8)",
		"select wipe()", "select wipefree()", "select away()", "call gone()",
		"do $$ begin delete from kept; end $$",
		"do $$ begin commit; delete from kept; end $$",
		"select nextval('numbers')",
		"select v from kept for update",
		"set transaction read write", "set default_transaction_read_only = off",
		"set session characteristics as transaction read write",
		"reset all", "discard all",
		"commit; begin; delete from kept", "end; delete from kept",
		"abort", "start transaction read write", "prepare transaction 'x'",
		"prepare w as delete from kept", "execute w", "copy kept from stdin",
		"listen news", "lock table kept",
		"select set_config('transaction_read_only', 'off', false)",
		"select set_config('transaction_read_only', 'off', true), wipe()",
		"select free()", "select free(), wipe()",
	) {
		k.attack(text, false)
	}
	for _, text := range []string{
		"select set_config('default_transaction_read_only', 'off', false)",
		"table kept", "values (1)", "show search_path", "explain select 1", "(select 1)",
	} {
		k.attack(text, true)
	}
	k.reader.query("select set_config('default_transaction_read_only', 'off', false)")
	if f := k.reader.query("select wipe()").refused(t, wire.ErrorDB); f.SQLState != "25006" {
		t.Errorf("the database does not say why: %+v", f)
	}
	if f := k.reader.exec("delete from kept").refused(t, wire.ErrorReadOnly); f.Applied != wire.AppliedNo {
		t.Errorf("got %+v", f)
	}
}

func TestAReaderOfMariaDBChangesNothing(t *testing.T) {
	t.Parallel()
	for name, params := range map[string][]string{"one statement": nil, "several": {"multiStatements=true"}, "interpolated": {"multiStatements=true", "interpolateParams=true"}} {
		k := keeping(t, connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN(params...), one),
			"create function wipe() returns int modifies sql data begin delete from kept; return 1; end",
			"create function free() returns int modifies sql data begin set session tx_read_only = 0; return 1; end",
			"create procedure gone() begin commit; delete from kept; end",
			"create sequence numbers",
		)
		for _, text := range append(escapes,
			"/*! delete from kept */", "/*M! delete from kept */", "select 1 /*! ; delete from kept */", "/*!50000 delete */ from kept",
			"# select\ndelete from kept",
			"insert into kept values (8) returning v", "replace into kept values (8)",
			"analyze delete from kept", "select wipe()", "call gone()",
			"select nextval(numbers)", "select v from kept for update", "select v from kept lock in share mode",
			"select v from kept into outfile '/tmp/never'", "select v into @x from kept",
			"set session transaction read write", "set transaction read write", "set @@session.tx_read_only = 0",
			"start transaction read write", "create table elsewhere (v int)", "truncate kept", "drop table kept",
			"prepare w from 'delete from kept'", "execute immediate 'delete from kept'", "begin not atomic delete from kept; end",
			"lock tables kept write", "load data infile '/dev/null' into table kept", "handler kept open", "do wipe()",
		) {
			k.attack(text, false)
		}
		for _, text := range []string{"select free()", "show tables"} {
			k.attack(text, true)
		}
		for _, text := range []string{"explain select 1", "describe kept"} { // an Exec of these waits for ever in go-sql-driver
			if a := k.reader.query(text); a.fail != nil {
				t.Errorf("%s: %v", text, a.fail)
			}
		}
		if got := k.owner.query(k.count).value(t); shown(got) != "1" {
			t.Fatalf("there are %v rows now", got)
		}
		k.reader.query("select free()")
		if f := k.reader.query("select wipe()").refused(t, wire.ErrorDB); f.Code != "1792" {
			t.Errorf("%s: the database does not say why: %+v", name, f)
		}
	}
}

func TestAReaderOfSQLiteChangesNothing(t *testing.T) {
	t.Parallel()
	k := keeping(t, connector(t, dbtest.SQLite(t), one))
	for _, text := range append(escapes,
		"with gone as (select 1) delete from kept", "with gone as (select 1) insert into kept select * from gone",
		"pragma query_only = 0", "pragma query_only(0)", "select 1; pragma query_only = 0; delete from kept",
		"explain pragma query_only = 0", "EXPLAIN/**/PRAGMA query_only(0)", "explain query plan pragma query_only = 0", "explain pragma\nquery_only",
		"attach ':memory:' as other", "create temp table mine (v)", "vacuum", "replace into kept values (8)", "savepoint x", "release x",
	) {
		k.attack(text, false)
	}
	for _, text := range []string{"select * from pragma_query_only", "select 'a pragma'", "explain delete from kept", "values (1)"} {
		k.attack(text, true)
	}
	if got := k.owner.exec("insert into kept values (9)"); got.fail != nil {
		t.Errorf("the owner writes no more: %v", got.fail)
	}
}

func TestAReaderOfSQLiteCannotEndItsModeByExplain(t *testing.T) {
	t.Parallel()
	k := keeping(t, connector(t, dbtest.SQLite(t), one))
	k.reader.query("explain pragma query_only = 0").refused(t, wire.ErrorReadOnly)
	k.reader.do(wire.TypePrepare, &wire.Prepare{SID: 1, SQL: "explain pragma query_only = 0"}).refused(t, wire.ErrorReadOnly)
	k.reader.exec("with gone as (select 1) delete from kept").refused(t, wire.ErrorDB)
	if got := k.owner.query(k.count).value(t); shown(got) != "1" {
		t.Errorf("there are %v rows now", got)
	}
}

func TestAReaderOfOracleNeedsAnAccountThatOnlyReads(t *testing.T) {
	t.Parallel()
	c := config(connector(t, dbtest.Oracle(t).DSN(), one))
	reader(&c)
	if _, err := gateway.New(c); err == nil || !strings.Contains(err.Error(), "ReadOnlyByGrants") {
		t.Errorf("got %v", err)
	}
	c.Users[1].ReadOnlyByGrants = true
	s := serve(t, c)
	r := login(t, s, asReader)
	for _, text := range append(escapes, "begin delete from kept; end;", "declare x int; begin null; end;", "alter session set current_schema = x", "drop table kept", "explain plan for delete from kept") {
		r.exec(text).refused(t, wire.ErrorReadOnly)
	}
	if got := r.query("select 7 from dual").value(t); shown(got) != "7" {
		t.Errorf("the reader reads %v", got)
	}
}

// unknown is a database of which nothing is known.
type unknown struct{ faulty }

func (*unknown) Backend() backend.Backend { return backend.Backend{} }

func TestWhoReadsFromADatabaseThatCannotHoldHimToItIsNotConfigured(t *testing.T) {
	t.Parallel()
	for _, db := range []gateway.Database{&faulty{}, &unknown{}} {
		c := config(db)
		reader(&c)
		if _, err := gateway.New(c); err == nil || !strings.Contains(err.Error(), "ReadOnly on erp") {
			t.Errorf("got %v", err)
		}
	}
}

func TestAReaderLeavesNoLeaseAndNoModeBehind(t *testing.T) {
	t.Parallel()
	s, db := postgresWith(t, reader)
	r, w := login(t, s, asReader), login(t, s)
	w.must("create table t (v int)")
	w.do(wire.TypeReset, &wire.Empty{})
	for range 5 {
		r.query("select count(*) from t").value(t)
		r.query("select 1/0").refused(t, wire.ErrorDB)
		w.must("insert into t values (1)")
	}
	id := r.request(wire.TypeQuery, &wire.Statement{SQL: endless})
	dbtest.WaitUntil(t, "it runs", func() bool { return db.PoolStats().Used == 1 })
	r.send(wire.TypeCancel, id, &wire.Empty{})
	r.answer(id).refused(t, wire.ErrorCanceled)
	w.must("insert into t values (2)")
	if got := r.query("select count(*) from t").value(t); got != int64(6) || db.PoolStats().Used != 0 {
		t.Errorf("got %v, and %+v", got, db.PoolStats())
	}
}

// postgresWith serves a new PostgreSQL database over one connection.
func postgresWith(t *testing.T, change func(*gateway.Config)) (*served, *fluxor.Connector) {
	t.Helper()
	db := connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), one)
	c := config(db)
	change(&c)
	return serve(t, c), db
}
