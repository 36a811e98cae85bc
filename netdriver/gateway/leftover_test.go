// This file tests that what a statement left is read by its own client alone, whatever came between.

package gateway_test

import (
	"context"
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// quiet are requests that lease a connection and run no statement there.
var quiet = map[string]func(c *client){
	"a ping": func(c *client) { c.do(wire.TypePing, &wire.Ping{DB: true}) },
	"an empty transaction": func(c *client) {
		c.do(wire.TypeBegin, &wire.Begin{})
		c.do(wire.TypeCommit, &wire.Empty{})
	},
}

func TestWhoOnlyAskedForAConnectionHasLeftNothingThere(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct{ dsn, table, ask string }{
		"postgres": {dbtest.Postgres(t).NewDatabase(t).URL(), "create table t (id serial, v int)", "select lastval()"},
		"sqlite":   {dbtest.SQLite(t), "create table t (id integer primary key, v int)", "select last_insert_rowid()"},
	} {
		s := serve(t, config(connector(t, try.dsn, one)))
		a, b := login(t, s), login(t, s)
		a.must(try.table)
		a.do(wire.TypeReset, &wire.Empty{})
		for how, nothing := range quiet {
			a.must("insert into t (v) values (1)")
			b.must("insert into t (v) values (2)", "insert into t (v) values (2)")
			nothing(a)
			if got := a.query(try.ask); got.fail == nil {
				t.Errorf("%s, after %s: %v is another's", name, how, got.sets)
			} else {
				got.refused(t, wire.ErrorDenied)
			}
		}
	}
}

func TestAnUpdateLeavesNoNumberToBeRead(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct{ dsn, table, ask string }{
		"postgres": {dbtest.Postgres(t).NewDatabase(t).URL(), "create table t (id serial, v int)", "select lastval()"},
		"sqlite":   {dbtest.SQLite(t), "create table t (id integer primary key, v int)", "select last_insert_rowid()"},
	} {
		s := serve(t, config(connector(t, try.dsn, one)))
		a, b := login(t, s), login(t, s)
		a.must(try.table)
		a.do(wire.TypeReset, &wire.Empty{})
		for _, begun := range []bool{false, true} {
			b.must("insert into t (v) values (2)", "insert into t (v) values (2)")
			if begun {
				a.do(wire.TypeBegin, &wire.Begin{})
			}
			a.must("update t set v = v + 1")
			a.query(try.ask).refused(t, wire.ErrorDenied)
			if got := a.query("select changes()"); name == "sqlite" && (got.fail != nil || got.sets[0][0][0] == int64(0)) {
				t.Errorf("the rows that it changed: %v, %v", got.sets, got.fail)
			}
			a.do(wire.TypeReset, &wire.Empty{})
			if begun {
				a.do(wire.TypeBegin, &wire.Begin{})
			}
			a.must("insert into t (v) values (1)", "update t set v = v + 1")
			if got, own := shown(a.query(try.ask).value(t)), shown(a.query("select max(id) from t").value(t)); got != own {
				t.Errorf("%s: %s, want %s", name, got, own)
			}
			a.do(wire.TypeReset, &wire.Empty{})
		}
	}
}

func TestWhoOnlyAskedForAConnectionReadsNoNumberOfMySQLThere(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	a, b := login(t, s), login(t, s)
	others := []string{"insert into t (v) values ('of another')", "insert into t (v) values ('of another')"}
	for how, nothing := range quiet {
		a.must("insert into t (v) values ('own')")
		own := shown(b.query("select max(id) from t where v = 'own'").value(t))
		b.must(others...)
		nothing(a)
		a.do(wire.TypeBegin, &wire.Begin{})
		a.reads(t, own)
		a.do(wire.TypeRollback, &wire.Empty{})
		for _, try := range [][2]string{{"insert into t (v) select 'own'", lastNumber}, {"update t set v = 'own' where v = 'own'", "select row_count()"}} {
			a.must(try[0])
			b.must(others...)
			nothing(a)
			if got := a.query(try[1]); got.fail == nil {
				t.Errorf("%s, after %s: %v is another's", try[1], how, got.sets)
			}
		}
	}
}

func TestWhatAnUpdateCountedGoesIntoAVariableWithinTheTransaction(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	owner := login(t, s)
	owner.must("create table q (v int)", "insert into q values (1), (2)")
	_ = owner.conn.Close()
	for _, pool := range []string{"", "session"} {
		c := login(t, s, func(h *wire.Hello) { h.Session.Pool = pool })
		c.do(wire.TypeBegin, &wire.Begin{})
		for _, text := range []string{"select row_count() into @n", "select @n := row_count()"} {
			c.must("update q set v = v + 1", text)
			if got := shown(c.query("select @n").value(t)); got != "2" {
				t.Errorf("%s, pool %q: %s was kept, want 2", text, pool, got)
			}
		}
		_ = c.conn.Close()
	}
}

// fading is a database of MySQL's kind whose first connection is gone at its first
// query, and on each of whose connections another client's number is.
type fading struct {
	faulty
	made int
}

func (*fading) Backend() backend.Backend { return backend.Backend{Type: "mysql"} }

func (*fading) Fingerprint(text string) string { return text }

func (*fading) Describe(string) fluxor.TextFacts {
	return fluxor.TextFacts{Verb: "SELECT", Count: 1, Code: "session"}
}

func (d *fading) Connect(context.Context) (driver.Conn, error) {
	d.made++
	return &fadingConn{first: d.made == 1, last: "of another"}, nil
}

type fadingConn struct {
	driver.Conn
	first bool
	last  string
}

func (*fadingConn) Close() error { return nil }

func (c *fadingConn) ExecContext(_ context.Context, text string, _ []driver.NamedValue) (driver.Result, error) {
	c.last = strings.TrimPrefix(text, "set last_insert_id = ")
	return driver.ResultNoRows, nil
}

func (c *fadingConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	if c.first {
		return nil, driver.ErrBadConn
	}
	return &cells{row: []driver.Value{c.last}}, nil
}

func TestANumberIsNotReadOnAConnectionWhereNobodySetIt(t *testing.T) {
	t.Parallel()
	c := login(t, serve(t, config(&fading{})))
	if a := c.query(lastNumber); a.fail == nil {
		t.Errorf("got %v", a.sets)
	}
	c.reads(t, "0")
}

// definitions name what a statement left, and read nothing of it.
var definitions = map[string][]string{
	"mysql": {
		"create function f() returns bigint reads sql data begin return last_insert_id(); end",
		"create or replace definer = current_user procedure p() select row_count(), found_rows(), last_insert_id()",
		"create trigger tr after insert on t for each row set @x = last_insert_id()",
		"create or replace algorithm = merge sql security invoker view v as select last_insert_id() as n, row_count() as r",
	},
	"sqlite": {
		"create trigger tr after insert on t begin insert into log values (last_insert_rowid()); end",
		"create temp view v as select last_insert_rowid() as n, changes() as c",
	},
	"postgres": {
		"create function f() returns bigint language sql begin atomic select lastval(); end",
		"create or replace view v as select lastval() as n",
	},
}

func TestWhatIsOnlyWrittenDownReadsNothing(t *testing.T) {
	t.Parallel()
	dsns := map[string]string{
		"mysql": "mysql://" + dbtest.MariaDB(t).NewDatabase(t).DSN(), "sqlite": dbtest.SQLite(t), "postgres": dbtest.Postgres(t).NewDatabase(t).URL(),
	}
	for name, dsn := range dsns {
		s := serve(t, config(connector(t, dsn)))
		c := login(t, s)
		c.must("create table t (id int)", "create table log (id int)")
		for _, text := range definitions[name] {
			c.do(wire.TypeReset, &wire.Empty{})
			if got := c.exec(text); got.fail != nil {
				t.Errorf("%s: %s: %s", name, text, got.fail.Message)
			}
		}
	}
}

func TestATableIsNotFilledWithTheNumberOfAnotherClient(t *testing.T) {
	t.Parallel()
	a, b := toMySQL(t)
	for _, text := range []string{
		"create table function1 as select last_insert_id() as n", "create or replace table function1 as select last_insert_id() as n, row_count() as r",
	} {
		a.must("insert into t (v) values ('of another')")
		if r := b.exec(text); r.fail != nil {
			r.refused(t, wire.ErrorDenied)
			continue
		}
		if got := shown(b.query("select n from function1").value(t)); got != "0" {
			t.Errorf("%s: %s is another's", text, got)
		}
		b.do(wire.TypeReset, &wire.Empty{})
	}
}

// toMySQL serves two clients one connection to a database with a table q.
func toMySQL(t *testing.T) (a, b *client) {
	t.Helper()
	s := numbered(t)
	a, b = login(t, s), login(t, s)
	b.must("create table q (v int unique)", "insert into q values (1), (2), (3)")
	b.do(wire.TypeReset, &wire.Empty{})
	return a, b
}

// What a warning quotes may be another client's data: a statement without a table
// leaves the warnings of before where they are.
func TestNoWarningOfAnotherClientIsShown(t *testing.T) {
	t.Parallel()
	a, b := toMySQL(t)
	reads := []string{"show warnings", "show count(*) warnings", "select @@warning_count", "get diagnostics condition 1 @m = message_text"}
	for _, text := range []string{
		"select 1", "select now()", "set @x = 1", "select 1 from dual", "select 1 as `from q`", "select extract(year from now())", "begin", "",
	} {
		for _, read := range reads {
			a.query("select cast('of another' as int) from q")
			if text == "" {
				b.do(wire.TypeBegin, &wire.Begin{})
				b.query("select 1")
			} else if r := b.query(text); r.fail != nil {
				t.Fatal(r.fail)
			}
			if got := b.query(read); got.fail == nil {
				t.Errorf("%q, then %s: %v is another's", text, read, got.sets)
			} else {
				got.refused(t, wire.ErrorDenied)
			}
			b.do(wire.TypeReset, &wire.Empty{})
		}
	}
}

func TestNoWarningOfAnotherClientIsReadByWhatIsHidden(t *testing.T) {
	t.Parallel()
	a, b := toMySQL(t)
	b.must(
		"create or replace definer = current_user procedure p1() begin get diagnostics condition 1 @m = message_text; select @m; end",
		"create function f1() returns text begin get diagnostics condition 1 @m = message_text; return @m; end",
		"create procedure p2() select found_rows(), row_count(), @@warning_count",
	)
	b.do(wire.TypeReset, &wire.Empty{})
	for _, begun := range []bool{false, true} {
		for _, text := range []string{
			"execute immediate 'show warnings'", "execute immediate concat('show ', 'warnings')", "call p1()", "select f1()", "call p2()",
			"begin not atomic get diagnostics condition 1 @m = message_text; select @m; end",
		} {
			a.query("select cast('of another' as int) from q")
			if begun {
				b.do(wire.TypeBegin, &wire.Begin{})
			}
			got := b.query(text)
			if got.fail != nil {
				t.Fatalf("%s: %v", text, got.fail)
			}
			if all := renderedSets(got); strings.Contains(all, "another") || strings.Contains(all, "3") {
				t.Errorf("%s: %s is another's", text, all)
			}
			b.do(wire.TypeReset, &wire.Empty{})
		}
	}
	b.do(wire.TypeBegin, &wire.Begin{})
	b.must("insert ignore into q values (1)")
	if got := renderedSets(b.query("call p1()")); !strings.Contains(got, "Duplicate entry") {
		t.Errorf("its own warning is not there: %s", got)
	}
}

// renderedSets are all values of an answer.
func renderedSets(a *answer) string {
	var all strings.Builder
	for _, set := range a.sets {
		for _, row := range set {
			for _, v := range row {
				all.WriteString(shown(v) + " ")
			}
		}
	}
	return all.String()
}

func TestItsOwnWarningsAreShownToAClient(t *testing.T) {
	t.Parallel()
	a, b := toMySQL(t)
	for _, try := range []struct{ text, want string }{
		{"select cast('own' as int) from q limit 1", "Truncated incorrect INTEGER value: 'own'"},
		{"insert ignore into q values (1)", "Duplicate entry '1' for key 'v'"},
		{"select v from q", ""},
	} {
		a.query("select cast('of another' as int)")
		if r := b.query(try.text); r.fail != nil {
			t.Fatal(r.fail)
		}
		got := b.query("show warnings")
		if got.fail != nil {
			t.Fatalf("%s: %v", try.text, got.fail)
		}
		if n := len(got.sets[0]); n > 1 || n == 0 != (try.want == "") || n == 1 && shown(got.sets[0][0][2]) != try.want {
			t.Errorf("%s: %v", try.text, got.sets)
		}
	}
	b.do(wire.TypeBegin, &wire.Begin{})
	b.exec("insert into q values (1)").refused(t, wire.ErrorDB)
	if got := shown(b.query("show warnings").sets[0][0][2]); got != "Duplicate entry '1' for key 'v'" {
		t.Errorf("after an error: %s", got)
	}
}

func TestARowCountIsTheClientsOwnOrRefused(t *testing.T) {
	t.Parallel()
	a, b := toMySQL(t)
	for _, text := range []string{"update q set v = v + 10 where v = 1", "set @x = 1", "insert into q values (100) on duplicate key update v = v + 100"} {
		a.query("select v from q")
		b.must(text)
		if got := b.query("select found_rows()"); got.fail == nil {
			t.Errorf("%s: %v rows are another's", text, got.sets)
		}
		b.do(wire.TypeReset, &wire.Empty{})
	}
	b.query("select v from q limit 2")
	if got := shown(b.query("select found_rows()").value(t)); got != "2" {
		t.Errorf("%s rows were found", got)
	}
	b.must("update q set v = v + 1000")
	if got := b.query("select row_count() from q for update"); got.fail == nil {
		t.Errorf("what the gateway asked meanwhile is counted: %v", got.sets)
	}
}
