// This file holds a query cache with all its numbers, and what is exported of it.

package otel_test

import (
	"time"

	"github.com/fluxor-db/fluxor/metrics"
)

// cached has another number in every field.
var cached = metrics.Cache{
	Mode: "all", Hits: 60, Joined: 3, Stale: 5, StaleOnError: 2, Would: 4,
	Misses: map[string]int64{"not-there": 30, "expired": 9}, Bypasses: map[string]int64{"in-transaction": 12},
	Kept: 39, Dropped: 6, TooManyRows: 7, TooBig: 8, NotPlain: 10, Evicted: 11, Flushes: map[string]int64{"unknown-effect": 13},
	Refreshed: 14, Audits: 50, Mismatches: 15, StaleAge: 90 * time.Second, StaleMax: 40 * time.Second,
	Entries: 16, Dead: 17, Bytes: 1800, Budget: 2000, Doubts: 19, Sessions: 20, Schema: "unknown",
}

// cachedSamples are what is read of it, by name.
var cachedSamples = map[string]string{
	"fluxor.cache.hits":           "60",
	"fluxor.cache.joined":         "3",
	"fluxor.cache.stale":          "5",
	"fluxor.cache.stale_on_error": "2",
	"fluxor.cache.would_hit":      "4",
	"fluxor.cache.misses":         "expired 9; not-there 30",
	"fluxor.cache.bypasses":       "in-transaction 12",
	"fluxor.cache.kept":           "39",
	"fluxor.cache.dropped":        "6",
	"fluxor.cache.unfit":          "not-plain 10; too-big 8; too-many-rows 7",
	"fluxor.cache.evictions":      "11",
	"fluxor.cache.flushes":        "unknown-effect 13",
	"fluxor.cache.refreshes":      "14",
	"fluxor.cache.audits":         "50",
	"fluxor.cache.mismatches":     "15",
	"fluxor.cache.stale_age":      "90",
	"fluxor.cache.stale_age.max":  "40",
	"fluxor.cache.entries":        "16",
	"fluxor.cache.dead_entries":   "17",
	"fluxor.cache.size":           "1800",
	"fluxor.cache.budget":         "2000",
	"fluxor.cache.doubts":         "19",
	"fluxor.cache.sessions":       "20",
	"fluxor.cache.schema":         "known 0; off 0; unknown 1",
}
