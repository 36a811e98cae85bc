// This file shows on a real server that definitions name what runs with them.

package sqltext

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
)

// definitionPlaces are where a definition may call a function of one argument.
// %s is its name.
var definitionPlaces = []string{
	"alter table z add check (%s(i) > 0)",
	"alter table z add constraint c check (i = 1 and %s(1) > 0)",
	"alter table z add check (not %s(i) > 0)",
	"alter table z add check ((i > 0) = (%s(1) > 0))",
	"alter table z add check (case when i > 0 then %s(1) else 1 end > 0)",
	"alter table z add check (i in (%s(1), 1))",
	"alter table z add check (row(1, %s(1)) is not null)",
	"alter table z add check (i between %s(1) and 5)",
	"alter table z add check (i::text like 'x' escape %s(1)::text)",
	"alter table z add check (i is distinct from %s(1))",
	"alter table z add column j int default %s(1)",
	"alter table z add column j int default (%s(1))",
	"alter table z add column j int check (%s(1) > 0)",
	"alter table z add column j int generated always as (%s(i)) stored",
	"alter table z alter i type int using %s(i)",
	"alter table z add exclude (i with =) where (%s(1) > 0)",
	"create table y partition of p for values from (%s(1)) to (5)",
	"create table y partition of l for values in (1, %s(1))",
	"create index on z (%s(i))",
	"create index on z using btree (%s(i), i)",
	"create index on z (i) where %s(1) > 0",
	"create table y as select %s(1)",
	"create table y (a) as values (%s(1))",
	"create table y as table z; select %s(1)",
	"create materialized view y as select %s(1)",
	"create view y as select %s(1)",
	"create schema y create table x (i int default %s(1))",
}

func TestAPostgresDefinitionNamesWhatItCalls(t *testing.T) {
	c := postgresServer(t)
	for _, text := range []string{
		"create table z (i int)", "insert into z values (1)", "create table p (i int) partition by range (i)", "create table l (i int) partition by list (i)",
	} {
		if got := run(t, c, text); got != "" {
			t.Fatal(got)
		}
	}
	names := slices.Concat(wordsWith(PostgreSQL, paren), wordsWith(PostgreSQL, reserved), keysOf(typesAndClauses), keysOf(otherTypes), keysOf(clausesOutside), keysOf(before), keysOf(fetches), []string{"f"})
	for name := range pairs {
		names = append(names, name)
	}
	count := 0
	for _, name := range names {
		if lookup(PostgreSQL, name)&function != 0 {
			continue // an overload of a built-in one: the catalog looks for those
		}
		if got := run(t, c, `create or replace function "`+name+`"(i int) returns int immutable language plpgsql as $$ begin raise '`+alarm+`'; end $$`); got != "" {
			t.Fatal(got)
		}
		count += definitionsRing(t, c, name)
	}
	if count < 500 {
		t.Errorf("the server called functions in %d definitions only", count)
	}
}

// keysOf are the names of a set.
func keysOf(set map[string]bool) (names []string) {
	for name := range set {
		names = append(names, name)
	}
	return names
}

// definitionsRing checks that each definition in which the server calls a function
// names it, or is not said to leave the session alone. It returns how many did.
func definitionsRing(t *testing.T, c *sql.Conn, name string) (count int) {
	t.Helper()
	for _, place := range definitionPlaces {
		text := strings.Replace(place, "%s", name, 1)
		run(t, c, "begin")
		got := run(t, c, text)
		run(t, c, "rollback")
		if !strings.Contains(got, alarm) {
			continue
		}
		count++
		if s := Analyze(PostgreSQL, text); s.Else.Neutral && !slices.Contains(s.Calls, name) {
			t.Errorf("%s calls a function that is not among %q", text, s.Calls)
		}
	}
	return count
}
