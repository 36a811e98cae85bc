// This file holds SQLite's words against the library.

package sqltext

import (
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"modernc.org/sqlite"
)

// sqliteKeywords are all of SQLite's.
var sqliteKeywords = strings.Fields(`abort action add after all alter always analyze and as asc attach autoincrement before begin between by
	cascade case cast check collate column commit conflict constraint create cross current current_date current_time
	current_timestamp database default deferrable deferred delete desc detach distinct do drop each else end escape except
	exclude exclusive exists explain fail filter first following for foreign from full generated glob group groups having if
	ignore immediate in index indexed initially inner insert instead intersect into is isnull join key last left like limit
	match materialized natural no not nothing notnull null nulls of offset on or order others outer over partition plan
	pragma preceding primary query raise range recursive references regexp reindex release rename replace restrict returning
	right rollback row rows savepoint select set table temp temporary then ties to transaction trigger unbounded union unique
	update using vacuum values view virtual when where window with without`)

func TestSQLitePureFunctionsAreDeterministic(t *testing.T) {
	c := connected(t, "sqlite", dbtest.SQLite(t))
	const deterministic = 0x800
	for _, name := range wordsWith(SQLite, pure) {
		if slices.Contains(sqliteOthers, name) {
			continue
		}
		var n, bad int
		// The flag is for scalar functions; aggregates never carry it.
		err := c.QueryRowContext(t.Context(), `select count(*), count(*) filter (where type = 's' and flags & ? = 0)
			from pragma_function_list where name = ?`, deterministic, name).Scan(&n, &bad)
		if err != nil || n == 0 || bad > 0 {
			t.Errorf("%s: %d functions, %d of them not deterministic; error %v", name, n, bad, err)
		}
	}
}

// sqliteOthers are on the list and are no deterministic functions: cast is
// grammar, json_each and json_tree are tables, and the last three read the row
// that a full-text search has found.
var sqliteOthers = strings.Fields("cast json_each json_tree bm25 highlight snippet")

func TestSQLiteReservedWordsNameNoTable(t *testing.T) {
	nameNoTable(t, connected(t, "sqlite", dbtest.SQLite(t)), SQLite, "syntax error")
}

func TestSQLiteKeywordsHideNoFunction(t *testing.T) {
	var names []string
	for _, name := range sqliteKeywords {
		if lookup(SQLite, name)&function != 0 {
			continue
		}
		names = append(names, name)
		err := sqlite.RegisterScalarFunction(name, 1, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
			return nil, errors.New(alarm)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	c := connected(t, "sqlite", dbtest.SQLite(t))
	run(t, c, "create table z (i int)")
	run(t, c, "insert into z values (1)")
	if count := rings(t, c, SQLite, names); count < 500 {
		t.Errorf("the library called functions in %d texts only", count)
	}
}
