// This file runs the conformance suite over the query cache, where each answer that may be kept is a kept one.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
	"github.com/fluxor-db/fluxor/middleware"
)

// cachedHits counts the kept answers that the suite was shown.
var cachedHits atomic.Int64

// cached is the way over the query cache, which asks twice for what may be kept: the
// second answer, which the caller gets, is the cache's own. Without a catalog it
// serves once it knows what the server is, and is told of what others change.
func (c conformanceTarget) cached(dsn string) conform.Handle {
	for _, option := range []string{"fluxor_driver=" + c.Driver, "fluxor_cache=all", "fluxor_cache_catalog=0"} {
		dsn = withOption(dsn, option)
	}
	var last *fluxor.Connector
	without := map[string]string{
		"an empty text":                               "a handler that answers nothing is no panic of the driver's",
		"session: statements beside open rows":        "rows that are kept are in memory, and leave the connection to others",
		"error: the server kills a session of Oracle": "a kept answer needs no session",
		"closed: a database with a session in use":    "after an answer that is kept a session holds no connection",
		"NextResultSet without a further one":         "a kept answer knows that there is none, where godror's fails to find one",
	}
	if c.Name == "pgx" {
		without["repeats: another session changes the table"] = "what is kept is asked for less often, so pgx finds its own plan outdated at another time"
	}
	return conform.Handle{
		Name:    "cached",
		Open:    func(t testing.TB) *sql.DB { last = askingTwice(t, dsn); return c.limited(sql.OpenDB(last)) },
		Changed: func() { last.InvalidateCache() },
		Without: without,
	}
}

func askingTwice(t testing.TB, dsn string) *fluxor.Connector {
	t.Helper()
	var conn *fluxor.Connector
	keeps := func(text string) bool { return conn.ExplainCache(text).Kept }
	conn, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn, Middleware: []middleware.Middleware{askTwice(keeps)}})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.LearnSchema(t.Context()) // what the server is is known then, before which nothing is kept
	t.Cleanup(func() {
		cachedHits.Add(conn.CacheStats().Hits)
		_ = conn.Close()
	})
	return conn
}

// counts reports whether an argument may know how often it was asked for its value.
func counts(a driver.NamedValue) bool { _, ok := a.Value.(driver.Valuer); return ok }

// askTwice sends each query of a text that passes down twice.
func askTwice(passes func(text string) bool) middleware.Middleware {
	return func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
			if c.Op == middleware.OpQuery && !c.InTx && passes(c.SQL) && !slices.ContainsFunc(c.Args, counts) {
				if err := next.Handle(ctx, c); err != nil {
					return err
				}
				_ = c.Rows.Close() // what failed between rows fails again
				c.Rows = nil
			}
			return next.Handle(ctx, c)
		})
	}
}
