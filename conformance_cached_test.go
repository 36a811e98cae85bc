// This file runs the conformance suite over the query cache, where each answer that may be kept is a kept one.

package fluxor_test

import (
	"context"
	"database/sql"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/middleware"
)

// cachedHits counts the kept answers that the suite was shown.
var cachedHits atomic.Int64

// cached opens a database over the query cache, which asks twice for what may be
// kept: the second answer, which the caller gets, is the cache's own. Without a
// catalog it serves from the first query on.
func (c conformanceTarget) cached(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	for _, option := range []string{"fluxor_driver=" + c.bare, "fluxor_cache=all", "fluxor_cache_catalog=0"} {
		dsn = withOption(dsn, option)
	}
	var conn *fluxor.Connector
	keeps := func(text string) bool { return conn.ExplainCache(text).Kept }
	conn, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn, Middleware: []middleware.Middleware{askTwice(keeps)}})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(conn)
	t.Cleanup(func() {
		cachedHits.Add(conn.CacheStats().Hits)
		_ = db.Close()
	})
	return db
}

// askTwice sends each query of a text that passes down twice.
func askTwice(passes func(text string) bool) middleware.Middleware {
	return func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
			if c.Op != middleware.OpQuery || !passes(c.SQL) {
				return next.Handle(ctx, c)
			}
			if err := next.Handle(ctx, c); err != nil {
				return err
			}
			if err := c.Rows.Close(); err != nil {
				return err
			}
			c.Rows = nil
			return next.Handle(ctx, c)
		})
	}
}
