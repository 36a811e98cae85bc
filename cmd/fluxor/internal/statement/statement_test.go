// This file tests how arguments are read, how a statement is sent, and what errors mean.

package statement

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/netdriver"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/result"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestArgumentIsTextUnlessAPrefixFits(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]any{
		"5": "5", "": "", "a:b": "a:b", "int": "int", "text:int:5": "int:5", "text:": "", "INT:5": "INT:5", "http://x": "http://x",
		"int:-5": int64(-5), "float:1.5": 1.5, "bool:true": true, "null:": nil, "hex:00fF": []byte{0, 255},
		"time:2026-01-31T12:00:00.5Z": time.Date(2026, 1, 31, 12, 0, 0, 500_000_000, time.UTC),
	} {
		got, err := Args([]string{written})
		if err != nil || !cmp.Equal(got, []any{want}) {
			t.Errorf("%q: got %#v, %v, want %#v", written, got, err, want)
		}
	}
	for _, written := range []string{"int:", "int:1.5", "int: 5", "int:9223372036854775808", "bool:yes", "bool:1", "null:x", "hex:0", "time:today", "float:x"} {
		if got, err := Args([]string{"x", written}); err == nil || !strings.Contains(err.Error(), "argument 2") || !strings.Contains(err.Error(), "text:"+written) {
			t.Errorf("%q: got %#v, %v", written, got, err)
		}
	}
}

func TestStatementIsSentForRowsUnlessItsTextIsAPlainChange(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]Send{
		"INSERT INTO t VALUES (1)":                     SendExec,
		"  \n-- note\n/* a\n*/ # x\nupdate t set n=1;": SendExec,
		"create table t (n int)":                       SendExec,
		"insert":                                       SendExec,
		"INSERT INTO t VALUES (1) RETURNING n":         SendRows,
		"insert into t output inserted.n values (1)":   SendRows,
		"INSERT INTO t VALUES (1); SELECT 1":           SendRows,
		"WITH x AS (SELECT 1) INSERT INTO t SELECT 1":  SendRows,
		"SELECT 1":                             SendRows,
		"(SELECT 1)":                           SendRows,
		"/*!50000 INSERT */ INTO t VALUES (1)": SendRows,
		"inserted":                             SendRows,
		"SHOW x":                               SendRows,
		"":                                     SendRows,
		"--":                                   SendRows,
	} {
		if got := Choose(sqltext.MySQL, sql); got != want {
			t.Errorf("%q: got %s, want %s", sql, got, want)
		}
	}
}

func TestMeaningOfAGatewaysErrorForARepetition(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*netdriver.Error{
		"error 1146, SQLSTATE 42S02: the database refused the statement": {Kind: "db", Dialect: "mysql", Code: "1146", State: "42S02", Applied: netdriver.AppliedNo},
		"error 1205, SQLSTATE HY000: nothing took effect; repeating":     {Kind: "db", Dialect: "mysql", Code: "1205", State: "HY000", Applied: netdriver.AppliedNo, Retryable: true},
		"SQLite result code 1: the database refused the statement":       {Kind: "db", Dialect: "sqlite", Code: "1", Applied: netdriver.AppliedNo},
		"SQLSTATE 23505: the outcome is unknown":                         {Kind: "db", Dialect: "postgres", Code: "23505", State: "23505", Applied: netdriver.AppliedUnknown},
		"nothing took effect; whether repeating helps is not known":      {Kind: "db", Dialect: "postgres", Message: "dial tcp: refused", Applied: netdriver.AppliedNo},
		"the gateway refused it and nothing took effect":                 {Kind: "denied", Op: "login", ConnLost: true, Applied: netdriver.AppliedNo},
		"the login was refused":                                          {Kind: "auth", Op: "login", ConnLost: true, Applied: netdriver.AppliedNo},
		"it took effect; do not repeat it":                               {Kind: "too_large", Applied: netdriver.AppliedYes},
		"nothing took effect; repeating it later may succeed":            {Kind: "shutdown", Applied: netdriver.AppliedNo, Retryable: true},
	} {
		if got := Meaning(fmt.Errorf("outer: %w", err)); !strings.HasPrefix(got, want) {
			t.Errorf("%s of %s: got %q, want %q", err.Kind, err.Dialect, got, want)
		}
	}
}

func TestMeaningOfAnErrorForARepetition(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"SQLSTATE 08007: the outcome is unknown":             &fluxor.IndeterminateError{Op: "exec", Cause: context.Canceled},
		"Fluxor refused it and nothing took effect":          &fluxor.RefusalError{Policy: "pool", Sentinel: fluxor.ErrAcquireTimeout},
		"SQLSTATE 57014: the server cancelled":               &pq.Error{Code: "57014"},
		"SQLSTATE 40P01: the statement was undone":           &pgconn.PgError{Code: "40P01"},
		"error 1213, SQLSTATE 40001: the statement was":      &mysql.MySQLError{Number: 1213, SQLState: [5]byte{'4', '0', '0', '0', '1'}},
		"error 1040: the server grants no further":           &mysql.MySQLError{Number: 1040},
		"SQLSTATE 28P01: the login was refused":              &pq.Error{Code: "28P01"},
		"SQLSTATE 57P01: the database refused the statement": &pgconn.PgError{Code: "57P01"},
		"SQLSTATE 23505: the database refused the statement": &pq.Error{Code: "23505"},
		"no gateway let the client in and nothing was sent":  fmt.Errorf("%w: %w", netdriver.ErrNoGateway, io.EOF),
		"the server cannot be reached":                       &net.OpError{Op: "dial", Err: errors.New("refused")},
		"the time ended while the result came":               context.DeadlineExceeded,
		"the connection was gone before":                     driver.ErrBadConn,
		"whether repeating helps is not known":               errors.New("sql: no rows"),
		"the output could not be written":                    &result.WriteError{Err: io.ErrShortWrite},
	} {
		if got := Meaning(fmt.Errorf("outer: %w", err)); !strings.HasPrefix(got, want) {
			t.Errorf("%T: got %q, want %q", err, got, want)
		}
	}
}
