// This file runs the conformance suite on every backend: the bare driver against Fluxor, with no preset, with the preset legacy, and over the query cache.

package fluxor_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
)

// conformanceTarget is a backend before it has a database.
type conformanceTarget struct {
	name    string
	dialect conform.Dialect
	traits  []conform.Trait
	bare    string // the driver's own name
	alias   string // Fluxor's name for it
	single  bool   // one connection at a time
	dsn     func(t testing.TB) string
}

// on makes a database of the target's own on a shared server.
func on(server func(testing.TB) *dbtest.Server, dsn func(dbtest.Target, ...string) string, params ...string) func(testing.TB) string {
	return func(t testing.TB) string {
		return dsn(server(t).NewDatabase(t), params...)
	}
}

var conformanceTargets = []conformanceTarget{
	{
		name: "sqlite file", dialect: conform.SQLite, bare: "sqlite", alias: "sqlite-fluxor",
		traits: []conform.Trait{conform.MultiStatements},
		dsn: func(t testing.TB) string {
			return dbtest.SQLite(t, "_pragma=busy_timeout(2000)", "_pragma=synchronous(0)")
		},
	},
	{
		name: "sqlite memory", dialect: conform.SQLite, bare: "sqlite", alias: "sqlite-fluxor", single: true,
		traits: []conform.Trait{conform.MultiStatements, conform.OneConnection},
		dsn:    func(testing.TB) string { return ":memory:" },
	},
	{
		name: "pq", dialect: conform.Postgres, bare: "postgres", alias: "postgres-fluxor",
		traits: []conform.Trait{conform.PQ, conform.MultiStatements, conform.Sleeps},
		dsn:    on(dbtest.Postgres, dbtest.Target.URL),
	},
	{
		name: "pgx", dialect: conform.Postgres, bare: "pgx", alias: "pgx-fluxor",
		traits: []conform.Trait{conform.PGX, conform.Sleeps},
		dsn:    on(dbtest.Postgres, dbtest.Target.URL),
	},
	{
		name: "mysql", dialect: conform.MySQL, bare: "mysql", alias: "mysql-fluxor",
		traits: []conform.Trait{conform.Sleeps},
		dsn:    on(dbtest.MariaDB, dbtest.Target.DSN),
	},
	{
		name: "mysql interpolating", dialect: conform.MySQL, bare: "mysql", alias: "mysql-fluxor",
		traits: []conform.Trait{conform.MultiStatements, conform.Sleeps},
		dsn:    on(dbtest.MariaDB, dbtest.Target.DSN, "parseTime=true", "interpolateParams=true", "multiStatements=true", "loc=America%2FNew_York", "clientFoundRows=true"),
	},
}

// registerTarget adds a target that not every build has.
func registerTarget(c conformanceTarget) { conformanceTargets = append(conformanceTargets, c) }

func TestFluxorBehavesAsTheBareDriver(t *testing.T) {
	sum := conform.Tally{Targets: len(conformanceTargets)}
	t.Run("on", func(t *testing.T) {
		for _, target := range conformanceTargets {
			t.Run(target.name, func(t *testing.T) {
				t.Parallel()
				conform.Run(t, target.open(t), &sum)
			})
		}
	})
	t.Log(sum.String())
	t.Logf("of the answers, %d were kept ones", cachedHits.Load())
	if t.Failed() || !sum.Complete() {
		return
	}
	if cachedHits.Load() == 0 {
		t.Error("the query cache kept no answer")
	}
	for _, e := range conform.Exceptions {
		if e.OfTranscripts() && !sum.Used(e.Name) {
			t.Errorf("the exception %q excuses nothing: remove it", e.Name)
		}
	}
}

// open makes the target's database and the ways to it.
func (c conformanceTarget) open(t *testing.T) conform.Target {
	dsn := c.dsn(t)
	way := func(driver, dsn string) func(testing.TB) *sql.DB {
		return func(t testing.TB) *sql.DB { return c.limited(openName(t, driver, dsn)) }
	}
	return conform.Target{
		Name: c.name, Dialect: c.dialect, Traits: c.traits,
		Bare: way(c.bare, dsn),
		Through: []conform.Handle{
			{Name: "fluxor", Open: way(c.alias, dsn)},
			{Name: "legacy", Open: way(c.alias, withOption(dsn, "fluxor_preset=legacy"))},
			c.cached(dsn),
			{Name: "keeping", Open: keepingAtOnce(way(c.alias, withOption(dsn, "fluxor_stmt_cache_size=3")))},
		},
		Raw: fluxor.Raw,
	}
}

// limited gives db no more connections than the target bears.
func (c conformanceTarget) limited(db *sql.DB) *sql.DB {
	if c.single {
		db.SetMaxOpenConns(1)
	}
	return db
}

// keepingAtOnce has the statement cache keep each text from its first use on.
func keepingAtOnce(open func(testing.TB) *sql.DB) func(testing.TB) *sql.DB {
	return func(t testing.TB) *sql.DB {
		db := open(t)
		if err := fluxor.KeepAtOnce(db); err != nil {
			t.Fatal(err)
		}
		return db
	}
}

// withOption adds an option of Fluxor's to a DSN.
func withOption(dsn, option string) string {
	if strings.Contains(dsn, "connectString=") {
		return dsn + " " + option
	}
	for i := range dsn {
		if dsn[i] == '?' {
			return dsn + "&" + option
		}
	}
	return dsn + "?" + option
}
