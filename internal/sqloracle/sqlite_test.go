// This file compares verdicts with the programs that SQLite compiles.

package sqloracle

import (
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"testing"

	"modernc.org/sqlite"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// sqliteNames are names for the grammar: tables, functions, and SQLite's
// keywords, of which most may be either.
var sqliteNames = strings.Fields(`a b t u v f max count lower now random changes concat group_concat json_each
	abort action add after all alter always analyze and as asc attach autoincrement before begin between by cascade case cast check
	collate column commit conflict constraint create cross current current_date current_time current_timestamp database default
	deferrable deferred delete desc detach distinct do drop each else end escape except exclude exclusive exists explain fail
	filter first following for foreign from full generated glob group groups having if ignore immediate in index indexed
	initially inner insert instead intersect into is isnull join key last left like limit match materialized natural no not
	nothing notnull null nulls of offset on or order others outer over partition plan pragma preceding primary query raise range
	recursive references regexp reindex release rename replace restrict returning right rollback row rows savepoint select set
	table temp temporary then ties to transaction trigger unbounded union unique update using vacuum values view virtual when
	where window with without`)

// library opens a database with a table and, where that is possible, a function
// for every name, and every name for a column.
func library(t testing.TB) *sql.Conn {
	t.Helper()
	for _, name := range sqliteNames {
		if listed := sqltext.Analyze(sqltext.SQLite, "select "+name+"(1)"); listed.Verdict == sqltext.Flush {
			_ = sqlite.RegisterScalarFunction(name, -1, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
				return int64(1), nil
			}) // it is there already when the tests run again
		}
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	all := append(slices.Clone(sqliteNames), "users", "c", "d", "w", "x", "y", "e", "g", "id", "name")
	slices.Sort(all)
	all = slices.Compact(all)
	for _, name := range all {
		_, err := c.ExecContext(t.Context(), `create table "`+name+`" ("`+strings.Join(all, `", "`)+`")`)
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestTablesAgreeWithSQLite(t *testing.T) {
	c := library(t)
	compiled := 0
	for _, text := range seeds(t, "sqlite") {
		if compareSQLite(t, c, text) {
			compiled++
		}
	}
	if compiled < 15 {
		t.Errorf("only %d texts were compiled", compiled)
	}
}

func TestGrammarAgreesWithSQLite(t *testing.T) {
	c := library(t)
	valid := validOf(*texts, func(program []byte) bool { return compareSQLite(t, c, statement(program, sqliteNames, false)) })
	if valid < *texts/200 {
		t.Errorf("%d of %d texts are pure and valid", valid, *texts)
	}
}

func TestMixturesAgreeWithSQLite(t *testing.T) {
	c := library(t)
	valid := mixtures(*texts, seeds(t, "sqlite"), func(text string) bool { return compareSQLite(t, c, text) })
	if valid < *texts/200 {
		t.Errorf("%d of %d texts are pure and valid", valid, *texts)
	}
}

func FuzzSQLite(f *testing.F) {
	c := library(f)
	fuzzMixtures(f, "sqlite", func(t *testing.T, text string) bool { return compareSQLite(t, c, text) })
}

// compareSQLite looks at the program of a pure text for what changes a table
// and for functions that are not listed. It reports whether there is one.
func compareSQLite(t *testing.T, c *sql.Conn, text string) bool {
	t.Helper()
	s := sqltext.Analyze(sqltext.SQLite, text)
	if s.Verdict != sqltext.Pure {
		return false // to explain some texts is to run them
	}
	rows, err := c.QueryContext(t.Context(), "explain "+text)
	if err != nil {
		return false
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var address, p1, p2, p3, p5 int
		var opcode string
		var p4, comment sql.NullString
		if err := rows.Scan(&address, &opcode, &p1, &p2, &p3, &p4, &p5, &comment); err != nil {
			return false // it did not explain a statement
		}
		name, _, _ := strings.Cut(p4.String, "(")
		switch {
		case opcode == "OpenWrite", opcode == "Transaction" && p2 != 0:
			t.Errorf("%q is pure, but has %s %d %d", text, opcode, p1, p2)
		case opcode != "Function" && opcode != "PureFunc" && !strings.HasPrefix(opcode, "Agg"):
		case name != "" && sqltext.Analyze(sqltext.SQLite, "select "+name+"(1)").Verdict != sqltext.Pure && !operator(name):
			t.Errorf("%q is pure, but calls %s", text, name)
		}
	}
	return true
}

// operator reports whether a function is called by an operator of that name.
func operator(name string) bool {
	return name == "regexp" || name == "match" || name == "->" || name == "->>"
}
