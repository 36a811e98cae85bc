// This file holds the suites: what of each module is re-pointed, and against which server it runs.

//go:build published

package published

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var (
	// openDB is where a suite makes a *sql.DB of a connector of its own.
	openDB = regexp.MustCompile(`sql\.OpenDB\((\w+)\)`)
	// raw is where a suite gets at the driver's own connection. sql.Conn.Raw
	// sees Fluxor's, so such a test calls fluxor.Raw, as the README tells users.
	raw = regexp.MustCompile(`(\w+)\.Raw\(func\(`)
	// rawPrivate is the same where the function asks for go-sql-driver's private
	// type; what else it asks for, Fluxor's connection is as well.
	rawPrivate = regexp.MustCompile(`(\w+)\.Raw\((func\(conn any\) error \{(?:\s+//.*|\s+qr := .*)*\s+c := conn\.\(\*mysqlConn\))`)
)

func pqSuite(t *testing.T) suite {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hosts")
	must(t, os.WriteFile(file, []byte(hosts), 0o600))
	return suite{
		module:    "github.com/lib/pq",
		driver:    ".",
		packages:  []string{"./..."},
		templates: "pq",
		hosts:     file,
		edits: []edit{
			{"conn.go", regexp.MustCompile(`sql\.Register\("postgres", &Driver\{\}\)`), `sql.Register("postgres", RepointedDriver())`, 1},
			{"connector_test.go", openDB, `sql.OpenDB(Repointed($1))`, 2},
			{"error_test.go", openDB, `sql.OpenDB(Repointed($1))`, 2},
			{"notice_test.go", openDB, `sql.OpenDB(Repointed($1))`, 1},
			{"notify_test.go", openDB, `sql.OpenDB(Repointed($1))`, 1},
			{"example_test.go", openDB, `sql.OpenDB(pq.Repointed($1))`, 3},
		},
		left:       map[string]string{"Example_openConfig": "wants a server on port 5432"},
		exceptions: pqExceptions,
	}
}

// The published suite of lib/pq passes under Fluxor.
func TestTheSuiteOfLibPQPassesUnderFluxor(t *testing.T) {
	s := pqSuite(t)
	server := postgres(t, filepath.Join(goList(t, s.module), "testdata", "ssl"))
	s.compare(t, func(t *testing.T) []string { return freshPostgres(t, server) })
}

// The same with lib/pq's binary_parameters, which changes how every statement
// with arguments goes over the wire.
func TestTheSuiteOfLibPQPassesUnderFluxorWithBinaryParameters(t *testing.T) {
	s := pqSuite(t)
	server := postgres(t, filepath.Join(goList(t, s.module), "testdata", "ssl"))
	s.compare(t, func(t *testing.T) []string {
		return append(freshPostgres(t, server), "PQTEST_BINARY_PARAMETERS=yes")
	})
}

// The published suite of go-sql-driver/mysql passes under Fluxor.
func TestTheSuiteOfGoSQLDriverPassesUnderFluxor(t *testing.T) {
	server := mariadb(t)
	mysqlSuite().compare(t, func(t *testing.T) []string { return freshMariaDB(t, server) })
}

func mysqlSuite() suite {
	return suite{
		module:    "github.com/go-sql-driver/mysql",
		driver:    ".",
		packages:  []string{"."},
		templates: "mysql",
		edits: []edit{
			{"driver.go", regexp.MustCompile(`sql\.Register\(driverName, &MySQLDriver\{\}\)`), `sql.Register(driverName, RepointedDriver())`, 1},
			{"driver_test.go", openDB, `sql.OpenDB(Repointed($1))`, 4},
			{"driver_test.go", rawPrivate, `reach($1, $2`, 2},
		},
		left:       map[string]string{"TestConnectorReturnsTimeout": "crashes the run where a firewall lets 1.1.1.1:1234 connect; it calls the connector itself"},
		exceptions: mysqlExceptions,
	}
}

// The published suite of pgx's database/sql driver passes under Fluxor.
func TestTheSuiteOfPgxStdlibPassesUnderFluxor(t *testing.T) {
	server := postgres(t, filepath.Join(goList(t, "github.com/lib/pq"), "testdata", "ssl"))
	pgxSuite().compare(t, func(t *testing.T) []string {
		return freshPostgres(t, server, "CREATE EXTENSION hstore", "CREATE EXTENSION ltree", "CREATE DOMAIN uint64 AS numeric(20,0)")
	})
}

func pgxSuite() suite {
	return suite{
		module:    "github.com/jackc/pgx/v5",
		driver:    "stdlib",
		packages:  []string{"./stdlib"},
		templates: "pgx",
		edits: []edit{
			{"stdlib/sql.go", regexp.MustCompile(`sql\.Register\((".+"), pgxDriver\)`), `sql.Register($1, repointedDriver(pgxDriver))`, 2},
			{"stdlib/sql.go", openDB, `sql.OpenDB(repointed($1))`, 2},
			{"stdlib/*_test.go", raw, `stdlib.Reach($1, func(`, 0},
		},
		exceptions: pgxExceptions,
	}
}
