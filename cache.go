// This file is the query cache of an engine: its parts, what it counts, and what is known of a text.

package fluxor

import (
	"context"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/cacherules"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// queryCache keeps answers for an engine. It is nil where fluxor_cache is off.
type queryCache struct {
	planner   *cacheplan.Planner
	dialect   sqltext.Dialect
	versions  *cache.Versions
	store     *cache.Store
	flights   cache.Flights[*cache.Answer]
	limits    cache.Limits  // of one answer; a plan may allow less or more rows
	doubt     time.Duration // how long an unknown outcome stays so
	observes  bool          // nothing is served
	audit     int           // percent of hits
	hintsTold atomic.Int64  // how many badHints has, about
	badHints  sync.Map      // the fingerprints of statements whose hints are not understood
	count     cacheCounts

	// special is how many open connections have a state of their own: while there
	// are any, a query without a lease may not be answered before it has one.
	special atomic.Int64

	catalog cacheCatalog
	again   func(ctx context.Context, e *engine, text string, args []driver.NamedValue) // asks a query; set by the connector
	behind  *behind
}

// cacheModes are the words of RuntimeConfig.Cache that keep answers.
var cacheModes = map[string]cacheplan.Mode{
	cacheObserve: cacheplan.All, cacheHint: cacheplan.Hint, cacheRules: cacheplan.Rules, cacheAll: cacheplan.All,
}

// newQueryCache returns nil where the cache is off. Where the database lives in
// its connections, each may be another one.
func newQueryCache(e *engine, pinned bool) *queryCache {
	mode, on := cacheModes[e.set.Cache]
	if !on {
		return nil
	}
	set := e.set
	c := &queryCache{
		versions: cache.New(), observes: set.Cache == cacheObserve, audit: set.CacheAudit, doubt: set.CacheDoubt,
		limits: cache.Limits{Rows: set.CacheMaxRows, Bytes: set.CacheMaxBytes},
	}
	c.behind = newBehind(e.log)
	c.store = cache.NewStore(c.versions, set.CacheSize)
	c.dialect = e.memo.Dialect()
	cfg := planning(set, e.memo, mode, c.versions)
	cfg.BadHint = c.badHint(e)
	cfg.NeedsSchema, cfg.NeedsServer = set.CacheCatalog > 0, set.CacheCatalog == 0
	if pinned {
		cfg.Never = whyPinned
	}
	c.planner = cacheplan.New(cfg)
	c.catalog.turn = make(chan struct{}, 1)
	c.catalog.off.Store(pinned)
	c.catalog.bare = set.CacheCatalog == 0
	return c
}

// planning is what plans are made by.
func planning(set settings, memo *sqltext.Memo, mode cacheplan.Mode, versions *cache.Versions) cacheplan.Config {
	cfg := cacheplan.Config{
		Memo: memo, Versions: versions, Mode: mode, TTL: set.CacheTTL, EmptyTTL: set.CacheEmptyTTL,
		Rows: set.CacheMaxRows, Revalidate: set.CacheStaleWhileRevalidate, StaleIfError: set.CacheStaleIfError,
	}
	cfg.Rules, _ = cacherules.Parse(set.CacheRules) // resolve has read them
	return cfg
}

// The codes of what speaks against an answer from the cache, beside those of
// packages cacheplan, catalog and sqltext.
const (
	whyPinned      = "database-in-connection"
	whyTransaction = "in-transaction"
	whySession     = "session-state"
	whyNoCache     = "no-cache"
	whyRefresh     = "refresh"
	whyArguments   = "arguments"
	whySteps       = "prepared-in-steps"
	whyRewritten   = "rewritten"
	whyAbsent      = "not-there"
	whyExpired     = "expired"
	whyOvertaken   = "overtaken"
	whyBusy        = "being-written"
	whyAudit       = "audit"
	whyObserved    = "observed"
	whyUnavailable = "database-unavailable"
)

// mostHints is how many statements are named whose hints are not understood.
const mostHints = 100

// badHint says once of a statement that its hint is not understood.
func (c *queryCache) badHint(e *engine) func(*sqltext.Known, error) {
	return func(k *sqltext.Known, err error) {
		if c.hintsTold.Load() >= mostHints {
			return
		}
		if _, told := c.badHints.LoadOrStore(k.Fingerprint(), true); !told {
			c.hintsTold.Add(1)
			e.log.Warn("a hint to the query cache is not understood, so the statement is not kept", "statement", k.Fingerprint(), "error", err)
		}
	}
}

// close ends what runs behind callers, and all answers. What then still runs keeps
// none.
func (c *queryCache) close(limit time.Duration) error {
	if c == nil {
		return nil
	}
	err := c.behind.close(limit)
	c.versions.Close()
	c.store.Clear()
	return err
}

// mark keeps the cache's count of connections with a state of their own.
func (c *queryCache) mark(s *scope) {
	if special := !s.plain(); special != s.counted {
		s.counted = special
		if special {
			c.special.Add(1)
		} else {
			c.special.Add(-1)
		}
	}
}

// unmark is mark for a connection that is closed.
func (c *queryCache) unmark(p *physical) {
	if c != nil && p.scope.counted {
		p.scope.counted = false
		c.special.Add(-1)
	}
}
