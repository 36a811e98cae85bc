// This file lists the drivers that talk to a server, as the fault tests use them.

package fluxor_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// networkBackend is one driver over one kind of server.
type networkBackend struct {
	name        string
	bare        string // the driver's own database/sql name
	alias       string // Fluxor's name for the driver
	arg         string // a query with one argument
	length      string // a query for the length of an argument
	slow        string // a query whose answer takes longer than any test waits
	many        string // a query with more rows than fit in the socket's buffers
	placeholder string // of the first argument
	running     string // counts the slow queries that run in a database, as the administrator
	proxy       func(target string) (*faultproxy.Proxy, error)
	start       func(testing.TB, dbtest.Options) *dbtest.Server
	share       func(testing.TB) *dbtest.Server
	dsn         func(t dbtest.Target, params ...string) string
}

var networkBackends = []networkBackend{
	{
		"pq", "postgres", "postgres-fluxor", "select $1::int", "select length($1::text)", "select pg_sleep(30)", "select repeat('x', 1000) from generate_series(1, 100000)", "$1", "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(30)%' and datname = '%s'", faultproxy.StartPostgres,
		dbtest.StartPostgres, dbtest.Postgres, dbtest.Target.URL,
	},
	{
		"pgx", "pgx", "pgx-fluxor", "select $1::int", "select length($1::text)", "select pg_sleep(30)", "select repeat('x', 1000) from generate_series(1, 100000)", "$1", "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(30)%' and datname = '%s'", faultproxy.StartPostgres,
		dbtest.StartPostgres, dbtest.Postgres, dbtest.Target.URL,
	},
	{
		"mysql", "mysql", "mysql-fluxor", "select ?", "select length(?)", "select sleep(30)", "select repeat('x', 1000) from seq_1_to_100000", "?", "select count(*) from information_schema.processlist where info like 'select sleep(30)%' and db = '%s'", faultproxy.StartMySQL,
		dbtest.StartMariaDB, dbtest.MariaDB, dbtest.Target.DSN,
	},
}

// fluxor opens target through Fluxor.
func (b networkBackend) fluxor(t testing.TB, target dbtest.Target, params ...string) *sql.DB {
	t.Helper()
	return openName(t, b.alias, b.dsn(target, params...))
}

// raw opens target with the bare driver.
func (b networkBackend) raw(t testing.TB, target dbtest.Target, params ...string) *sql.DB {
	t.Helper()
	return openName(t, b.bare, b.dsn(target, params...))
}

// behindProxy makes a database with a table w of one column, and a proxy before
// it. The target leads through the proxy, direct past it.
func (b networkBackend) behindProxy(t testing.TB, column string) (target dbtest.Target, direct *sql.DB, proxy *faultproxy.Proxy) {
	t.Helper()
	target = b.share(t).NewDatabase(t)
	direct = b.raw(t, target)
	mustExec(t, direct, "create table w ("+column+")")
	proxy, err := b.proxy(target.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	return target.At(proxy.Addr()), direct, proxy
}

// countRows says how many rows the table w has, and how many different ones.
func countRows(t testing.TB, direct *sql.DB) (rows, distinct int) {
	t.Helper()
	if err := direct.QueryRowContext(t.Context(), "select count(*), count(distinct n) from w").Scan(&rows, &distinct); err != nil {
		t.Fatal(err)
	}
	return rows, distinct
}

// isIndeterminate reports whether nobody can know what became of a statement.
func isIndeterminate(err error) bool {
	var lost *fluxor.IndeterminateError
	return errors.As(err, &lost) && !errors.Is(err, driver.ErrBadConn)
}

// insertInto tells the proxy which requests change the table w.
func insertInto(request []byte) bool { return bytes.Contains(request, []byte("insert into w")) }

func openName(t testing.TB, name, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// holdConnections makes db use n connections at once, and leaves them idle.
func holdConnections(t testing.TB, db *sql.DB, n int) {
	t.Helper()
	dbtest.Fill(t, db, n)
}

// running returns how many of b's slow queries run in a database of the server:
// other tests run theirs at the same time.
func running(t testing.TB, s *dbtest.Server, b networkBackend, database string) int {
	t.Helper()
	return runningOn(t, s.Admin(t), b, database)
}

func runningOn(t testing.TB, admin *sql.DB, b networkBackend, database string) int {
	t.Helper()
	n := 0
	if err := admin.QueryRow(strings.Replace(b.running, "%s", database, 1)).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// waitUntil asks again and again until what is expected has happened on a
// server, where nothing can tell the test.
func waitUntil(t testing.TB, what string, happened func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-late:
			t.Fatalf("waited too long until %s", what)
		case <-tick.C:
		}
	}
}
