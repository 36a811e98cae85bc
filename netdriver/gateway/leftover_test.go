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
		c.do(wire.TypeReset, &wire.Empty{})
		if name == "mysql" {
			for _, text := range []string{"create table view1 as select last_insert_id() as n, row_count() as r", "create temporary table e as select found_rows() as n"} {
				c.exec(text).refused(t, wire.ErrorDenied)
			}
		}
	}
}
