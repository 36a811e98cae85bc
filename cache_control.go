// This file is what a connector says of its query cache, and how answers are ended by hand.

package fluxor

import (
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/metrics"
)

// InvalidateTags ends all answers that depend on one of the tags: the names of
// tables, without their schema, and the tags of hints and rules.
// It is for changes that this connector did not make. Queries that begin after it
// returned ask the database. It does nothing where the cache is off.
func (c *Connector) InvalidateTags(tags ...string) {
	if q := c.main.cache; q != nil && len(tags) > 0 {
		q.count.flushes.add("by-tag")
		q.versions.Invalidate(q.versions.Tags(lowered(tags)...))
	}
}

// lowered are names in the form that tags have.
func lowered(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strings.ToLower(name)
	}
	return out
}

// InvalidateStatement ends all answers to statements that differ from text in
// their literals and arguments alone; while the schema is not known, all answers.
func (c *Connector) InvalidateStatement(text string) {
	if q := c.main.cache; q != nil {
		q.count.flushes.add("by-statement")
		print := sqltext.Fingerprint(sqltext.ForType(c.main.backend.Type), text)
		q.versions.Invalidate(q.versions.Tags(cacheplan.StatementTag(print)))
	}
}

// InvalidateCache ends all answers, and frees their memory.
func (c *Connector) InvalidateCache() {
	if q := c.main.cache; q != nil {
		q.count.flushes.add("by-hand")
		q.versions.Invalidate(cache.Everything())
		q.store.Clear()
	}
}

// CacheStats is what a query cache did since the start, and how it stands: see
// metrics.Cache.
type CacheStats = metrics.Cache

// CacheStats returns the numbers of the query cache. Their Mode is "off" where
// there is none.
func (c *Connector) CacheStats() CacheStats {
	if counted := c.cacheCounted(); counted != nil {
		return *counted
	}
	return CacheStats{Mode: cacheOff}
}

// cacheCounted returns the numbers of the query cache; nil where there is none.
func (c *Connector) cacheCounted() *metrics.Cache {
	q := c.main.cache
	if q == nil {
		return nil
	}
	n := &q.count
	s := &metrics.Cache{
		Mode: c.main.set.Cache, Hits: n.hits.Load(), Joined: n.joined.Load(), Stale: n.stale.Load(), Would: n.would.Load(),
		StaleOnError: n.onError.Load(),
		Misses:       n.misses.all(), Bypasses: n.passed.all(), Kept: n.kept.Load(), Dropped: n.dropped.Load(),
		TooManyRows: n.tooMany.Load(), TooBig: n.tooBig.Load(), NotPlain: n.notPlain.Load(),
		Refreshed: n.refreshed.Load(), Audits: n.audits.Load(), Mismatches: n.mismatches.Load(), Flushes: n.flushes.all(),
		StaleAge: time.Duration(n.staleAge.Load()), StaleMax: time.Duration(n.staleMax.Load()),
		Evicted: q.store.Evicted(), Dead: q.store.Dead(c.main.now()),
		Budget: c.main.set.CacheSize, Doubts: q.versions.Doubts(), Sessions: q.special.Load(),
	}
	s.Entries, s.Bytes = q.store.Size()
	s.Schema, s.SchemaFault = c.main.schemaState()
	return s
}
