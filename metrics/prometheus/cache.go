// This file lists the metrics of the query cache, all of them absent where it is off.

package prometheus

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fluxor-db/fluxor/metrics"
)

// ofCache is a family that is there with a cache.
func ofCache(kind prometheus.ValueType, desc *prometheus.Desc, collect func(k *sink, c *metrics.Cache)) family {
	return family{desc: desc, kind: kind, collect: func(k *sink, s *metrics.Snapshot) {
		if s.Cache.On() {
			collect(k, s.Cache)
		}
	}}
}

func cacheCounter(name, help string, read func(c *metrics.Cache) int64) family {
	return ofCache(prometheus.CounterValue, describe(name, help), func(k *sink, c *metrics.Cache) { k.value(float64(read(c))) })
}

func cacheGauge(name, help string, read func(c *metrics.Cache) float64) family {
	return ofCache(prometheus.GaugeValue, describe(name, help), func(k *sink, c *metrics.Cache) { k.value(read(c)) })
}

// cacheCounters is a counter for each name under which something was counted.
func cacheCounters(name, help, label string, read func(c *metrics.Cache) map[string]int64) family {
	return ofCache(prometheus.CounterValue, describe(name, help, label), func(k *sink, c *metrics.Cache) {
		counts := read(c)
		for _, code := range slices.Sorted(maps.Keys(counts)) {
			k.value(float64(counts[code]), code)
		}
	})
}

// schemaStates are the values of the label of fluxor_cache_schema.
var schemaStates = []string{"known", "unknown", "off"}

// caches are the metrics of the query cache.
var caches = []family{
	cacheCounter("fluxor_cache_hits_total", "Queries that found their answer in the cache.", func(c *metrics.Cache) int64 { return c.Hits }),
	cacheCounter("fluxor_cache_joined_total", "Queries that had another caller's answer, who asked the same at the same time.", func(c *metrics.Cache) int64 { return c.Joined }),
	cacheCounter("fluxor_cache_stale_total", "Queries that had an answer beyond its time.", func(c *metrics.Cache) int64 { return c.Stale }),
	cacheCounter("fluxor_cache_stale_on_error_total", "Those of them that had it because the database could not be asked; they are misses, too.", func(c *metrics.Cache) int64 { return c.StaleOnError }),
	cacheCounter("fluxor_cache_would_hit_total", "Queries that would have found their answer, where the cache only observes.", func(c *metrics.Cache) int64 { return c.Would }),
	cacheCounters("fluxor_cache_misses_total", "Queries for which the database was asked, by why.", "reason", func(c *metrics.Cache) map[string]int64 { return c.Misses }),
	cacheCounters("fluxor_cache_bypasses_total", "Queries that the cache had no part in, by why.", "reason", func(c *metrics.Cache) map[string]int64 { return c.Bypasses }),
	cacheCounter("fluxor_cache_kept_total", "Answers that were kept.", func(c *metrics.Cache) int64 { return c.Kept }),
	cacheCounter("fluxor_cache_dropped_total", "Answers that were not kept because something they depend on was written meanwhile.", func(c *metrics.Cache) int64 { return c.Dropped }),
	cacheCounters("fluxor_cache_unfit_total", "Answers that were not kept because of what they are.", "reason", func(c *metrics.Cache) map[string]int64 {
		return map[string]int64{"too-many-rows": c.TooManyRows, "too-big": c.TooBig, "not-plain": c.NotPlain}
	}),
	cacheCounter("fluxor_cache_evictions_total", "Answers that were given up because others needed their room.", func(c *metrics.Cache) int64 { return c.Evicted }),
	cacheCounters("fluxor_cache_flushes_total", "Ends of all answers, and calls that ended some by hand, by cause.", "cause", func(c *metrics.Cache) map[string]int64 { return c.Flushes }),
	cacheCounter("fluxor_cache_refreshes_total", "Queries that were asked again behind their callers.", func(c *metrics.Cache) int64 { return c.Refreshed }),
	cacheCounter("fluxor_cache_audits_total", "Answers that were compared with the database's.", func(c *metrics.Cache) int64 { return c.Audits }),
	cacheCounter("fluxor_cache_mismatches_total", "Audited answers that were not what the database says.", func(c *metrics.Cache) int64 { return c.Mismatches }),
	ofCache(prometheus.CounterValue, describe("fluxor_cache_stale_age_seconds_total", "How old the answers beyond their time were, together."),
		func(k *sink, c *metrics.Cache) { k.value(c.StaleAge.Seconds()) }),
	cacheGauge("fluxor_cache_stale_age_max_seconds", "How old the oldest of them was, since the start.", func(c *metrics.Cache) float64 { return c.StaleMax.Seconds() }),
	cacheGauge("fluxor_cache_entries", "Answers in memory.", func(c *metrics.Cache) float64 { return float64(c.Entries) }),
	cacheGauge("fluxor_cache_dead_entries", "About how many of them nobody will see again.", func(c *metrics.Cache) float64 { return float64(c.Dead) }),
	cacheGauge("fluxor_cache_bytes", "What they take.", func(c *metrics.Cache) float64 { return float64(c.Bytes) }),
	cacheGauge("fluxor_cache_budget_bytes", "What they may take.", func(c *metrics.Cache) float64 { return float64(c.Budget) }),
	cacheGauge("fluxor_cache_doubts", "Versions in doubt after a write of unknown outcome.", func(c *metrics.Cache) float64 { return float64(c.Doubts) }),
	cacheGauge("fluxor_cache_sessions", "Connections with a state of their own.", func(c *metrics.Cache) float64 { return float64(c.Sessions) }),
	ofCache(prometheus.GaugeValue, describe("fluxor_cache_schema", "1 for what is known of the tables, 0 for the others: while they are unknown nothing is kept, and where that is off each change ends all answers.", "state"),
		func(k *sink, c *metrics.Cache) {
			for _, state := range schemaStates {
				k.value(oneIf(c.Schema == state), state)
			}
		}),
}
