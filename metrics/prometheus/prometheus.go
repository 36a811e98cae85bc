// This file is the collector: it takes a snapshot of each source when Prometheus scrapes.

// Package prometheus exports what connectors count to Prometheus:
//
//	c := prometheus.NewCollector(prometheus.Options{})
//	err := c.Add("orders", "postgres", source)
//	registry.MustRegister(c)
//
// The names are those of the OpenTelemetry conventions for database clients in
// the form that Prometheus gives them, and Fluxor's own; docs/METRICS.md lists
// them all. With [Options.HikariCP] the pool also appears under HikariCP's
// names, as Micrometer exports them, for dashboards that exist already.
package prometheus

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fluxor-db/fluxor/internal/otelname"
	"github.com/fluxor-db/fluxor/metrics"
)

var _ prometheus.Collector = (*Collector)(nil)

// Source is what is exported: a connector or a recorder. Snapshot is called once
// per scrape, from any goroutine.
type Source interface {
	Snapshot() metrics.Snapshot
}

// Options say what a collector exports. The zero value exports the standard
// names.
type Options struct {
	// HikariCP adds the pool's numbers under HikariCP's names.
	HikariCP bool
	// Buckets are the bounds of the histograms; empty means 18 from 100 µs to
	// 30 s. Counts are exact at 1, 2, 2.5, 3 and 5 times a power of ten.
	Buckets []time.Duration
}

// defaultBuckets are bounds of the recorder's own buckets, so that counts at
// them are exact. Those that the conventions advise are among them.
var defaultBuckets = []time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 20 * time.Second, 30 * time.Second,
}

// Collector exports any number of named sources. All its methods may be called
// at once.
type Collector struct {
	buckets  []time.Duration
	families []family

	mu      sync.Mutex // protects sources; no source is called under it
	sources []named
}

// named is a source with the labels that stand on all its metrics.
type named struct {
	name, system string
	source       Source
}

// NewCollector returns a collector without sources.
func NewCollector(o Options) *Collector {
	c := &Collector{buckets: slices.Clone(o.Buckets), families: slices.Concat(conventional, own, caches)}
	if len(c.buckets) == 0 {
		c.buckets = defaultBuckets
	}
	slices.Sort(c.buckets)
	if o.HikariCP {
		c.families = append(c.families, hikari...)
	}
	return c
}

// Add exports a source from the next scrape on. name becomes the label
// db_client_connection_pool_name and must be new to the collector; system is
// the backend's type, such as "postgres", of which the label db_system_name is
// made.
func (c *Collector) Add(name, system string, s Source) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(c.sources, func(n named) bool { return n.name == name }) {
		return fmt.Errorf("fluxor: a source named %q is exported already: choose another name", name)
	}
	c.sources = append(c.sources, named{name, otelname.System(system), s})
	slices.SortFunc(c.sources, func(a, b named) int { return strings.Compare(a.name, b.name) })
	return nil
}

// Remove ends the export of a source. It does nothing for a name that is not
// there.
func (c *Collector) Remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources = slices.DeleteFunc(c.sources, func(n named) bool { return n.name == name })
}

// Describe sends what the collector exports.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, f := range c.families {
		to <- f.desc
	}
}

// Collect takes a snapshot of each source and sends it.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	sources := slices.Clone(c.sources)
	c.mu.Unlock()
	for _, n := range sources {
		s := n.source.Snapshot()
		for _, f := range c.families {
			f.collect(&sink{family: f, from: n, buckets: c.buckets, to: to}, &s)
		}
	}
}

// sink sends the samples of one family of one source.
type sink struct {
	family
	from    named
	buckets []time.Duration
	to      chan<- prometheus.Metric
}

// value sends a number.
func (k *sink) value(v float64, labels ...string) {
	k.to <- prometheus.MustNewConstMetric(k.desc, k.kind, v, k.labelled(labels)...)
}

// durations sends a histogram.
func (k *sink) durations(h metrics.Histogram, labels ...string) {
	at := make(map[float64]uint64, len(k.buckets))
	for _, bound := range k.buckets {
		at[bound.Seconds()] = uint64(h.Below(bound)) //nolint:gosec // a count
	}
	k.to <- prometheus.MustNewConstHistogram(k.desc, uint64(h.Count), h.Sum.Seconds(), at, k.labelled(labels)...) //nolint:gosec // a count
}

// summary sends count and sum.
func (k *sink) summary(h metrics.Histogram) {
	k.to <- prometheus.MustNewConstSummary(k.desc, uint64(h.Count), h.Sum.Seconds(), nil, k.labelled(nil)...) //nolint:gosec // a count
}

// labelled puts the source's labels before a family's own.
func (k *sink) labelled(labels []string) []string {
	if k.hikari {
		return append([]string{k.from.name}, labels...)
	}
	return append([]string{k.from.name, k.from.system}, labels...)
}
