// This file is the kit of these tests: handles on databases, and what a gateway is put before.

package remote_test

import (
	"database/sql"
	"log/slog"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
)

func open(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// connector is Fluxor's over a database.
func connector(t testing.TB, d conform.Database, dsn string) *fluxor.Connector {
	t.Helper()
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{Driver: d.Driver, DSN: dsn, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
