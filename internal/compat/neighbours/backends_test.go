// This file names the backends and the ways to open each: bare, by alias, as "fluxor", and so with the statement cache.

package neighbours

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// The kinds of database, by the names that most tools give them.
const (
	kindPostgres = "postgres"
	kindMySQL    = "mysql"
	kindSQLite   = "sqlite"
)

// backend is one wrapped driver.
type backend struct {
	name  string // of the driver
	bare  string // its name for database/sql
	alias string // Fluxor's name for it
	kind  string // of the database
	// chosen is what the DSN says under "fluxor", where two drivers know its
	// form.
	chosen string
	// fresh is the DSN of an empty database.
	fresh func(t *testing.T) string
}

var backends = []backend{
	{name: "lib-pq", bare: "postgres", alias: "postgres-fluxor", kind: kindPostgres, fresh: freshPostgres},
	{name: "pgx", bare: "pgx", alias: "pgx-fluxor", kind: kindPostgres, chosen: "fluxor_driver=pgx", fresh: freshPostgres},
	{name: "go-sql-driver", bare: "mysql", alias: "mysql-fluxor", kind: kindMySQL, fresh: func(t *testing.T) string {
		return dbtest.MariaDB(t).NewDatabase(t).DSN("parseTime=true")
	}},
	{name: "modernc", bare: "sqlite", alias: "sqlite-fluxor", kind: kindSQLite, fresh: func(t *testing.T) string {
		return dbtest.SQLite(t, "_pragma=busy_timeout(5000)", "_pragma=journal_mode(WAL)", "_pragma=foreign_keys(1)")
	}},
}

func freshPostgres(t *testing.T) string { return dbtest.Postgres(t).NewDatabase(t).DSN() }

// way is one way to open a backend's database: what a program hands to
// sql.Open. Each way has a database of its own.
type way struct {
	backend
	how    string // "bare", "alias", "fluxor", "kept"
	driver string
	dsn    string
}

// ways are the bare driver, which says what is right, and those of Fluxor.
func (b backend) ways(t *testing.T) []way {
	return []way{
		{b, "bare", b.bare, b.fresh(t)},
		{b, "alias", b.alias, b.fresh(t)},
		{b, "fluxor", "fluxor", with(b.fresh(t), b.chosen, "fluxor_max_open_conns=4")},
		{b, "kept", "fluxor", with(b.fresh(t), b.chosen, "fluxor_max_open_conns=4", "fluxor_stmt_cache_size=50")},
	}
}

// with adds parameters to a DSN that may have some; empty ones are left out.
func with(dsn string, params ...string) string {
	for _, p := range params {
		if p == "" {
			continue
		}
		mark := "?"
		if strings.Contains(dsn, "?") {
			mark = "&"
		}
		dsn += mark + p
	}
	return dsn
}

// database is the name of the way's database, as errors of the server tell it.
func (w way) database() string {
	name, _, _ := strings.Cut(w.dsn[strings.LastIndex(w.dsn, "/")+1:], "?")
	return name
}

// open is the *sql.DB of the way, which is closed with the test.
func (w way) open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open(w.driver, w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// placeholders makes $1, $2 of the question marks where the database wants
// that.
func (b backend) placeholders(query string) string {
	if b.kind != kindPostgres {
		return query
	}
	var out strings.Builder
	n := '0'
	for _, r := range query {
		if r == '?' {
			n++
			out.WriteRune('$')
			r = n
		}
		out.WriteRune(r)
	}
	return out.String()
}

// sleep is a query that takes longer than any test.
func (b backend) sleep() string {
	switch b.kind {
	case kindPostgres:
		return "select 1 from pg_sleep(60)"
	case kindMySQL:
		return "select sleep(60)"
	default:
		return "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000000) select count(*) from n"
	}
}
