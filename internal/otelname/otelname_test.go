// This file tests the names that errors and systems get, with the drivers' own errors.

package otelname_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	"go.uber.org/goleak"
	"modernc.org/sqlite"

	"github.com/fluxor-db/fluxor/internal/otelname"
	"github.com/fluxor-db/fluxor/refusal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestASystemHasTheNameOfTheConventions(t *testing.T) {
	for kind, want := range map[string]string{
		"postgres": "postgresql", "mysql": "mysql", "oracle": "oracle.db", "sqlite": "sqlite", "": "other_sql", "clickhouse": "clickhouse",
	} {
		if got := otelname.System(kind); got != want {
			t.Errorf("%q is called %q, want %q", kind, got, want)
		}
	}
}

// oracleError has the methods of godror's *OraErr.
type oracleError struct{ code int }

func (e *oracleError) Error() string   { return "ORA" }
func (e *oracleError) Code() int       { return e.code }
func (e *oracleError) FunName() string { return "dpiStmt_execute" }

// sqliteError is made by SQLite itself.
func sqliteError(t *testing.T) error {
	t.Helper()
	conn, err := (&sqlite.Driver{}).Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a memory database
	_, err = conn.Prepare("select from")
	return err
}

func TestAnErrorHasItsStatusCodeAndType(t *testing.T) {
	type numbered struct {
		error
		Number string
	}
	for name, row := range map[string]struct {
		err        error
		code, kind string
	}{
		"none":                   {nil, "", ""},
		"lib/pq's":               {&pq.Error{Code: "23505"}, "23505", "23505"},
		"pgx's, wrapped":         {fmt.Errorf("save: %w", &pgconn.PgError{Code: "40001"}), "40001", "40001"},
		"MySQL's, wrapped":       {fmt.Errorf("save: %w", &mysql.MySQLError{Number: 1062}), "1062", "1062"},
		"Oracle's":               {&oracleError{1}, "ORA-00001", "ORA-00001"},
		"Oracle's client's":      {&oracleError{0}, "", "*otelname_test.oracleError"},
		"SQLite's":               {sqliteError(t), "1", "1"},
		"another Number":         {numbered{io.EOF, "12"}, "", "otelname_test.numbered"},
		"a lost answer":          {&refusal.IndeterminateError{Op: "exec", Cause: io.EOF}, "", "indeterminate"},
		"a refusal":              {&refusal.Error{Policy: "breaker", Sentinel: refusal.ErrClosed}, "", "refused_by_breaker"},
		"a canceled wait":        {&refusal.Error{Policy: "pool", Cause: context.Canceled}, "", "canceled"},
		"a deadline":             {fmt.Errorf("query: %w", context.DeadlineExceeded), "", "timeout"},
		"a bad connection":       {driver.ErrBadConn, "", "bad_connection"},
		"one of no known type":   {errors.New("secret"), "", "*errors.errorString"},
		"a context's end itself": {context.Canceled, "", "canceled"},
	} {
		if got := otelname.StatusCode(row.err); got != row.code {
			t.Errorf("%s: status code %q, want %q", name, got, row.code)
		}
		if got := otelname.ErrorType(row.err); got != row.kind {
			t.Errorf("%s: type %q, want %q", name, got, row.kind)
		}
	}
}
