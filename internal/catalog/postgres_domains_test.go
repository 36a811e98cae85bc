// This file asks a PostgreSQL server what changes where a value becomes one of a domain.

package catalog

import (
	"slices"
	"testing"
)

// noting are a function that writes a row and says yes, and a domain that calls it.
var noting = []string{
	"create function note(i int) returns bool language plpgsql as $$ begin insert into other values (i, i); return true; end $$",
	"create domain odd as int check (note(value))",
}

func TestPostgresDomainWhoseDefaultWritesActsWhereItsTableIsWritten(t *testing.T) {
	w := postgres(t, "create function next_id() returns int language plpgsql as $$ begin update other set x = x + 1; return 1; end $$",
		"create domain ident as int default next_id()", "create domain own as ident", "create table docs (id ident, t text)", "create table kept (id own)",
		"create function fills() returns int language plpgsql as $$ declare i ident; begin return i; end $$")
	c := w.load()
	for _, table := range []string{"docs", "kept"} {
		w.hits(c, table, "other")
		w.misses(c, table, "a")
		w.calm(c, table)
		w.kept(c, table, "")
	}
	if r, _ := c.Routine("fills"); !slices.Contains(r.Writes, "other") {
		t.Errorf("a variable of the domain writes nothing: %+v", r)
	}
	w.changes("alter domain ident set default 1")
	w.misses(w.load(), "docs", "other")
}

func TestPostgresTypeThatHoldsACheckedDomainActsWhereItIsNamed(t *testing.T) {
	w := postgres(t, append(noting, "create domain odder as odd", "create type pair as (i odder, j int)", "create type span as range (subtype = odd)",
		"create domain third as int check ((value + 1)::odd > 0)", "create table b (i odder)", "create table l (i odder[])", "create table p (i pair)",
		"create table s (i span)", "create table c (i int check (i::odder > 0))", "create table t (i third)", "create view v as select id::odder from a",
		"create function f(i odder) returns int language sql as 'select 1'",
		"create function g(i int) returns int stable language plpgsql as $$ declare x odder; begin x := i; return x; end $$")...)
	c := w.load()
	for _, name := range []string{"odder", "pair", "span", "third", "v"} {
		if tags, all, _ := c.Effects([]string{name}); !slices.Contains(tags, "other") && !all {
			t.Errorf("a cast to %s, or a read of it, changes %v", name, tags)
		}
	}
	for _, table := range []string{"b", "l", "p", "s", "c", "t"} {
		w.hits(c, table, "other")
	}
	for _, name := range []string{"f", "g"} {
		if r, _ := c.Routine(name); r.Pure || !slices.Contains(r.Writes, "other") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	w.calm(c, "a")
	w.misses(c, "a", "other")
}
