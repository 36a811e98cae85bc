//go:build unix

// This file makes the databases that the suite runs on, each with the bare driver's name for it.

package conform

import (
	"slices"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// Database is one that the suite runs on, before it is made.
type Database struct {
	// Name is the target's name.
	Name    string
	Dialect Dialect
	Traits  []Trait
	// Driver is the bare driver's own name, Fluxor the name of Fluxor's over it.
	Driver, Fluxor string
	// DSN makes a database that lasts as long as the test, and tells how the bare
	// driver reaches it.
	DSN func(testing.TB) string
}

// Databases returns all that this build has a driver for.
func Databases() []Database { return slices.Concat(databases, oracleDatabases) }

// onServer makes a database of the target's own on a shared server.
func onServer(server func(testing.TB) *dbtest.Server, dsn func(dbtest.Target, ...string) string, params ...string) func(testing.TB) string {
	return func(t testing.TB) string {
		return dsn(server(t).NewDatabase(t), params...)
	}
}

var databases = []Database{
	{
		Name: "sqlite file", Dialect: SQLite, Driver: "sqlite", Fluxor: "sqlite-fluxor",
		Traits: []Trait{MultiStatements},
		DSN: func(t testing.TB) string {
			return dbtest.SQLite(t, "_pragma=busy_timeout(2000)", "_pragma=synchronous(0)")
		},
	},
	{
		Name: "sqlite memory", Dialect: SQLite, Driver: "sqlite", Fluxor: "sqlite-fluxor",
		Traits: []Trait{MultiStatements, OneConnection},
		DSN:    func(testing.TB) string { return ":memory:" },
	},
	{
		Name: "pq", Dialect: Postgres, Driver: "postgres", Fluxor: "postgres-fluxor",
		Traits: []Trait{PQ, MultiStatements, Sleeps},
		DSN:    onServer(dbtest.Postgres, dbtest.Target.URL),
	},
	{
		Name: "pgx", Dialect: Postgres, Driver: "pgx", Fluxor: "pgx-fluxor",
		Traits: []Trait{PGX, Sleeps},
		DSN:    onServer(dbtest.Postgres, dbtest.Target.URL),
	},
	{
		Name: "mysql", Dialect: MySQL, Driver: "mysql", Fluxor: "mysql-fluxor",
		Traits: []Trait{Sleeps},
		DSN:    onServer(dbtest.MariaDB, dbtest.Target.DSN),
	},
	{
		Name: "mysql interpolating", Dialect: MySQL, Driver: "mysql", Fluxor: "mysql-fluxor",
		Traits: []Trait{MultiStatements, Sleeps},
		DSN:    onServer(dbtest.MariaDB, dbtest.Target.DSN, "parseTime=true", "interpolateParams=true", "multiStatements=true", "loc=America%2FNew_York", "clientFoundRows=true"),
	},
}
