// This file hands pgx's execution mode, which GORM's migrator puts before its arguments, to drivers that know it and that do not.

package fluxor_test

import (
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// simple is the option that GORM's migrator sends.
const simple = pgx.QueryExecModeSimpleProtocol

// atPostgres opens a database under a driver's name.
func atPostgres(t *testing.T, name string) *sql.DB {
	t.Helper()
	db, err := sql.Open(name, dbtest.Postgres(t).NewDatabase(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestPqNeverHearsOfAnExecutionModeOfPgx(t *testing.T) {
	db := atPostgres(t, "postgres-fluxor")
	st, err := db.Prepare("select $1::int")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var none, direct, prepared int
	if err := db.QueryRow("select 5", simple).Scan(&none); err != nil {
		t.Error(err)
	}
	if err := db.QueryRow("select $1::int", simple, 6).Scan(&direct); err != nil {
		t.Error(err)
	}
	if err := st.QueryRow(simple, 7).Scan(&prepared); err != nil {
		t.Error(err)
	}
	if none != 5 || direct != 6 || prepared != 7 {
		t.Errorf("got %d, %d, %d, want 5, 6, 7", none, direct, prepared)
	}
	if _, err := db.Exec("select $1::int", simple, 8); err != nil {
		t.Error(err)
	}
}

func TestAnExecutionModeBehindAnArgumentIsAValue(t *testing.T) {
	for _, name := range []string{"postgres", "postgres-fluxor"} {
		var sum int
		if err := atPostgres(t, name).QueryRow("select $1::int + $2::int", 40, simple).Scan(&sum); err != nil {
			t.Error(name, err)
		}
		if want := 40 + int(simple); sum != want {
			t.Errorf("%s: got %d, want %d", name, sum, want)
		}
	}
}

// TestPgxKeepsItsExecutionMode runs two statements in one text, which pgx
// sends in the simple protocol alone.
func TestPgxKeepsItsExecutionMode(t *testing.T) {
	db := atPostgres(t, "pgx-fluxor")
	if _, err := db.Exec("create table a (n int); create table b (n int)", simple); err != nil {
		t.Error(err)
	}
	if _, err := db.Exec("insert into a values ($1); insert into b values (2)", simple, 1); err != nil {
		t.Error(err)
	}
	if _, err := db.Exec("insert into a values ($1); insert into b values (2)", 1); err == nil {
		t.Error("two statements in one text went through without the simple protocol")
	}
}
