//go:build unix && cgo

// This file is the least that must work on an Oracle server: it runs over the double, or on the server of FLUXOR_ORACLE_DSN.

package oracle_test

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestServerStoresRefusesAndRollsBack(t *testing.T) {
	db, err := sql.Open("oracle-fluxor", cmp.Or(os.Getenv("FLUXOR_ORACLE_DSN"), dbtest.Oracle(t).Logfmt()))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the statements are what counts
	table := fmt.Sprintf("fluxor_%d", time.Now().UnixNano()%1e12)
	exec(t, db, "CREATE TABLE "+table+" (id NUMBER(9) PRIMARY KEY, name VARCHAR2(30), at_time TIMESTAMP)")
	defer exec(t, db, "DROP TABLE "+table)
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	exec(t, db, "INSERT INTO "+table+" (id, name, at_time) VALUES (:1, :2, :3)", 1, "ü", at)

	var ora *godror.OraErr
	if _, err := db.ExecContext(t.Context(), "INSERT INTO "+table+" (id) VALUES (:id)", sql.Named("id", 1)); !errors.As(err, &ora) || ora.Code() != 1 {
		t.Errorf("the same key twice: %v", err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, tx, "DELETE FROM "+table)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	var n int
	var name string
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*), MAX(name) FROM "+table).Scan(&n, &name); err != nil || n != 1 || name != "ü" {
		t.Errorf("got %d rows, %q, %v", n, name, err)
	}
}

// exec runs a statement that must succeed.
func exec(t *testing.T, on interface {
	Exec(string, ...any) (sql.Result, error)
}, statement string, args ...any,
) {
	t.Helper()
	if _, err := on.Exec(statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
