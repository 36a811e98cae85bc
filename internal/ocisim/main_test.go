//go:build unix && cgo

// This file holds what the tests of the double share: bare godror over it.

package ocisim_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// open opens a database of the double by godror alone, with one session for
// each connection, as Fluxor does.
func open(t *testing.T, d *dbtest.OracleDatabase, params ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("godror", d.Logfmt(append([]string{"standaloneConnection=1"}, params...)...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// single is open with one connection.
func single(t *testing.T, d *dbtest.OracleDatabase, params ...string) *sql.DB {
	t.Helper()
	db := open(t, d, params...)
	db.SetMaxOpenConns(1)
	return db
}

type execer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}

type querier interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// run executes statements that must succeed.
func run(t *testing.T, db execer, statements ...string) {
	t.Helper()
	for _, s := range statements {
		exec(t, db, s)
	}
}

// exec executes a statement that must succeed.
func exec(t *testing.T, db execer, statement string, args ...any) sql.Result {
	t.Helper()
	r, err := db.ExecContext(t.Context(), statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return r
}

// one returns the only value of a query that must succeed.
func one[T any](t *testing.T, db querier, query string, args ...any) T {
	t.Helper()
	var v T
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// code is the number of an ORA- message, 0 for nil and -1 for anything else.
func code(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := godror.AsOraErr(err); ok {
		return e.Code()
	}
	return -1
}

// refuses fails the test unless the statement fails with the ORA- number.
func refuses(t *testing.T, db execer, want int, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); code(err) != want {
		t.Errorf("%s: got %v, want ORA-%05d", statement, err, want)
	}
}
