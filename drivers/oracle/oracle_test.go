//go:build unix && cgo

// This file tests that every form of DSN reaches the database.

package oracle_test

import (
	"database/sql"
	"log"
	"log/slog"
	"testing"

	_ "github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/oracle"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the faults are made on purpose
	if err := dbtest.OracleReady(); err != nil {
		log.Fatal(err)
	}
	dbtest.Main(m)
}

func TestEveryFormOfDSNReachesTheDatabase(t *testing.T) {
	d := dbtest.Oracle(t)
	for name, dsn := range map[string]string{
		"easy connect": d.DSN(), "URL": d.URL(), "logfmt": d.Logfmt(),
	} {
		for _, driver := range []string{"fluxor", "oracle-fluxor"} {
			t.Run(name+" under "+driver, func(t *testing.T) {
				db, err := sql.Open(driver, dsn)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close() //nolint:errcheck // the answer is what counts
				var n int
				if err := db.QueryRowContext(t.Context(), "select 42 from dual").Scan(&n); err != nil || n != 42 {
					t.Errorf("%d, %v", n, err)
				}
			})
		}
	}
}
