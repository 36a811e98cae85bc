// This file asks SQLite what changes with what, one kind of object for each test.

package catalog

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	_ "modernc.org/sqlite"
)

// sqlite is a database with two tables that have nothing to do with each other.
func sqlite(t *testing.T, statements ...string) *world {
	t.Helper()
	t.Parallel()
	w := sqliteWorld(t)
	w.does("create table first (id integer primary key, name text)", "create table other (id integer primary key, x int)")
	w.does(statements...)
	return w
}

// sqliteWorld is an empty database.
func sqliteWorld(t testing.TB) *world {
	t.Helper()
	w := connect(t, sqltext.SQLite, "sqlite", dbtest.SQLite(t))
	return w
}

func TestSQLiteTableIsItsOwnTag(t *testing.T) {
	w := sqlite(t)
	c := w.load()
	w.hits(c, "first", "first")
	w.misses(c, "first", "other")
	w.kept(c, "first", "")
	if !c.Relation("first") || !c.Column("name") || c.Column("first") || c.Relation("sqlite_sequence") || !c.Transactional([]string{"first"}) {
		t.Error("relations and columns are confused")
	}
}

func TestSQLiteViewIsReadThrough(t *testing.T) {
	w := sqlite(t, `create view "as (x)" (a, "as") as select id, name from [first]`, "create temp view passing as select 1",
		"create view /* as */ vv -- as\n as select count(*) from \"as (x)\"")
	c := w.load()
	w.hits(c, "first", "vv")
	w.misses(c, "other", "vv")
	w.kept(c, "vv", "")
	w.kept(c, "passing", "temporary-table")
	w.calm(c, "vv")
}

func TestSQLiteViewWithACommonTableExpressionIsReadThrough(t *testing.T) {
	w := sqlite(t, "create view v (n) as with recursive c(n, m) as (select 1, 2 union all select n + 1, m from c where n < 9) select n from c join first on id = n")
	c := w.load()
	w.kept(c, "v", "")
	w.calm(c, "v")
	w.hits(c, "first", "v")
}

func TestSQLiteViewThatReadsTheClockIsNotKept(t *testing.T) {
	w := sqlite(t, "create view clock as select datetime('now'), id from first", "create view chance as select random()",
		"create view schema as select name from sqlite_schema", "create view own as select nobody_knows(id) from first")
	c := w.load()
	w.kept(c, "clock", "volatile-function")
	w.kept(c, "chance", "volatile-function")
	w.kept(c, "schema", "system-table")
	w.kept(c, "own", "opaque-view")
	w.calm(c, "clock")
	if _, all, why := c.Effects([]string{"own"}); !all || why != "unknown-routine" {
		t.Errorf("a read that calls an unknown function changes anything: %v because of %q", all, why)
	}
}

func TestSQLiteForeignKeyActionsAreFollowed(t *testing.T) {
	w := sqlite(t, "create table child (id integer primary key, a references First on delete cascade)",
		"create table grandchild (c references child on update set null)", "create table strict_child (a references first)")
	c := w.load()
	w.hits(c, "first", "grandchild")
	w.misses(c, "first", "strict_child")
	w.misses(c, "grandchild", "first")
}

func TestSQLiteTriggerIsFollowed(t *testing.T) {
	w := sqlite(t, "create table third (x)", "create view v as select * from third",
		"create trigger t after insert on first begin insert into other(x) values (abs(new.id)); end",
		"create trigger u after update on other begin delete from [third] where x in (select max(1, 2)); end")
	c := w.load()
	w.hits(c, "first", "other")
	w.hits(c, "first", "v")
	w.misses(c, "third", "first")
	w.boundless(c, "first", "")
}

func TestSQLiteTriggerThatCallsAnUnknownFunctionMayChangeAnything(t *testing.T) {
	w := sqlite(t, "create trigger t after insert on first begin select nobody_knows(new.id); end")
	w.does("create trigger u after insert on other begin select nobody_knows/* a comment */ -- and (one) more\n (new.id); end", "create table third (i)")
	c := w.load()
	w.boundless(c, "first", "unknown-routine")
	w.boundless(c, "other", "unknown-routine")
	w.boundless(c, "third", "")
}

func TestSQLiteInsteadOfTriggerIsFollowed(t *testing.T) {
	w := sqlite(t, "create view v as select id from first", "create trigger t instead of insert on v begin insert into other(x) values (new.id); end")
	c := w.load()
	w.hits(c, "v", "other")
	w.hits(c, "v", "first")
}

func TestSQLiteTemporaryTriggerOnATableIsFollowed(t *testing.T) {
	w := sqlite(t, "create temp trigger t after insert on first begin insert into other(x) values (1); end")
	w.hits(w.load(), "first", "other")
}

func TestSQLiteSearchTableIsReadThroughToItsContent(t *testing.T) {
	w := sqlite(t, "create virtual table search using fts5(name, content='first', content_rowid='id')", "create virtual table own using fts5(body)",
		"create virtual table vocabulary using fts5vocab('own', 'row')", "create virtual table box using rtree(id, a, b)")
	c := w.load()
	w.kept(c, "search", "")
	w.hits(c, "first", "search")
	w.misses(c, "first", "own")
	w.hits(c, "own", "own_content")
	w.hits(c, "own_data", "own")
	w.hits(c, "own", "vocabulary")
	w.hits(c, "box", "box_rowid")
}

func TestSQLiteVirtualTableOfAnyModuleIsNotKept(t *testing.T) {
	w := sqlite(t, "create virtual table stat using dbstat")
	c := w.load()
	w.kept(c, "stat", "virtual-table")
	w.boundless(c, "stat", "virtual-table")
}

func TestSQLiteAttachedDatabaseIsSeen(t *testing.T) {
	w := sqlite(t, `attach ':memory:' as "far ""away"""`, `create table "far ""away""".deep (x references top on delete cascade)`,
		`create table "far ""away""".top (i integer primary key)`)
	c := w.load()
	w.hits(c, "top", "deep")
}

func TestSQLiteReadUncommittedRefusesTheDatabase(t *testing.T) {
	w := sqlite(t, "pragma read_uncommitted = 1")
	if got := w.load().Refuses(); got != "read-uncommitted" {
		t.Errorf("refused because of %q", got)
	}
}

func TestSQLiteBrokenViewIsNoObstacle(t *testing.T) {
	w := sqlite(t, "create table gone (i)", "create view v as select i from gone", "drop table gone")
	c := w.load()
	w.kept(c, "v", "")
	if !c.Relation("v") || !c.Column("x") {
		t.Error("the catalog lacks what is not broken")
	}
}

func TestSQLiteFingerprintChangesWithEachDefinition(t *testing.T) {
	w := sqlite(t)
	w.changes("create table b (i)", "alter table b add k int", "alter table b rename k to l", "alter table b drop l", "create view v as select 1",
		"drop view v", "create view v as select 2", "create trigger t after insert on b begin select 1; end", "drop trigger t", "drop table b",
		"create virtual table search using fts5(name)")
	w.changesNot("insert into first values (1, 'x')", "delete from first", "create temp table mine (i)", "reindex first")
}
