// This file tests that no refusal is told as one that left nothing, where a part of what was asked for is there.

package gateway_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestARefusalThatLeavesAPartDoesNotSayThatNothingTookEffect(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct {
		dsn, text, ask, after string
		setup                 []string
	}{
		"a table's own clause": {
			dbtest.SQLite(t), "insert into t values (1), (7)", "select count(*) from t", "2",
			[]string{"create table t (id integer primary key on conflict fail)", "insert into t values (7)"},
		},
		"a table that is replaced": {
			"mysql://" + dbtest.MariaDB(t).NewDatabase(t).DSN(), "create /* anew */ or replace table t (id int primary key) select 1 as id union all select 1",
			"select count(*) from information_schema.tables where table_schema = database()", "0",
			[]string{"create table t (id int)"},
		},
		"an index beside other clients": {
			dbtest.Postgres(t).NewDatabase(t).URL(), "create unique index concurrently i on t (id)", "select count(*) from pg_class where relname = 'i'", "1",
			[]string{"create table t (id int)", "insert into t values (1), (1)"},
		},
	} {
		c := login(t, serve(t, config(connector(t, try.dsn))))
		c.must(try.setup...)
		c.do(wire.TypeReset, &wire.Empty{})
		if f := c.exec(try.text).refused(t, wire.ErrorDB); f.Applied != wire.AppliedUnknown {
			t.Errorf("%s: got %+v", name, f)
		}
		c.do(wire.TypeReset, &wire.Empty{})
		if got := shown(c.query(try.ask).value(t)); got != try.after {
			t.Errorf("%s: %s are there, want %s", name, got, try.after)
		}
	}
}

func TestARefusalBehindAnotherStatementsRowsSaysThatNothingTookEffect(t *testing.T) {
	t.Parallel()
	c := login(t, serve(t, config(connector(t, dbtest.SQLite(t)))))
	c.must("create table t (v int)", "insert into t values (1), (1)")
	if f := c.exec("create unique index i on t (v)").refused(t, wire.ErrorDB); f.Applied != wire.AppliedNo {
		t.Errorf("got %+v", f)
	}
}
