// This file asks a PostgreSQL server what changes with what, one kind of object for each test.

package catalog

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	_ "github.com/lib/pq"
)

// postgres is a database with two tables that have nothing to do with each
// other.
func postgres(t *testing.T, statements ...string) *world {
	t.Helper()
	t.Parallel()
	w := postgresWorld(t)
	w.does("create table a (id int primary key, name text)", "create table other (id int primary key, x int)")
	w.does(statements...)
	return w
}

// postgresWorld is an empty database.
func postgresWorld(t testing.TB) *world {
	t.Helper()
	target := dbtest.Postgres(t).NewDatabase(t)
	w := connect(t, sqltext.PostgreSQL, "postgres", target.DSN())
	w.target = target
	return w
}

func TestPostgresTableIsItsOwnTag(t *testing.T) {
	w := postgres(t)
	c := w.load()
	w.hits(c, "a", "a")
	w.misses(c, "a", "other")
	w.kept(c, "a id name", "")
	w.calm(c, "a")
	if !c.Relation("a") || c.Relation("id") || !c.Column("name") || c.Column("a") || c.Refuses() != "" {
		t.Errorf("relations and columns are confused, or refused: %q", c.Refuses())
	}
	if tags, _ := c.Reads([]string{"a", "id", "new_table"}); len(tags) != 2 {
		t.Errorf("tags %q, want the table and the unknown name", tags)
	}
}

func TestPostgresViewIsReadThrough(t *testing.T) {
	w := postgres(t, "create view v as select id from a", "create view vv as select count(*) from v", "create view apart as select 1 from other")
	c := w.load()
	w.hits(c, "a", "v")
	w.hits(c, "a", "vv")
	w.misses(c, "a", "apart")
	w.kept(c, "vv", "")
	w.calm(c, "vv")
}

func TestPostgresWriteToAViewGoesToItsTable(t *testing.T) {
	w := postgres(t, "create view v as select * from a", "create view vv as select * from v")
	c := w.load()
	w.hits(c, "vv", "a")
	w.hits(c, "vv", "v")
	w.misses(c, "vv", "other")
	w.boundless(c, "vv", "")
}

func TestPostgresMaterializedViewChangesByItsOwnNameAlone(t *testing.T) {
	w := postgres(t, "create materialized view m as select id, now() from a", "create view v as select * from m")
	c := w.load()
	w.misses(c, "a", "m")
	w.hits(c, "m", "m")
	w.hits(c, "m", "v")
	w.kept(c, "v", "")
}

func TestPostgresViewThatReadsTheClockIsNotKept(t *testing.T) {
	w := postgres(t, "create view clock as select now() from a", "create view chance as select random() from a",
		"create view who as select current_user from a", "create view server as select relname from pg_class, a",
		"create view schema as select table_name from information_schema.tables", "create view around as select * from clock")
	c := w.load()
	w.kept(c, "clock", "volatile-function")
	w.kept(c, "chance", "volatile-function")
	w.kept(c, "who", "session-function")
	w.kept(c, "server", "system-table")
	w.kept(c, "schema", "system-table")
	w.kept(c, "around", "volatile-function")
	w.kept(c, "a", "")
}

func TestPostgresViewOverAHiddenBodyIsOpaque(t *testing.T) {
	w := postgres(t, "create function total() returns bigint stable language plpgsql as $$ begin return (select sum(x) from other); end $$",
		"create view v as select id, total() from a")
	c := w.load()
	w.kept(c, "v", "opaque-view")
	w.calm(c, "v")
}

func TestPostgresViewOverAQueryInAFunctionIsReadThrough(t *testing.T) {
	w := postgres(t,
		"create function atomic() returns bigint stable language sql begin atomic select sum(x) from other; end",
		"create function plain() returns bigint stable language sql as 'select sum(x) from other'",
		"create function twice() returns bigint stable language sql return plain() * 2",
		"create view v as select id, atomic() from a", "create view p as select id, plain() from a", "create view t as select id, twice() from a")
	c := w.load()
	for _, view := range []string{"v", "p", "t"} {
		w.kept(c, view, "")
		w.hits(c, "other", view)
		w.hits(c, "a", view)
		w.calm(c, view)
	}
	if r, known := c.Routine("twice"); !known || !r.Pure || len(r.Reads) != 1 || r.Reads[0] != "other" {
		t.Errorf("twice is %+v", r)
	}
}

func TestPostgresViewThatCallsAWriterWritesWhenItIsRead(t *testing.T) {
	w := postgres(t, "create function note() returns int language plpgsql as $$ begin insert into other values (1, 1); return 1; end $$",
		"create view v as select note() from a", "create view vv as select * from v")
	c := w.load()
	w.kept(c, "vv", "opaque-view")
	if tags, all, _ := c.Effects([]string{"vv"}); all || len(tags) != 1 || tags[0] != "other" {
		t.Errorf("a read of the view changes %v %v, want other", tags, all)
	}
	if r, _ := c.Routine("note"); r.Pure || r.All || len(r.Writes) != 1 {
		t.Errorf("note is %+v", r)
	}
}

func TestPostgresViewThatRunsATextMayChangeAnythingWhenItIsRead(t *testing.T) {
	w := postgres(t, "create view v as select query_to_xml('select 1', true, true, '')::text from a")
	c := w.load()
	w.kept(c, "v", "opaque-view")
	if _, all, _ := c.Effects([]string{"v"}); !all {
		t.Error("the read is said to change nothing")
	}
}

func TestPostgresForeignKeyToAPartitionedTableIsFollowedFromItsPartitions(t *testing.T) {
	w := postgres(t, "create table p (id int primary key) partition by range (id)", "create table p1 partition of p for values from (0) to (9)",
		"create table child (p int references p on delete cascade)", "insert into p values (1)", "insert into child values (1)", "delete from p1")
	if rows, err := w.query(t.Context(), "select * from child"); err != nil || len(rows) > 0 {
		t.Fatalf("the server left %v, %v", rows, err)
	}
	w.hits(w.load(), "p1", "child")
}

func TestPostgresForeignKeyActionsAreFollowed(t *testing.T) {
	w := postgres(t, "create table child (id int primary key, a int references a on delete cascade)",
		"create table grandchild (child int references child on update set null)",
		"create table strict (a int references a)", "create view v as select * from grandchild")
	c := w.load()
	w.hits(c, "a", "child")
	w.hits(c, "a", "grandchild")
	w.hits(c, "a", "v")
	w.misses(c, "a", "strict")
	w.misses(c, "child", "a")
}

func TestPostgresTriggerIsFollowed(t *testing.T) {
	w := postgres(t, "create table third (x int)",
		`create function deep() returns int language plpgsql as $$ begin insert into "third" values (1); return 1; end $$`,
		"create function note() returns trigger language plpgsql as $$ begin update Other set x = deep(); return new; end $$",
		"create trigger t after insert on a for each row execute function note()", "create table apart (i int)")
	c := w.load()
	w.hits(c, "a", "other")
	w.hits(c, "a", "third")
	w.misses(c, "a", "apart")
	w.misses(c, "other", "a")
	w.boundless(c, "a", "")
}

func TestPostgresDisabledTriggerCountsAsEnabled(t *testing.T) {
	w := postgres(t, "create function note() returns trigger language plpgsql as $$ begin insert into other values (1, 1); return new; end $$",
		"create trigger t after insert on a for each row execute function note()", "alter table a disable trigger t")
	w.hits(w.load(), "a", "other")
}

func TestPostgresTriggerWithDynamicSQLMayChangeAnything(t *testing.T) {
	w := postgres(t, "create function note() returns trigger language plpgsql as $$ begin execute tg_argv[0]; return new; end $$",
		"create trigger t after insert on a for each row execute function note('delete from other')")
	c := w.load()
	w.boundless(c, "a", "dynamic-sql")
	w.boundless(c, "other", "")
	if c.Transactional([]string{"a"}) || !c.Transactional([]string{"other"}) {
		t.Error("a rollback undoes the wrong table")
	}
}

func TestPostgresTriggerThatSpellsANameInNumbersMayChangeAnything(t *testing.T) {
	w := postgres(t, `create function note() returns trigger language plpgsql as $$ begin insert into U&"\006fther" values (1, 1); return new; end $$`,
		"create trigger t after insert on a for each row execute function note()")
	w.boundless(w.load(), "a", "dynamic-sql")
}

func TestPostgresTriggerOfAPartitionedTableIsFollowedFromItsPartitions(t *testing.T) {
	w := postgres(t, "create table p (id int) partition by range (id)", "create table p1 partition of p for values from (0) to (9)",
		"create function note() returns trigger language plpgsql as $$ begin insert into other values (1, 1); return new; end $$",
		"create trigger t after insert on p for each row execute function note()")
	w.hits(w.load(), "p1", "other")
}

func TestPostgresTriggerThatCallsAnExtensionIsJudgedByItsLibrary(t *testing.T) {
	w := postgres(t)
	w.administrator("postgres").does("create extension if not exists pgcrypto", "create extension if not exists dblink", "create extension if not exists citext")
	w.does("create table k (id uuid default gen_random_uuid(), b text default gen_salt('md5'), c citext)",
		"create table far (x text default dblink_exec('', 'delete from other'))")
	c := w.load()
	w.boundless(c, "k", "")
	w.boundless(c, "far", "unknown-routine")
	w.kept(c, "k", "")
	if c.Refuses() != "" {
		t.Errorf("extensions of the server's own are refused: %s", c.Refuses())
	}
}

func TestPostgresRulesAreFollowed(t *testing.T) {
	w := postgres(t, "create view v as select * from a", "create table third (x int)",
		"create rule r as on insert to v do instead insert into other values (new.id, 1)",
		"create rule q as on update to a do also insert into third values (1)")
	c := w.load()
	w.hits(c, "v", "other")
	w.hits(c, "a", "third")
	w.hits(c, "v", "third")
	w.misses(c, "a", "other")
}

func TestPostgresInsteadOfTriggerIsFollowed(t *testing.T) {
	w := postgres(t, "create view v as select count(*) from a",
		"create function note() returns trigger language plpgsql as $$ begin insert into other values (1, 1); return new; end $$",
		"create trigger t instead of insert on v for each row execute function note()")
	w.hits(w.load(), "v", "other")
}

func TestPostgresPartitionsAreReadAndWrittenThroughTheirParent(t *testing.T) {
	w := postgres(t, "create table p (id int, at date) partition by range (at)",
		"create table p25 partition of p for values from ('2025-01-01') to ('2026-01-01') partition by range (id)",
		"create table p25a partition of p25 for values from (0) to (100)",
		"create table p26 partition of p for values from ('2026-01-01') to ('2027-01-01')")
	c := w.load()
	w.hits(c, "p", "p25a")
	w.hits(c, "p25a", "p")
	w.misses(c, "p25a", "p26")
	w.misses(c, "p", "a")
}

func TestPostgresInheritanceIsFollowedBothWays(t *testing.T) {
	w := postgres(t, "create table child () inherits (a)", "create table leaf () inherits (child)")
	c := w.load()
	w.hits(c, "leaf", "a")
	w.hits(c, "a", "leaf")
	w.misses(c, "a", "other")
}

func TestPostgresForeignPartitionIsNotKept(t *testing.T) {
	w := postgres(t)
	w.administrator("postgres").does("create extension file_fdw", "create server f foreign data wrapper file_fdw",
		"create foreign table ft (id int) server f options (filename '/dev/null')",
		"create table p (id int) partition by range (id)",
		"create foreign table fp partition of p for values from (0) to (9) server f options (filename '/dev/null')")
	c := w.load()
	w.kept(c, "ft", "foreign-table")
	w.kept(c, "p", "foreign-table")
	w.boundless(c, "ft", "foreign-table")
}

func TestPostgresRowSecurityIsNotKept(t *testing.T) {
	w := postgres(t, "create view v as select * from a", "alter table a enable row level security")
	c := w.load()
	w.kept(c, "a", "row-security")
	w.kept(c, "v", "row-security")
	w.kept(c, "other", "")
}

func TestPostgresPolicyThatWritesWritesWhenItsTableIsRead(t *testing.T) {
	w := postgres(t, "create function note() returns bool language plpgsql as $$ begin insert into other values (1, 1); return true; end $$",
		"alter table a enable row level security", "create policy p on a using (note())")
	if tags, _, _ := w.load().Effects([]string{"a"}); len(tags) != 1 || tags[0] != "other" {
		t.Errorf("a read of the table changes %v, want other", tags)
	}
}

func TestPostgresTableThatACrashEmptiesIsNotKept(t *testing.T) {
	w := postgres(t, "create unlogged table fast (i int)")
	w.kept(w.load(), "fast", "unlogged-table")
}

func TestPostgresTemporaryTableIsNotKeptUnlessItHidesATable(t *testing.T) {
	w := postgres(t, "create temp table mine (i int)", "create temp table a (i int)")
	c := w.load()
	w.kept(c, "mine", "temporary-table")
	w.kept(c, "a", "")
}

func TestPostgresSequenceIsNotKept(t *testing.T) {
	w := postgres(t, "create sequence s")
	c := w.load()
	w.kept(c, "s", "sequence")
	if c.Transactional([]string{"s"}) {
		t.Error("a rollback is said to undo a sequence")
	}
}

func TestPostgresDefaultsChecksAndIndicesCallRoutines(t *testing.T) {
	note := "create function note(i int) returns int immutable language plpgsql as $$ begin return note2(i); end $$"
	note2 := "create function note2(i int) returns int language plpgsql as $$ begin insert into other values (i, i); return i; end $$"
	for what, definition := range map[string]string{
		"default":   "create table b (i int, j int default note(1))",
		"check":     "create table b (i int check (note(i) > 0))",
		"generated": "create table b (i int, j int generated always as (note(i)) stored)",
		"index":     "create table b (i int); create index on b (note(i))",
		"when":      "create table b (i int); create function nothing() returns trigger language plpgsql as 'begin return new; end'; create trigger t after insert on b for each row when (note(new.i) > 0) execute function nothing()",
	} {
		t.Run(what, func(t *testing.T) {
			w := postgres(t, note2, note, definition)
			c := w.load()
			w.hits(c, "b", "other")
			w.misses(c, "b", "a")
			w.calm(c, "b")
		})
	}
}

func TestPostgresDomainThatCallsARoutineActsWhereItIsNamed(t *testing.T) {
	w := postgres(t, "create function note(i int) returns bool language plpgsql as $$ begin insert into other values (i, i); return true; end $$",
		"create domain odd as int check (note(value))", "create table b (i odd)")
	c := w.load()
	w.kept(c, "a odd", "opaque-function")
	if tags, _, _ := c.Effects([]string{"odd"}); len(tags) != 1 || tags[0] != "other" {
		t.Errorf("a cast changes %v, want other", tags)
	}
	if c.Relation("odd") {
		t.Error("a domain is called a relation")
	}
}

func TestPostgresColumnThatIsAFunctionIsNotKept(t *testing.T) {
	w := postgres(t, "create function late(a) returns int stable language plpgsql as $$ begin return (select sum(x) from other); end $$",
		"create function twice(a) returns int immutable language sql as 'select $1.id * 2'")
	c := w.load()
	w.kept(c, "a late", "opaque-function")
	w.kept(c, "a twice", "")
}

func TestPostgresHiddenCallsRefuseTheDatabase(t *testing.T) {
	opaque := "create function f(i int, j text) returns bool stable language plpgsql as $$ begin return exists (select from other); end $$"
	for what, row := range map[string]struct {
		definitions []string
		want        string
	}{
		"operator":      {[]string{opaque, "create operator = (leftarg = int, rightarg = text, function = f)"}, "user-operator: ="},
		"pure operator": {[]string{"create function f(i int, j text) returns bool immutable language sql return i::text = j", "create operator = (leftarg = int, rightarg = text, function = f)"}, ""},
		"operator that reads": {[]string{
			"create function f(i int, j text) returns bool stable language sql return i > (select count(*) from other)",
			"create operator = (leftarg = int, rightarg = text, function = f)",
		}, "user-operator: ="},
		"cast": {[]string{
			"create type pair as (i int, j int)", "create function f(pair) returns int stable language plpgsql as 'begin return 1; end'",
			"create cast (pair as int) with function f(pair)",
		}, "user-cast: integer"},
		"overload":                                {[]string{"create function upper(i int) returns int stable language plpgsql as 'begin return 1; end'"}, "user-overload: upper"},
		"overload of what no text is pure with":   {[]string{"create function lo_get(i int) returns int stable language plpgsql as 'begin return 1; end'"}, ""},
		"operator of what no text is pure with":   {[]string{opaque, "create operator <<=> (leftarg = int, rightarg = text, function = f)"}, ""},
		"a name that newer servers have built in": {[]string{`create function "coalesce"(i int) returns int stable language plpgsql as 'begin return 1; end'`}, "user-namesake: coalesce"},
		"a name in capitals":                      {[]string{`create function "Upper"(i int) returns int stable language plpgsql as 'begin return 1; end'`}, ""},
		"pure overload":                           {[]string{"create function round(f float, i int) returns numeric immutable language sql as 'select round($1::numeric, $2)'"}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			w := postgres(t)
			w.administrator("postgres").does(row.definitions...)
			if got := w.load().Refuses(); got != row.want {
				t.Errorf("refused because of %q, want %q", got, row.want)
			}
		})
	}
}

func TestPostgresNamesAreFoldedAndCut(t *testing.T) {
	long := "L" + "ong_name_of_a_table_that_postgres_cuts_at_sixty_three_bytes_and_not_later"
	w := postgres(t, `create table "Mixed Case" (i int)`, "create table "+long+" (i int)", `create view v as select * from "Mixed Case"`,
		`create function note() returns trigger language plpgsql as $$ begin insert into `+long+` values (1); insert into "Mixed Case" values (1); return new; end $$`,
		"create trigger t after insert on a for each row execute function note()")
	c := w.load()
	if reads, _ := c.Reads([]string{"v"}); len(reads) != 2 || reads[1] != "mixed case" {
		t.Errorf("the view reads %q", reads)
	}
	tag := sqltext.Analyze(sqltext.PostgreSQL, "select * from "+long).Tags[0]
	if !c.Relation(tag) {
		t.Errorf("%s is not known", tag)
	}
	w.hits(c, "a", tag)
	w.hits(c, "a", "v")
}

func TestPostgresOtherSchemasAreSeen(t *testing.T) {
	w := postgres(t, "create schema far", "create table far.b (i int)", "create view v as select * from far.b")
	w.hits(w.load(), "b", "v")
}
