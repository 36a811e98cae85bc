// This file is the query cache in the document.

package admin

import (
	"github.com/fluxor-db/fluxor/metrics"
)

// Cache is how the query cache stands.
type Cache struct {
	// Mode is "off", "observe", "hint", "rules" or "all".
	Mode string `json:"mode"`
	// Entries are the answers in memory, DeadEntries about how many of them nobody
	// will see again. They take Bytes and may take BudgetBytes.
	Entries     int   `json:"entries"`
	DeadEntries int   `json:"dead_entries"`
	Bytes       int64 `json:"bytes"`
	BudgetBytes int64 `json:"budget_bytes"`
	// Doubts are versions in doubt after a write of unknown outcome, Sessions
	// connections with a state of their own.
	Doubts   int   `json:"doubts"`
	Sessions int64 `json:"sessions"`
	// Schema is "known", "unknown" or "off"; "" without a cache. SchemaFault is why
	// it could not be asked for the last time.
	Schema      string `json:"schema"`
	SchemaFault string `json:"schema_fault"`
	// StaleMaxSeconds is how old the oldest answer was that was shown beyond its
	// time.
	StaleMaxSeconds Seconds `json:"stale_max_seconds"`
}

// CacheCounts are what a query cache did in some time; all 0 without one.
type CacheCounts struct {
	// HitPercent is the share of the queries that the cache had a part in which it
	// answered, or where it only observes would have; 0 where there was none.
	HitPercent float64 `json:"hit_percent"`
	// Hits found their answer, Joined had another caller's, Stale one beyond its
	// time, of them StaleOnError because the database could not be asked; WouldHit
	// would have found theirs where the cache only observes.
	Hits         int64 `json:"hits"`
	Joined       int64 `json:"joined"`
	Stale        int64 `json:"stale"`
	StaleOnError int64 `json:"stale_on_error"`
	WouldHit     int64 `json:"would_hit"`
	// Misses asked the database, and the cache had no part in Bypasses, by why.
	// Those with none are left out, as in Flushes.
	Misses   map[string]int64 `json:"misses"`
	Bypasses map[string]int64 `json:"bypasses"`
	// Kept are answers that were kept, Dropped those that were overtaken while they
	// came, the next three those that did not fit. Evictions made room for others,
	// Flushes ended all answers, by cause.
	Kept        int64            `json:"kept"`
	Dropped     int64            `json:"dropped"`
	TooManyRows int64            `json:"too_many_rows"`
	TooBig      int64            `json:"too_big"`
	NotPlain    int64            `json:"not_plain"`
	Evictions   int64            `json:"evictions"`
	Flushes     map[string]int64 `json:"flushes"`
	// Refreshes are queries asked again behind their callers, Audits answers
	// compared with the database's, Mismatches those that were not the same.
	Refreshes  int64 `json:"refreshes"`
	Audits     int64 `json:"audits"`
	Mismatches int64 `json:"mismatches"`
	// StaleAgeSeconds is how old the Stale answers were, together.
	StaleAgeSeconds Seconds `json:"stale_age_seconds"`
}

func cacheOf(c *metrics.Cache) Cache {
	if !c.On() {
		return Cache{Mode: "off"}
	}
	return Cache{
		Mode: c.Mode, Entries: c.Entries, DeadEntries: c.Dead, Bytes: c.Bytes, BudgetBytes: c.Budget,
		Doubts: c.Doubts, Sessions: c.Sessions, Schema: c.Schema, SchemaFault: shorten(c.SchemaFault),
		StaleMaxSeconds: seconds(c.StaleMax),
	}
}

func cacheCountsOf(c *metrics.Cache) CacheCounts {
	if !c.On() {
		c = new(metrics.Cache)
	}
	return CacheCounts{
		HitPercent: 100 * c.HitRatio(), Hits: c.Hits, Joined: c.Joined, Stale: c.Stale, StaleOnError: c.StaleOnError,
		WouldHit: c.Would, Misses: some(c.Misses), Bypasses: some(c.Bypasses),
		Kept: c.Kept, Dropped: c.Dropped, TooManyRows: c.TooManyRows, TooBig: c.TooBig, NotPlain: c.NotPlain,
		Evictions: c.Evicted, Flushes: some(c.Flushes), Refreshes: c.Refreshed, Audits: c.Audits,
		Mismatches: c.Mismatches, StaleAgeSeconds: seconds(c.StaleAge),
	}
}

// some are the counts that are not 0, never nil.
func some(counts map[string]int64) map[string]int64 {
	left := map[string]int64{}
	for name, n := range counts {
		if n > 0 {
			left[name] = n
		}
	}
	return left
}
