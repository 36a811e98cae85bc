// This file holds a query cache with all its numbers, and what is exported of it.

package prometheus_test

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
	"fluxor_cache_hits_total":              "60",
	"fluxor_cache_joined_total":            "3",
	"fluxor_cache_stale_total":             "5",
	"fluxor_cache_stale_on_error_total":    "2",
	"fluxor_cache_would_hit_total":         "4",
	"fluxor_cache_misses_total":            "expired 9; not-there 30",
	"fluxor_cache_bypasses_total":          "in-transaction 12",
	"fluxor_cache_kept_total":              "39",
	"fluxor_cache_dropped_total":           "6",
	"fluxor_cache_unfit_total":             "not-plain 10; too-big 8; too-many-rows 7",
	"fluxor_cache_evictions_total":         "11",
	"fluxor_cache_flushes_total":           "unknown-effect 13",
	"fluxor_cache_refreshes_total":         "14",
	"fluxor_cache_audits_total":            "50",
	"fluxor_cache_mismatches_total":        "15",
	"fluxor_cache_stale_age_seconds_total": "90",
	"fluxor_cache_stale_age_max_seconds":   "40",
	"fluxor_cache_entries":                 "16",
	"fluxor_cache_dead_entries":            "17",
	"fluxor_cache_bytes":                   "1800",
	"fluxor_cache_budget_bytes":            "2000",
	"fluxor_cache_doubts":                  "19",
	"fluxor_cache_sessions":                "20",
	"fluxor_cache_schema":                  "known 0; off 0; unknown 1",
}
