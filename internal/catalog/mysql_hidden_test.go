// This file tests what is said of tables that hang together with some that the user may not see.

package catalog

import (
	"context"
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// core makes a database that the user of a world does not see, and says its name.
func (w *world) core(admin *world) string {
	w.Helper()
	core := w.target.Database + "_core"
	admin.does("create database "+core, "create table "+core+".a (id int primary key, x int)", "create table "+core+".plain (id int primary key, x int)")
	w.Cleanup(func() {
		_, _ = admin.conn.ExecContext(context.WithoutCancel(w.Context()), "drop database "+core)
	})
	return core
}

func TestMariaDBCodeThatNamesATableThatTheUserMayNotSeeMayChangeAnything(t *testing.T) {
	w := mariadb(t, "create table c (id int primary key)", "create table plain (id int primary key)", "create table d (id int primary key)")
	admin := w.administrator("mysql")
	core, db := w.core(admin), w.target.Database
	admin.does("create trigger "+core+".deep after update on "+core+".plain for each row update "+db+".other set x = x + 1",
		"create trigger "+db+".tc before insert on "+db+".c for each row update "+core+".plain set x = x + 1",
		"create trigger "+db+".td before insert on "+db+".d for each row insert into plain values (new.id)")
	w.does("create procedure "+db+".p() delete a from (first f, "+core+".a a) where a.id = f.id",
		"create function "+db+".f() returns int reads sql data return (select max(x) from "+core+".plain)",
		"create function "+db+".g() returns int reads sql data return (select max(id) from plain)")
	c := w.load()
	w.boundless(c, "c", "hidden-table")
	w.boundless(c, "d", "")
	w.hits(c, "d", "plain")
	if r, _ := c.Routine("p"); !r.All || r.Why != "hidden-table" {
		t.Errorf("p is %+v", r)
	}
	if r, _ := c.Routine("f"); r.Pure || r.Why != "hidden-table" {
		t.Errorf("f is %+v", r)
	}
	if r, _ := c.Routine("g"); !r.Pure {
		t.Errorf("g is %+v", r)
	}
}

func TestMariaDBViewThatJoinsATableThatTheUserMayNotSeeIsOpaque(t *testing.T) {
	w := mariadb(t, "create table plain (id int primary key, x int)")
	admin := w.administrator("mysql")
	core, db := w.core(admin), w.target.Database
	admin.does("create view "+db+".joined as select p.x, o.id from "+core+".plain p join "+db+".other o on o.id = p.id",
		"create view "+db+".single as select x from "+core+".plain", "create view "+db+".own as select p.x from "+db+".plain p join "+db+".other o on o.id = p.id",
		"create view "+db+".common as with recursive n (i) as (select 1 union all select i + 1 from n where i < 3) select i, name from n join "+db+".first on id = i")
	c := w.load()
	for view, want := range map[string]string{"joined": "opaque-view", "single": "opaque-view", "own": "", "common": ""} {
		w.kept(c, view, want)
		w.boundless(c, view, want)
	}
}

func TestMariaDBForeignKeyToATableThatTheUserMayNotSeeIsNotKept(t *testing.T) {
	w := mariadb(t)
	admin := w.administrator("mysql")
	core, db := w.core(admin), w.target.Database
	admin.does("create table "+db+".b (id int primary key, foreign key (id) references "+core+".a(id) on delete cascade)",
		"create table "+db+".bb (id int primary key, foreign key (id) references "+db+".b(id) on delete cascade)",
		"create table "+db+".strict (id int, foreign key (id) references "+core+".a(id))")
	c := w.load()
	w.kept(c, "b", "hidden-table")
	w.kept(c, "bb", "hidden-table")
	w.kept(c, "strict", "")
	w.kept(c, "first", "")
	w.hits(c, "a", "bb")
	w.boundless(c, "b", "")
}

func TestTablesAreFoundInEveryPlaceOfABody(t *testing.T) {
	t.Parallel()
	l := &loader{dialect: sqltext.MySQL, c: &Catalog{graph: newGraph()}, seen: map[string]bool{"d\x00t": true, "d\x00offset": true, "d\x00odd `name": true}}
	for _, text := range []string{
		"select 1 from core.x", "select 1 from t, x", "select 1 from (t join x on true)", "select 1 from t a, (x, t) where 1", "select 1 from t use index (i), x",
		"select 1 from t use index for join (i), x", "select 1 from t partition (p, q) as a, x", "select 1 from t straight_join x", "select 1 from ((select 1) union (select 2 from x)) a",
		"select 1 from t join t u on case when 1 then 2 else 3 end = 4, x", "select 1 from t for system_time as of now(), x", "select a, (select 1 from x) from t",
		"update x set a = 1", "update t, x set a = 1", "update ignore t a join x b on true set a = 1", "insert x values (1)", "insert ignore into x select 1",
		"insert into t select * from x", "replace x set a = 1", "replace delayed into x values (1)", "delete from x", "delete a from t a, x b", "delete from t using t, x",
		"insert into t values (1) on duplicate key update a = (select 1 from x)", "begin if new.a > 1 then delete from t; else update x set a = 1; end if; end",
		"begin declare c cursor for select a from x; end", "select 1 from t where exists (table x)", "select 1 from /* t */ x", "select 1 from -- t\n x",
		"select 1 from /*!50000 x */", "select 1 from `t`, `x`", "select 1 from d . t, core . t", `select "from t", 'it''s' from x`, `select 'a\'' from x`, `select 'a\' from x where b = '`,
		"select 1 from .x", "set a = (select 1 from t natural left join x)", "select 1 from core.t", "with c as (select 1 from x) select 1 from t",
	} {
		if !l.hidden("d", text) {
			t.Errorf("x is not found: %s", text)
		}
	}
	for _, text := range []string{
		"select a, b into c, e from t where f in (g, h) order by i, j", "select extract(year from new.a), trim(both 'b' from c) from t", "select 1 from t, d.t u, dual, mysql.user",
		"update t set a = 1, b = replace(c, 'd', insert(e, 1, 2, f))", "insert into t (a, b) values (1, 2), (3, 4) on duplicate key update a = 2, b = 3",
		"select a from t for update", "begin fetch next from c into a, b; end", "select convert(a using utf8) from t join t u using (b, c)", "delete a, b from t a join t b",
		"select 'insert into x' # from x\n from t -- from x\n", "select straight_join a, b from t", "select 1 from json_table(a, '$' columns (b int path '$')) c, `odd ``name` e, offset",
		"declare continue handler for not found begin end", "select group_concat(a order by b, c) from t group by d, e limit 1, 2", "select 1 --1 from t",
	} {
		if l.hidden("d", text) {
			t.Errorf("a table that is not known is found: %s", text)
		}
	}
}
