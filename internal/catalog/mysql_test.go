// This file asks a MariaDB server what changes with what, one kind of object for each test.

package catalog

import (
	"context"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	_ "github.com/go-sql-driver/mysql"
)

// mariadb is a database with two tables that have nothing to do with each
// other, and a user who sees no other one: the catalog puts all schemas together.
func mariadb(t *testing.T, statements ...string) *world {
	t.Helper()
	t.Parallel()
	w := mariadbWorld(t)
	w.does("create table first (id int primary key, name text)", "create table other (id int primary key, x int)")
	w.does(statements...)
	return w
}

// mariadbWorld is an empty database.
func mariadbWorld(t testing.TB) *world {
	t.Helper()
	target := dbtest.MariaDB(t).NewDatabase(t)
	all := connect(t, sqltext.MySQL, "mysql", target.DSN())
	all.target = target
	owner, _, _ := strings.Cut(target.Database, "_")
	admin := all.administrator("mysql")
	admin.does("create user "+owner+" identified by 'x'", "grant all on "+target.Database+".* to "+owner)
	t.Cleanup(func() { _, _ = admin.conn.ExecContext(context.WithoutCancel(t.Context()), "drop user "+owner) })
	target = target.As(owner, "x")
	w := connect(t, sqltext.MySQL, "mysql", target.DSN())
	w.target = target
	return w
}

func TestMariaDBTableIsItsOwnTag(t *testing.T) {
	w := mariadb(t)
	c := w.load()
	w.hits(c, "first", "first")
	w.misses(c, "first", "other")
	w.kept(c, "first", "")
	w.boundless(c, "first", "")
	w.calm(c, "first")
	if !c.Relation("first") || !c.Column("name") || c.Column("first") || c.Refuses() != "" {
		t.Errorf("relations and columns are confused, or refused: %q", c.Refuses())
	}
}

func TestMariaDBViewIsReadAndWrittenThrough(t *testing.T) {
	w := mariadb(t, "create view v as select id as `odd name` from first", "create view `two words` as select * from v", "create view u as select * from `two words`")
	c := w.load()
	w.hits(c, "first", "u")
	w.hits(c, "u", "first")
	w.misses(c, "other", "u")
	w.misses(c, "u", "other")
	w.kept(c, "u", "")
	w.boundless(c, "u", "")
}

func TestMariaDBViewThatReadsTheClockIsNotKept(t *testing.T) {
	w := mariadb(t, "create view clock as select now() from first", "create view who as select current_user() from first",
		"create view chance as select rand() from first", "create view server as select table_name from information_schema.tables",
		"create view around as select * from clock")
	c := w.load()
	w.kept(c, "clock", "volatile-function")
	w.kept(c, "who", "session-function")
	w.kept(c, "chance", "volatile-function")
	w.kept(c, "server", "system-table")
	w.kept(c, "around", "volatile-function")
}

func TestMariaDBViewOverAFunctionIsReadThroughWhereItsBodyShowsAll(t *testing.T) {
	w := mariadb(t, "create function total() returns int reads sql data return (select sum(x) from other)",
		"create function opaque() returns int reads sql data begin declare n int; select sum(x) into n from other; return n; end",
		"create view v as select id, total() from first", "create view o as select id, opaque() from first")
	c := w.load()
	w.kept(c, "v", "")
	w.hits(c, "other", "v")
	w.calm(c, "v")
	w.kept(c, "o", "opaque-view")
	if r, known := c.Routine("total"); !known || !r.Pure || len(r.Reads) != 1 {
		t.Errorf("total is %+v", r)
	}
}

func TestMariaDBViewThatCallsAWriterWritesWhenItIsRead(t *testing.T) {
	w := mariadb(t, "create function note() returns int no sql deterministic begin insert into other values (1, 1); return 1; end",
		"create view v as select note() from first")
	if tags, all, _ := w.load().Effects([]string{"v"}); all || len(tags) != 1 || tags[0] != "other" {
		t.Errorf("a read of the view changes %v %v, want other", tags, all)
	}
}

func TestMariaDBForeignKeyActionsAreFollowed(t *testing.T) {
	w := mariadb(t, "create table child (id int primary key, a int, foreign key (a) references first(id) on delete cascade)",
		"create table grandchild (c int, foreign key (c) references child(id) on update set null)",
		"create table strict_child (a int, foreign key (a) references first(id))")
	c := w.load()
	w.hits(c, "first", "grandchild")
	w.misses(c, "first", "strict_child")
	w.misses(c, "grandchild", "first")
}

func TestMariaDBTriggerIsFollowedThroughRoutines(t *testing.T) {
	w := mariadb(t, "create table third (x int)", "create table fourth (x int)",
		"create procedure deep(i int) begin declare continue handler for not found begin end; insert into third# a comment\n values (i); end",
		"create function count_up() returns int begin insert into fourth values (1); return 1; end",
		"create trigger t after insert on first for each row begin if new.id > 1 then insert into other (id, x) values (new.id, count_up()); call deep(greatest(1, 2)); end if; end")
	c := w.load()
	for _, table := range []string{"other", "third", "fourth"} {
		w.hits(c, "first", table)
		w.misses(c, table, "first")
	}
	w.boundless(c, "first", "")
}

func TestMariaDBNamesThatAreNoWordsAreFound(t *testing.T) {
	w := mariadb(t, "create table `a#b` (i int)", "create table `c-``d` (i int)", "create view v as select a.i from `a#b` a join `c-``d` c",
		"create trigger t after insert on first for each row begin insert into `a#b` values (1); insert into `c-``d` values (1); end")
	c := w.load()
	w.hits(c, "a#b", "v")
	w.hits(c, "c-`d", "v")
	w.hits(c, "first", "a#b")
	w.hits(c, "first", "c-`d")
	w.kept(c, "v", "")
}

func TestMariaDBProcedureWithDynamicSQLMayChangeAnything(t *testing.T) {
	w := mariadb(t, "create procedure p(s text) begin execute immediate s; end")
	if r, known := w.load().Routine("p"); !known || !r.All || r.Why != "dynamic-sql" {
		t.Errorf("p is %+v", r)
	}
}

func TestMariaDBTriggersThatTheUserMayNotSeeMayChangeAnything(t *testing.T) {
	w := mariadb(t, "create view v as select * from first", "create trigger t after insert on first for each row insert into other values (new.id, 1)")
	name := "u" + w.target.Database[len(w.target.Database)-8:]
	admin := w.administrator("mysql")
	admin.does("create user "+name+" identified by 'x'", "grant select, insert on "+w.target.Database+".* to "+name)
	defer admin.does("drop user " + name)
	poor := connect(t, w.dialect, "mysql", w.target.As(name, "x").DSN())
	c := poor.load()
	poor.boundless(c, "first", "hidden-triggers")
	poor.kept(c, "first", "")
	poor.kept(c, "v", "opaque-view")
	admin.does("grant trigger, show view on `" + w.target.Database + "`.* to " + name)
	before := poor.print()
	poor = connect(t, w.dialect, "mysql", w.target.As(name, "x").DSN())
	c = poor.load()
	poor.boundless(c, "first", "")
	poor.hits(c, "first", "other")
	poor.kept(c, "v", "")
	admin.does("revoke trigger on " + w.target.Database + ".* from " + name)
	if poor.print() == before {
		t.Error("the fingerprint does not see a privilege that was taken away")
	}
}

func TestMariaDBViewOverATableThatTheUserMayNotSeeIsOpaque(t *testing.T) {
	w := mariadb(t, "create view v as select * from other")
	name := "h" + w.target.Database[len(w.target.Database)-8:]
	admin := w.administrator("mysql")
	admin.does("create user "+name+" identified by 'x'", "grant all on "+w.target.Database+".first to "+name,
		"grant select, show view on "+w.target.Database+".v to "+name)
	defer admin.does("drop user " + name)
	poor := connect(t, w.dialect, "mysql", w.target.As(name, "x").DSN())
	c := poor.load()
	poor.kept(c, "v", "opaque-view")
	poor.kept(c, "first", "")
	poor.boundless(c, "first", "")
}

func TestMariaDBEnginesDecideWhatIsKeptAndWhatRollsBack(t *testing.T) {
	w := mariadb(t, "create table my (i int) engine myisam", "create table ar (i int) engine aria", "create table mem (i int) engine memory",
		"create sequence s", "create table versioned (i int) with system versioning",
		"create trigger t after insert on first for each row insert into my values (1)")
	c := w.load()
	for _, table := range []string{"my", "ar", "versioned"} {
		w.kept(c, table, "")
	}
	w.kept(c, "mem", "memory-table")
	w.kept(c, "s", "sequence")
	for table, want := range map[string]bool{"other": true, "my": false, "ar": false, "first": false, "versioned": true, "nobody": false} {
		if got := c.Transactional([]string{table}); got != want {
			t.Errorf("a rollback undoes a write of %s: %v", table, got)
		}
	}
}

func TestMariaDBMergeTableIsReadAndWrittenThrough(t *testing.T) {
	w := mariadb(t, "create table one (i int, key part (i)) engine myisam", "create table `2 x` (i int, key part (i)) engine myisam",
		"create table m (i int, key part (i)) engine merge union=(one, `2 x`) insert_method=last")
	c := w.load()
	w.hits(c, "one", "m")
	w.hits(c, "m", "one")
	w.misses(c, "one", "other")
	w.kept(c, "m", "")
	w.calm(c, "m")
	w.changes("alter table m union=(one)", "drop table one")
	c = w.load()
	w.kept(c, "m", "opaque-view")
	w.boundless(c, "m", "opaque-view")
}

func TestMariaDBVirtualColumnThatReadsTheClockIsNotKept(t *testing.T) {
	w := mariadb(t, "create table old (i int, age int as (i + year(current_date)) virtual)", "create table twice (i int, j int as (i * 2) virtual)")
	c := w.load()
	w.kept(c, "old", "virtual-column")
	w.kept(c, "twice", "")
}

func TestMariaDBSessionMayRefuseTheDatabase(t *testing.T) {
	for setting, want := range map[string]string{
		"set session transaction isolation level read uncommitted": "read-uncommitted",
		"set autocommit = 0":            "autocommit-off",
		"set completion_type = 'CHAIN'": "chained-commits",
	} {
		t.Run(want, func(t *testing.T) {
			if got := mariadb(t, setting).load().Refuses(); got != want {
				t.Errorf("refused because of %q, want %q", got, want)
			}
		})
	}
}

func TestMariaDBServerMayRefuseTheDatabaseForSessionsThatComeLater(t *testing.T) {
	a := answers{
		"show grants": {{"GRANT ALL PRIVILEGES ON *.* TO `u`@`%`"}}, "information_schema.engines": {{"d", "a", "BASE TABLE", "InnoDB", "YES"}},
		"show session variables": {{"version", "10.11.6-MariaDB"}, {"autocommit", "ON"}, {"tx_isolation", "REPEATABLE-READ"}},
		"bit_xor":                {{"sums", "0"}},
	}
	load := func() (refusal, print string) {
		c, err := Load(t.Context(), sqltext.MySQL, a.query)
		if err != nil {
			t.Fatal(err)
		}
		print, err = Fingerprint(t.Context(), sqltext.MySQL, a.query)
		if err != nil {
			t.Fatal(err)
		}
		return c.Refuses(), print
	}
	refusal, before := load()
	if refusal != "" {
		t.Errorf("refused because of %q", refusal)
	}
	for _, row := range []struct{ scope, name, value, want string }{
		{"global", "tx_isolation", "READ-UNCOMMITTED", "read-uncommitted"},
		{"global", "transaction_isolation", "READ-UNCOMMITTED", "read-uncommitted"},
		{"global", "autocommit", "OFF", "autocommit-off"},
		{"session", "transaction_isolation", "READ-UNCOMMITTED", "read-uncommitted"},
	} {
		scope := "show " + row.scope + " variables"
		old := a[scope]
		a[scope] = append(old[:len(old):len(old)], []string{row.name, row.value})
		refusal, after := load()
		if refusal != row.want || after == before {
			t.Errorf("%v: refused because of %q, and the fingerprint differs: %v", row, refusal, after != before)
		}
		a[scope] = old
	}
}

func TestMariaDBFingerprintSeesASessionThatReadsUncommittedRows(t *testing.T) {
	w := mariadb(t)
	w.changes("set session transaction isolation level read uncommitted", "set autocommit = 0")
}

func TestMariaDBFingerprintChangesWithEachDefinition(t *testing.T) {
	w := mariadb(t)
	w.changes("create table b (i int primary key, a int)", "alter table b add k int", "alter table b rename column k to l", "alter table b drop l",
		"alter table b add constraint fk foreign key (a) references first(id) on delete cascade", "alter table b drop foreign key fk",
		"alter table b modify a bigint", "alter table b alter a set default 1", "rename table b to bb", "rename table bb to b",
		"alter table b engine = myisam", "alter table b engine = innodb", "alter table b add v int as (i + 1) virtual", "alter table b partition by hash (i)",
		"create view v as select i from b", "create or replace view v as select i from b where i > 1", "create or replace view v as select i from b where i > 2",
		"create or replace sql security invoker view v as select i from b where i > 2",
		"create trigger t after insert on b for each row set @x = 1", "create or replace trigger t after insert on b for each row set @x = 2",
		"drop trigger t", "create function f() returns int return 1", "create or replace function f() returns int return 2",
		"create or replace function f() returns int return 3", "create procedure p() select 1", "drop procedure p", "drop function f",
		"create sequence s", "alter table b add system versioning", "drop view v", "drop table b")
	w.changesNot("insert into first values (1, 'x')", "update first set name = 'y'", "analyze table first", "truncate first",
		"create temporary table mine (i int)", "drop temporary table mine")
}

func TestAMySQLRoutineWithTheNameOfABuiltInOneMayBeThatOne(t *testing.T) {
	w := mariadb(t, "create function sys_guid(a int) returns int deterministic return a", "create function own_guid(a int) returns int deterministic return a")
	c := w.load()
	if r, _ := c.Routine("sys_guid"); r.Pure || !r.All {
		t.Errorf("sys_guid: %+v", r)
	}
	if r, _ := c.Routine("own_guid"); !r.Pure {
		t.Errorf("own_guid: %+v", r)
	}
}

func TestAMySQLFunctionWithTheNameOfOneThatOlderServersLackRefusesTheDatabaseUnlessItIsPure(t *testing.T) {
	for body, want := range map[string]string{
		"begin insert into other values (1, 1); return 1; end": "user-overload: json_overlaps",
		"return (select max(x) from other)":                    "user-overload: json_overlaps",
		"return length(a)":                                     "",
	} {
		w := mariadbWorld(t)
		w.does("create table other (id int primary key, x int)", "create function json_overlaps(a text) returns int "+body,
			"create procedure json_value() insert into other values (1, 1)", "create function opaque() returns int begin return 1; end",
			"create function `a,upper`() returns int begin return 1; end")
		if got := w.load().Refuses(); got != want {
			t.Errorf("%s: refused because of %q, want %q", body, got, want)
		}
	}
}
