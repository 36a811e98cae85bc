// This file tests what is said of tables that hang together with some that the user may not see.

package catalog

import (
	"context"
	"strings"
	"testing"
	"time"

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

func TestMariaDBRoutineThatTheUserMayNotSeeIsNotOneOfItsNameThatHeSees(t *testing.T) {
	w := mariadb(t, "create table counts (n int)", "create table lowered (id int)", "create table own (id int)", "create table plain (id int)")
	admin := w.administrator("mysql")
	core, db := w.core(admin), w.target.Database
	user, _, _ := strings.Cut(db, "_")
	w.does("create procedure log_it(i int) begin declare x int; set x = i; end", "create function f() returns int deterministic return 1")
	admin.does("create procedure "+core+".log_it(i int) update "+db+".counts set n = n + 1",
		"create function "+core+".f() returns int reads sql data return (select n from "+db+".counts)",
		"create function "+core+".lower(i int) returns int begin update "+db+".counts set n = i; return i; end",
		"create trigger "+db+".logs after update on "+db+".first for each row call `"+core+"`.log_it(new.id)",
		"create trigger "+db+".lowers after update on "+db+".lowered for each row set @x = "+core+"./* */lower(new.id)",
		"create view "+db+".v as select "+core+".f() as n from "+db+".other", "create view "+db+".own_f as select "+db+".f() as n, lower(x) from "+db+".other",
		"create trigger "+core+".within after update on "+core+".plain for each row call log_it(new.id)",
		"grant select, trigger on "+core+".plain to "+user)
	w.does("create trigger owns after update on own for each row begin call log_it(abs(new.id)); set @x = f(); end")
	c := w.load()
	w.boundless(c, "first", "hidden-routine")
	w.boundless(c, "lowered", "hidden-routine")
	w.boundless(c, "plain", "hidden-routine")
	w.boundless(c, "own", "")
	w.kept(c, "v", "opaque-view")
	w.kept(c, "own_f", "")
	w.calm(c, "own_f")
	if _, all, why := c.Effects([]string{"v"}); !all || why != "unknown-routine" {
		t.Errorf("a read of v changes anything: %v because of %q", all, why)
	}
}

// It compares times of one kind: eight times the text takes 64 times as long where each
// piece is looked for to the end of the text.
func TestTimeToReadABodyGrowsWithIt(t *testing.T) {
	for _, row := range []struct{ name, begin, piece string }{
		{"comments in literals", `set @a = '\''; `, `set @x = 'image/*'; `},
		{"escaped quotes", `'`, `a\'b `},
		{"escaped quotes of the other kind", `"`, `a\"b `},
		{"calls and comments that do not end", ``, `f() a/* `},
		{"calls and brackets that do not end", ``, `f() [ `},
		{"calls and lines", ``, `f() a--`},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := &loader{dialect: sqltext.MySQL, c: &Catalog{graph: newGraph()}, seen: map[string]bool{}}
			l.c.routine("f")
			took := func(size int) (shortest time.Duration) {
				text := row.begin + strings.Repeat(row.piece, size/len(row.piece))
				for i := range 5 {
					began := time.Now()
					l.mysqlBody(l.c.routine("body"), "d", text)
					l.unknownCall(text)
					if d := time.Since(began); i == 0 || d < shortest {
						shortest = d
					}
				}
				return shortest
			}
			short, long := took(4<<10), took(32<<10)
			if long > 40*short {
				t.Errorf("eight times the text takes %v, where the text takes %v", long, short)
			}
		})
	}
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
		if l.hidden("d", text) != "hidden-table" {
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
		if l.hidden("d", text) != "" {
			t.Errorf("a table that is not known is found: %s", text)
		}
	}
}

func TestCallsAreFoundInEveryPlaceOfABody(t *testing.T) {
	t.Parallel()
	l := &loader{dialect: sqltext.MySQL, c: &Catalog{graph: newGraph()}, seen: map[string]bool{"d\x00t": true, "other\x00t": true}}
	for _, name := range []string{"f", "p", "t", "both"} {
		l.c.routine(name)
	}
	for _, r := range []mysqlCall{{"FUNCTION", "d", "f"}, {"PROCEDURE", "d", "p"}, {"FUNCTION", "d", "both"}, {"PROCEDURE", "other", "p"}} {
		l.seen[r.sight()] = true
	}
	for _, text := range []string{
		"call other.f()", "call core.p()", "call core.p", "call `core` . `p`(1)", "call/**/core.p;", "call p.p()", "call both()", "set @a = core.f(1)",
		"set @a = core /* */ . -- x\n f # y\n (1)", "select 1 from t where core.f(a) = 1", "select core.lower(a) from t", "begin if core.f() then call p(); end if; end",
		"select other.f(f(1))", "set @a = p(1)", "select `core`.`f`(1) from t", `select "core"."f"(1)`, "select core.f/*!50000 (*/ 1)", "select /*! core.f*/ (1)",
		`set @a = 'it\'s', b = core.f('\'')`, `set @a = 'it\'s', "a\" = core.f()`, "call", "set @a = '", "select 1 /* ",
	} {
		want := "hidden-routine"
		switch text {
		case "call":
			want = ""
		case "set @a = '", "select 1 /* ":
			want = "hidden-table" // no server has such a body
		}
		if why := l.hidden("d", text); why != want {
			t.Errorf("%s: %q, want %q", text, why, want)
		}
	}
	for _, text := range []string{
		"call p(f(1))", "call other.p(abs(d.f(1)))", "set @a = f (1), b = lower('x')", "set new.a = (select 1 from t), new.b = new.a * (1 + 2)", "insert into t (a, b) values (f(1), 2)",
		"insert into other.t (a) values (1)", "begin if (new.a) then call p; end if; end", "select a from t where b in (1) and t.c in (2) and exists (select 1)", "select unknown(1)",
		`set @a = 'it\'s'`, `set @a = "say \"f(1)\""`, "set @a = 'it''s core.f(1)'", "select 'core.f(1)' -- core.f(1)\n /* call core.p */", "select t.a - (1), t.b, (2) from t", "select both(1)",
	} {
		if why := l.hidden("d", text); why != "" {
			t.Errorf("%s: %q", text, why)
		}
	}
}

func TestUnknownCallsAreFoundBehindComments(t *testing.T) {
	t.Parallel()
	l := &loader{dialect: sqltext.SQLite, c: &Catalog{graph: newGraph()}}
	l.c.relation("t")
	for _, text := range []string{
		"select secret(1)", "select secret (1)", "select secret/* a */ -- b\n (1)", "select t /* a */ , secret /* b */ (1)", `select "secret"(1)`, "select [secret] (1)", "select `secret`/**/(1)",
		"select '/*', secret(1), '*/'", "select '\"', secret(1)", `select "x, abs"(1)`, "select secret/*! (*/ 1)",
	} {
		if !l.unknownCall(text) {
			t.Errorf("no unknown call is found: %s", text)
		}
	}
	for _, text := range []string{"select abs(1), max (2) from t", "insert into t (a) values (1)", "select a /* ( */ from t", "select a - (1), [b] + (2)", "secret", ""} {
		if l.unknownCall(text) {
			t.Errorf("an unknown call is found: %s", text)
		}
	}
}
