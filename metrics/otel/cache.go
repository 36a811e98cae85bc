// This file observes the query cache, where there is one.

package otel

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/fluxor-db/fluxor/metrics"
)

// cacheCounts are the cache's counters, cacheLevels its numbers that rise and fall.
var (
	cacheCounts = []cacheNumber{
		{"fluxor.cache.hits", "{query}", "Queries that found their answer in the cache.", func(c *metrics.Cache) int64 { return c.Hits }},
		{"fluxor.cache.joined", "{query}", "Queries that had another caller's answer, who asked the same at the same time.", func(c *metrics.Cache) int64 { return c.Joined }},
		{"fluxor.cache.stale", "{query}", "Queries that had an answer beyond its time.", func(c *metrics.Cache) int64 { return c.Stale }},
		{"fluxor.cache.stale_on_error", "{query}", "Those of them that had it because the database could not be asked; they are misses, too.", func(c *metrics.Cache) int64 { return c.StaleOnError }},
		{"fluxor.cache.would_hit", "{query}", "Queries that would have found their answer, where the cache only observes.", func(c *metrics.Cache) int64 { return c.Would }},
		{"fluxor.cache.kept", "{answer}", "Answers that were kept.", func(c *metrics.Cache) int64 { return c.Kept }},
		{"fluxor.cache.dropped", "{answer}", "Answers that were not kept because something they depend on was written meanwhile.", func(c *metrics.Cache) int64 { return c.Dropped }},
		{"fluxor.cache.evictions", "{answer}", "Answers that were given up because others needed their room.", func(c *metrics.Cache) int64 { return c.Evicted }},
		{"fluxor.cache.refreshes", "{query}", "Queries that were asked again behind their callers.", func(c *metrics.Cache) int64 { return c.Refreshed }},
		{"fluxor.cache.audits", "{answer}", "Answers that were compared with the database's.", func(c *metrics.Cache) int64 { return c.Audits }},
		{"fluxor.cache.mismatches", "{answer}", "Audited answers that were not what the database says.", func(c *metrics.Cache) int64 { return c.Mismatches }},
	}
	cacheLevels = []cacheNumber{
		{"fluxor.cache.entries", "{answer}", "Answers in memory.", func(c *metrics.Cache) int64 { return int64(c.Entries) }},
		{"fluxor.cache.dead_entries", "{answer}", "About how many of them nobody will see again.", func(c *metrics.Cache) int64 { return int64(c.Dead) }},
		{"fluxor.cache.size", "By", "What they take.", func(c *metrics.Cache) int64 { return c.Bytes }},
		{"fluxor.cache.budget", "By", "What they may take.", func(c *metrics.Cache) int64 { return c.Budget }},
		{"fluxor.cache.doubts", "{version}", "Versions in doubt after a write of unknown outcome.", func(c *metrics.Cache) int64 { return int64(c.Doubts) }},
		{"fluxor.cache.sessions", "{connection}", "Connections with a state of their own.", func(c *metrics.Cache) int64 { return c.Sessions }},
	}
)

// cacheNumber is one number of the cache.
type cacheNumber struct {
	name, unit, help string
	read             func(c *metrics.Cache) int64
}

// cacheCodes are counters with a value for each code.
var cacheCodes = []struct {
	name, unit, help, key string
	read                  func(c *metrics.Cache) map[string]int64
}{
	{"fluxor.cache.misses", "{query}", "Queries for which the database was asked, by why.", "fluxor.reason", func(c *metrics.Cache) map[string]int64 { return c.Misses }},
	{"fluxor.cache.bypasses", "{query}", "Queries that the cache had no part in, by why.", "fluxor.reason", func(c *metrics.Cache) map[string]int64 { return c.Bypasses }},
	{"fluxor.cache.unfit", "{answer}", "Answers that were not kept because of what they are.", "fluxor.reason", func(c *metrics.Cache) map[string]int64 {
		return map[string]int64{"too-many-rows": c.TooManyRows, "too-big": c.TooBig, "not-plain": c.NotPlain}
	}},
	{"fluxor.cache.flushes", "{flush}", "Ends of all answers, and calls that ended some by hand, by cause.", "fluxor.cause", func(c *metrics.Cache) map[string]int64 { return c.Flushes }},
}

// coded is an instrument that is read under each code.
type coded struct {
	instrument metric.Int64Observable
	key        string
	read       func(c *metrics.Cache) map[string]int64
}

// aged is an instrument of a time.
type aged struct {
	instrument metric.Float64Observable
	read       func(c *metrics.Cache) time.Duration
}

func (o *observer) addCache(meter metric.Meter) {
	for _, n := range cacheCounts {
		i, err := meter.Int64ObservableCounter(n.name, metric.WithUnit(n.unit), metric.WithDescription(n.help))
		o.add(i, err, ofCache(n.read))
	}
	for _, n := range cacheLevels {
		i, err := meter.Int64ObservableUpDownCounter(n.name, metric.WithUnit(n.unit), metric.WithDescription(n.help))
		o.add(i, err, ofCache(n.read))
	}
	schema, err := meter.Int64ObservableUpDownCounter("fluxor.cache.schema",
		metric.WithUnit("1"), metric.WithDescription("1 for what is known of the tables, 0 for the others: while they are unknown nothing is kept, and where that is off each change ends all answers."))
	for _, state := range []string{"known", "unknown", "off"} {
		o.add(schema, err, ofCache(func(c *metrics.Cache) int64 { return oneIf(c.Schema == state) }), attribute.String("fluxor.state", state))
	}
	o.addCodes(meter)
	o.addAges(meter)
}

func (o *observer) addCodes(meter metric.Meter) {
	for _, n := range cacheCodes {
		i, err := meter.Int64ObservableCounter(n.name, metric.WithUnit(n.unit), metric.WithDescription(n.help))
		o.failed(err)
		o.coded = append(o.coded, coded{i, n.key, n.read})
	}
}

func (o *observer) addAges(meter metric.Meter) {
	sum, err := meter.Float64ObservableCounter("fluxor.cache.stale_age",
		metric.WithUnit("s"), metric.WithDescription("How old the answers beyond their time were, together."))
	o.failed(err)
	most, err := meter.Float64ObservableGauge("fluxor.cache.stale_age.max",
		metric.WithUnit("s"), metric.WithDescription("How old the oldest of them was, since the start."))
	o.failed(err)
	o.aged = append(o.aged, aged{sum, func(c *metrics.Cache) time.Duration { return c.StaleAge }},
		aged{most, func(c *metrics.Cache) time.Duration { return c.StaleMax }})
}

// ofCache makes a reading of a number that is there with a cache.
func ofCache(read func(c *metrics.Cache) int64) func(*metrics.Snapshot) (int64, bool) {
	return func(s *metrics.Snapshot) (int64, bool) {
		if !s.Cache.On() {
			return 0, false
		}
		return read(s.Cache), true
	}
}

// observeCache reports what is no plain number.
func (o *observer) observeCache(c *metrics.Cache, to metric.Observer) {
	for _, i := range o.coded {
		for code, n := range i.read(c) {
			to.ObserveInt64(i.instrument, n, o.with(attribute.String(i.key, code)))
		}
	}
	for _, i := range o.aged {
		to.ObserveFloat64(i.instrument, i.read(c).Seconds(), o.with())
	}
}
