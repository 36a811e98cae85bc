// This file runs the conformance suite on every backend: the bare driver against Fluxor, with no preset, with the preset legacy, and over the query cache.

package fluxor_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
)

// conformanceTarget is a database that the suite runs on.
type conformanceTarget struct{ conform.Database }

func TestFluxorBehavesAsTheBareDriver(t *testing.T) {
	databases := conform.Databases()
	sum := conform.Tally{Targets: len(databases)}
	t.Run("on", func(t *testing.T) {
		for _, d := range databases {
			t.Run(d.Name, func(t *testing.T) {
				t.Parallel()
				conform.Run(t, conformanceTarget{d}.open(t), &sum)
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
	dsn := c.DSN(t)
	way := func(driver, dsn string) func(testing.TB) *sql.DB {
		return func(t testing.TB) *sql.DB { return c.limited(openName(t, driver, dsn)) }
	}
	return conform.Target{
		Name: c.Name, Dialect: c.Dialect, Traits: c.Traits,
		Bare: way(c.Driver, dsn),
		Through: []conform.Handle{
			{Name: "fluxor", Open: way(c.Fluxor, dsn)},
			{Name: "legacy", Open: way(c.Fluxor, withOption(dsn, "fluxor_preset=legacy"))},
			c.cached(dsn),
			{Name: "keeping", Open: keepingAtOnce(way(c.Fluxor, withOption(dsn, "fluxor_stmt_cache_size=3")))},
		},
		Raw: fluxor.Raw,
	}
}

// limited gives db no more connections than the target bears.
func (c conformanceTarget) limited(db *sql.DB) *sql.DB {
	if slices.Contains(c.Traits, conform.OneConnection) {
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
