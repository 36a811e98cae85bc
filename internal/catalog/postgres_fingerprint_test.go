// This file checks that PostgreSQL's fingerprint changes with definitions, and with nothing else.

package catalog

import (
	"testing"
)

// changes are statements that are run one after the other, each of which
// changes the fingerprint.
func (w *world) changes(statements ...string) {
	w.Helper()
	before := w.print()
	for _, s := range statements {
		w.does(s)
		after := w.print()
		if after == before {
			w.Errorf("%s does not change the fingerprint", s)
		}
		before = after
	}
}

// changesNot are statements of which none changes it.
func (w *world) changesNot(statements ...string) {
	w.Helper()
	before := w.print()
	for _, s := range statements {
		w.does(s)
		if after := w.print(); after != before {
			w.Errorf("%s changes the fingerprint:\n%s\n%s", s, before, after)
			before = after
		}
	}
}

func TestPostgresFingerprintChangesWithEachDefinition(t *testing.T) {
	w := postgres(t)
	w.changes(
		"create table b (i int primary key, a int)", "alter table b add k int", "alter table b rename k to l", "alter table b drop l",
		"alter table b alter a type bigint", "alter table b alter a set default 1", "alter table b rename to bb", "alter table bb rename to b",
		"alter table b add constraint fk foreign key (a) references a", "alter table b drop constraint fk",
		"alter table b add constraint fk foreign key (a) references a on delete cascade",
		"create view v as select i from b", "create or replace view v as select i from b where i > 1", "alter view v set (security_barrier)",
		"create function f() returns trigger language plpgsql as 'begin return new; end'",
		"create or replace function f() returns trigger language plpgsql as 'begin return old; end'",
		"create trigger t after insert on b for each row execute function f()", "alter table b disable trigger t", "alter table b enable trigger t",
		"alter function f() stable", "drop trigger t on b", "drop function f()",
		"alter table b enable row level security", "create policy p on b using (i > 1)", "alter policy p on b using (i > 2)", "drop policy p on b",
		"alter table b disable row level security", "alter table b force row level security",
		"create rule r as on update to b do also delete from other", "drop rule r on b",
		"create table p (i int) partition by range (i)", "create table p1 partition of p for values from (1) to (9)",
		"alter table p detach partition p1", "alter table p attach partition p1 for values from (1) to (9)",
		"alter table p1 set unlogged", "create materialized view m as select 1", "create sequence s", "create schema far", "alter table p1 set schema far",
		"create type mood as enum ('a')", "alter type mood rename value 'a' to 'b'", "alter type mood add value 'c'",
		"create domain d as int", "alter domain d add check (value > 1)", "grant select on b to public", "revoke select on b from public",
		"create text search configuration c (copy = english)", "alter text search configuration c drop mapping for word",
		"drop materialized view m", "drop table b cascade")
}

func TestPostgresFingerprintIsIndifferentToData(t *testing.T) {
	w := postgres(t)
	w.changesNot("insert into a values (1, 'x')", "update a set name = 'y'", "analyze a", "vacuum a", "truncate a", "create temp table mine (i int primary key)",
		"insert into mine values (1)", "drop table mine", "create temp table child (i int check (i > 1), j serial)", "vacuum full a", "reindex table a")
}

func TestPostgresFingerprintSeesATransactionThatBeganBeforeTheLatest(t *testing.T) {
	w := postgres(t, "create function f() returns int language sql as 'select 1'", "create function g() returns int language sql as 'select 1'")
	early := connect(t, w.dialect, "postgres", w.target.DSN())
	early.does("begin", "create or replace function f() returns int language sql as 'select 2'")
	w.does("create or replace function g() returns int language sql as 'select 2'")
	before := w.print()
	early.does("commit")
	if w.print() == before {
		t.Error("the definition that was committed late is not seen")
	}
}
