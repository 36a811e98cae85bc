// This file tests what database/sql expects of a driver whose connections end at both sides of a gateway.

package remote_test

import (
	"database/sql"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
	"github.com/fluxor-db/fluxor/netdriver"
)

// insert inserts a row, and fails the test where the database does not take it.
func insert(t *testing.T, db *sql.DB, n int) {
	t.Helper()
	if _, err := db.Exec("insert into t values ($1)", n); err != nil {
		t.Errorf("row %d: %v", n, err)
	}
}

// holds checks how many rows there are.
func holds(t *testing.T, db *sql.DB, want int) {
	t.Helper()
	var n int
	if err := db.QueryRow("select count(*) from t").Scan(&n); err != nil || n != want {
		t.Errorf("%d rows, %v, want %d", n, err, want)
	}
}

func TestRemoteClientsHearNothingOfIdleConnectionsThatTheServerEnded(t *testing.T) {
	dsn := dbtest.Postgres(t).NewDatabase(t).URL()
	side := open(t, "postgres", dsn)
	db := open(t, netdriver.Name, gatewaytest.DSN(gatewaytest.Serve(t, gatewaytest.Config(connector(t, conform.Database{Driver: "postgres"}, dsn))), ""))
	if _, err := db.Exec("create table t (n int unique)"); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		insert(t, db, n)
		const end = "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
		var ended int
		if err := side.QueryRow(end).Scan(&ended); err != nil || ended == 0 {
			t.Fatalf("%d connections were ended, %v", ended, err)
		}
	}
	holds(t, db, 3)
	if s := db.Stats(); s.OpenConnections != 1 || s.InUse != 0 || s.MaxIdleClosed != 0 {
		t.Errorf("the client's pool lost connections of its own: %+v", s)
	}
}

func TestRemoteClientsFindANewGatewayInThePlaceOfTheOld(t *testing.T) {
	c := connector(t, conform.Database{Driver: "sqlite"}, dbtest.SQLite(t))
	address, stop := gatewaytest.ServeAt(t, "127.0.0.1:0", gatewaytest.Config(c))
	db := open(t, netdriver.Name, gatewaytest.DSN(address, ""))
	if _, err := db.Exec("create table t (n int unique)"); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		insert(t, db, n)
		stop()
		if err := db.Ping(); err == nil {
			t.Error("a ping was answered by nobody")
		}
		_, stop = gatewaytest.ServeAt(t, address, gatewaytest.Config(c))
		if err := db.Ping(); err != nil {
			t.Error(err)
		}
	}
	holds(t, db, 3)
}
