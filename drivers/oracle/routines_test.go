//go:build unix && cgo

// This file tests that queries which call stored functions are answered from memory, under the user's rules.

package oracle_test

import (
	"database/sql"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// answered asks for a number and says where the answer came from.
func answered(t *testing.T, db *sql.DB, query string, args ...any) (n int, status string) {
	t.Helper()
	ctx, info := fluxor.CacheInfo(t.Context())
	if err := db.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n, info.Status
}

func wantAnswer(t *testing.T, db *sql.DB, n int, status, query string, args ...any) {
	t.Helper()
	if gotN, got := answered(t, db, query, args...); gotN != n || got != status {
		t.Errorf("%s: %d (%s), want %d (%s)", query, gotN, got, n, status)
	}
}

// dictionary are the parts of Oracle's that the double lacks and the cache reads.
var dictionary = []string{
	"session_privs (privilege varchar2(40))", "all_tab_columns (owner varchar2(128), column_name varchar2(128))",
	"all_synonyms (owner varchar2(128), synonym_name varchar2(128), table_owner varchar2(128), table_name varchar2(128), db_link varchar2(128))",
	"all_constraints (owner varchar2(128), table_name varchar2(128), constraint_name varchar2(128), constraint_type varchar2(1), " +
		"r_owner varchar2(128), r_constraint_name varchar2(128), delete_rule varchar2(9))",
	"all_policies (object_owner varchar2(128), object_name varchar2(128), pf_owner varchar2(128), package varchar2(128), function varchar2(128))",
	"all_source (owner varchar2(128), name varchar2(128), type varchar2(12), text varchar2(4000))",
	"all_external_tables (owner varchar2(128), table_name varchar2(128))",
	"all_dependencies (owner varchar2(128), name varchar2(128), type varchar2(19), referenced_owner varchar2(128), referenced_name varchar2(128), " +
		"referenced_type varchar2(19), referenced_link_name varchar2(128))",
}

// withRates has tables "rates" and "orders", a function rate and a procedure book,
// and rules that say what the two do.
func withRates(t *testing.T, d *dbtest.OracleDatabase) (db *sql.DB) {
	t.Helper()
	d.Faults(t) // none, and not over a real dictionary
	bare := open(t, "godror", d.Logfmt(), 1)
	for _, view := range dictionary {
		mustExec(t, bare, "create table "+view)
	}
	for _, text := range []string{
		"create table rates (id number(9) primary key, v number(9))", "insert into rates values (1, 7)", "create table orders (id number(9))",
		"create or replace function rate(n in number) return number is x number; begin select v into x from rates where id = n; return x; end;",
		"create or replace procedure book(n in number) is begin insert into orders values (n); end;",
	} {
		mustExec(t, bare, text)
	}
	return open(t, "oracle-fluxor", d.Logfmt("fluxor_cache=all",
		"fluxor_cache_rules=routine=rate,dbms_lob.getlength pure reads=rates; routine=book writes=orders neutral"), 0)
}

// learned waits until an answer is kept, which the schema has to be known for.
func learned(t *testing.T, db *sql.DB) {
	t.Helper()
	waitUntil(t, "an answer is kept", func() bool {
		_, status := answered(t, db, "select count(*) from orders")
		return status == "hit"
	})
}

func TestAHitOfAQueryThatCallsAFunctionMakesNoRoundTrip(t *testing.T) {
	d := dbtest.Oracle(t)
	db := withRates(t, d)
	learned(t, db)
	queries := []string{"select rate(:1) from dual", "select " + d.User + ".rate(:1) from dual"}
	for _, query := range queries {
		wantAnswer(t, db, 7, "miss", query, 1)
	}
	wantAnswer(t, db, 3, "miss", "select dbms_lob.getlength(:1) from dual", "abc")
	trips := d.Trips(t)
	for range 10 {
		for _, query := range queries {
			wantAnswer(t, db, 7, "hit", query, 1)
		}
		wantAnswer(t, db, 3, "hit", "select dbms_lob.getlength(:1) from dual", "abc")
	}
	if got := opsOf(trips()); len(got) > 0 {
		t.Errorf("30 hits made the round trips %q", got)
	}
	mustExec(t, db, "insert into orders values (1)")
	wantAnswer(t, db, 7, "hit", queries[0], 1)
	mustExec(t, db, "update rates set v = 8")
	for _, query := range queries {
		wantAnswer(t, db, 8, "miss", query, 1)
	}
}

func TestABlockOfCallsEndsTheAnswersOfTheTablesThatItsRuleNamesAlone(t *testing.T) {
	d := dbtest.Oracle(t)
	db := withRates(t, d)
	learned(t, db)
	for i, text := range []string{"begin book(:1); end;", "call book(:1)"} {
		wantAnswer(t, db, 7, []string{"miss", "hit"}[i], "select v from rates")
		mustExec(t, db, text, 5)
		wantAnswer(t, db, 7, "hit", "select v from rates")
		wantAnswer(t, db, i+1, "miss", "select count(*) from orders")
		wantAnswer(t, db, i+1, "hit", "select count(*) from orders")
	}
	mustExec(t, db, "create or replace procedure other is begin null; end;")
	c, err := fluxor.FromDB(db)
	if err != nil {
		t.Fatal(err)
	}
	if n := c.CacheStats().Sessions; n != 0 {
		t.Errorf("%d connections have a state of their own", n)
	}
	mustExec(t, db, "begin book(:1); rollback; end;", 5)
	if _, status := answered(t, db, "select v from rates"); status == "hit" {
		t.Error("a block that nothing is known of leaves answers")
	}
}
