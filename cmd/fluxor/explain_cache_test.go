// This file tests what the command explain says of the query cache.

package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// explained is what the command says to a program.
func explained(t *testing.T, args ...string) explanation {
	t.Helper()
	code, out, errOut := fluxor(t.Context(), append([]string{"explain", "--json"}, args...)...)
	var x explanation
	if err := json.Unmarshal([]byte(out), &x); err != nil || code != exitOK {
		t.Fatalf("%q: exit code %d, %v, %s", args, code, err, errOut)
	}
	return x
}

func TestExplainSaysWhatTheTextAloneTellsOfTheCache(t *testing.T) {
	x := explained(t, "postgres", "select * from orders /* fluxor:cache ttl=5s rows=7 stale_if_error=1m */").Cache
	if !x.Kept || x.By != "fluxor:cache ttl=5s rows=7 stale_if_error=1m" || x.TTL != 5 || x.Rows != 7 || x.StaleIfError != 60 || x.Mode != "off" {
		t.Errorf("a hint: %+v", x)
	}
	if !x.ReadsAll || x.ReadsAllWhy != "schema-unknown" || x.Schema != "unknown" || x.Reads == nil {
		t.Errorf("without the schema: %+v", x)
	}
	if x := explained(t, "oracle", "delete from orders").Cache; x.Kept || x.Why != "changes-tables" || !x.WritesAll || x.WritesAllWhy != "schema-unknown" {
		t.Errorf("a write: %+v", x)
	}
	if x := explained(t, "mysql", "set names latin1").Cache; x.Session != "sets" || x.Why != "session" {
		t.Errorf("a setting: %+v", x)
	}
	dsn := "postgres://app@127.0.0.1:1/erp?fluxor_cache=rules&fluxor_cache_rules=table=orders ttl=10s;table=*_log off"
	if x := explained(t, dsn, "select * from orders").Cache; !x.Kept || x.By != "table=orders ttl=10s" || x.TTL != 10 || x.Mode != "rules" {
		t.Errorf("a rule: %+v", x)
	}
	if x := explained(t, dsn, "select * from items").Cache; x.Why != "not-asked-for" {
		t.Errorf("no rule: %+v", x)
	}
}

func TestExplainAsksTheDatabaseForItsSchema(t *testing.T) {
	setUp := []string{
		"create table orders (id int primary key, total int)", "create table marks (id int primary key)",
		"create view big as select id from orders where total > 100",
	}
	for name, dsn := range backends(t) {
		for _, text := range setUp {
			queried(t, dsn, text)
		}
		x := explained(t, "--connect", dsn, "select id from big").Cache
		if x.Schema != "known" || !x.Kept || x.ReadsAll || !slices.Equal(x.Reads, []string{"big", "orders"}) {
			t.Errorf("%s: a view: %+v", name, x)
		}
		if x := explained(t, "--connect", dsn, "update orders set total = 1").Cache; x.WritesAll || !slices.Contains(x.Writes, "orders") || slices.Contains(x.Writes, "marks") {
			t.Errorf("%s: a write: %+v", name, x)
		}
		code, out, errOut := fluxor(t.Context(), "explain", "--connect", dsn, "select id from big")
		for _, want := range []string{"cached       yes\n", "depends on   big orders\n", "terms        for 30s, without rows for 5s; at most 1000 rows\n", "ends         nothing\n", "schema       known, from the database\n"} {
			if code != exitOK || !strings.Contains(out, want) {
				t.Errorf("%s: exit code %d, %s\n%s\nlacks %q", name, code, errOut, out, want)
			}
		}
	}
}

func TestExplainSaysWhyTheSchemaIsNotKnown(t *testing.T) {
	for dsn, want := range map[string]int{"postgres": exitUsage, "postgres://app:secret@127.0.0.1:1/erp?sslmode=disable": exitFailed} {
		code, out, errOut := fluxor(t.Context(), "explain", "--connect", dsn, "select 1")
		if code != want || out != "" || errOut == "" || strings.Contains(errOut, "secret") {
			t.Errorf("%s: exit code %d, %q, %q", dsn, code, out, errOut)
		}
	}
	s := dbtest.StartPostgres(t, dbtest.Options{})
	s.Freeze(t)
	defer s.Thaw()
	code, _, errOut := fluxor(t.Context(), "explain", "--connect", "--timeout", "200ms", s.DSN(), "select 1")
	if code != exitFailed || !strings.Contains(errOut, "within 200ms") {
		t.Errorf("a frozen server: exit code %d, %s", code, errOut)
	}
	if code, _, _ := fluxor(t.Context(), "explain", "--timeout", "0s", "postgres", "select 1"); code != exitUsage {
		t.Errorf("no time at all: exit code %d", code)
	}
	if x := explained(t, "--connect", ":memory:", "select 1").Cache; x.Schema != "off" || x.Why != "database-in-connection" {
		t.Errorf("a database in memory: %+v", x)
	}
}

func TestExplainOffersTheNextStepWithoutThePassword(t *testing.T) {
	steps := explained(t, "postgres://app:secret@127.0.0.1:1/erp", "select f(1)").NextSteps
	all := strings.Join(steps, "\n")
	if strings.Contains(all, "secret") || !strings.Contains(all, "fluxor explain --connect env:DSN 'select f(1)'") || !strings.Contains(all, "docs/CACHED.md#the-codes: what unknown-function means") {
		t.Errorf("got\n%s", all)
	}
	page, err := os.ReadFile("../../docs/CACHED.md")
	if err != nil || !strings.Contains(string(page), "\n## The codes\n") {
		t.Errorf("the page that the step names has no such heading (%v)", err)
	}
}
