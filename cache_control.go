// This file is what a connector says of its query cache, and how answers are ended by hand.

package fluxor

import (
	"strings"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
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

// CacheStats is what a query cache did since the start.
type CacheStats struct {
	// Mode is RuntimeConfig.Cache.
	Mode string
	// Hits are queries that found their answer, Joined those that had another
	// caller's, Stale those that had one beyond its time. Would are those that would
	// have found it, where the cache only observes.
	Hits, Joined, Stale, Would int64
	// Misses are queries that the database had to answer, and Bypasses those that
	// the cache had no part in, by the code of why.
	Misses, Bypasses map[string]int64
	// Kept are answers that were kept. Dropped are those that were not because
	// something they depend on was written meanwhile; TooManyRows, TooBig and
	// NotPlain those that did not fit.
	Kept, Dropped, TooManyRows, TooBig, NotPlain int64
	// Refreshed are the queries asked again behind their callers; Audits the answers
	// compared with the database's, and Mismatches those that were not the same.
	Refreshed, Audits, Mismatches int64
	// Flushes are the ends of all answers, by cause.
	Flushes map[string]int64
	// Entries are the answers in memory, Bytes what they take of Budget.
	Entries       int
	Bytes, Budget int64
	// Doubts is how many versions are in doubt after a write of unknown outcome, and
	// Sessions how many connections have a state of their own.
	Doubts   int
	Sessions int64
	// Schema says what is known of the tables: "known", "unknown" or "off"; then each
	// change ends all answers. SchemaFault is why it is unknown.
	Schema, SchemaFault string
}

// HitRatio is the share of the queries in which the cache had a part that did not
// wait for the database, 0 to 1.
func (s CacheStats) HitRatio() float64 {
	served := s.Hits + s.Joined + s.Stale + s.Would
	all := served - s.Would
	for _, n := range s.Misses {
		all += n
	}
	if all == 0 {
		return 0
	}
	return float64(served) / float64(all)
}

// CacheStats returns the numbers of the query cache.
func (c *Connector) CacheStats() CacheStats {
	q := c.main.cache
	if q == nil {
		return CacheStats{Mode: cacheOff}
	}
	n := &q.count
	s := CacheStats{
		Mode: c.main.set.Cache, Hits: n.hits.Load(), Joined: n.joined.Load(), Stale: n.stale.Load(), Would: n.would.Load(),
		Misses: n.misses.all(), Bypasses: n.passed.all(), Kept: n.kept.Load(), Dropped: n.dropped.Load(),
		TooManyRows: n.tooMany.Load(), TooBig: n.tooBig.Load(), NotPlain: n.notPlain.Load(),
		Refreshed: n.refreshed.Load(), Audits: n.audits.Load(), Mismatches: n.mismatches.Load(), Flushes: n.flushes.all(),
		Budget: c.main.set.CacheSize, Doubts: q.versions.Doubts(), Sessions: q.special.Load(),
	}
	s.Entries, s.Bytes = q.store.Size()
	s.Schema, s.SchemaFault = q.schemaState()
	return s
}
