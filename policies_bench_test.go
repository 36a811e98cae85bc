// This file measures what each policy costs a call that succeeds, over a driver that does almost nothing.

package fluxor_test

import (
	"database/sql/driver"
	"runtime"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// without has every policy off that may be.
var without = fluxor.RuntimeConfig{
	CircuitBreakerMaxFailures: -1, LeakDetectionThreshold: -1, SlowQueryThreshold: -1, MaxRetries: -1, Metrics: "off",
}

// plenty is a limit that is kept and never met.
const plenty = 1 << 40

// policy is one that is switched on.
type policy struct {
	name string
	on   func(*fluxor.RuntimeConfig)
}

var policies = []policy{
	{"none", func(*fluxor.RuntimeConfig) {}},
	{"metrics", func(c *fluxor.RuntimeConfig) { c.Metrics = "on" }},
	{"slow-log", func(c *fluxor.RuntimeConfig) { c.SlowQueryThreshold = time.Second }},
	{"leaks", func(c *fluxor.RuntimeConfig) { c.LeakDetectionThreshold, c.LeakStack = time.Minute, "off" }},
	{"leaks-sampled", func(c *fluxor.RuntimeConfig) { c.LeakDetectionThreshold, c.LeakStack = time.Minute, "auto" }},
	{"leaks-named", func(c *fluxor.RuntimeConfig) { c.LeakDetectionThreshold, c.LeakStack = time.Minute, "always" }},
	{"breaker", func(c *fluxor.RuntimeConfig) { c.CircuitBreakerMaxFailures = 5 }},
	{"breaker-rates", func(c *fluxor.RuntimeConfig) {
		c.CircuitBreakerErrorRate, c.CircuitBreakerSlowRate, c.CircuitBreakerSlowCall = 50, 50, time.Second
	}},
	{"rate", func(c *fluxor.RuntimeConfig) { c.MaxRequestsPerSecond = plenty }},
	{"at-once", func(c *fluxor.RuntimeConfig) { c.MaxConcurrentConnections = 100 }},
	{"retry", func(c *fluxor.RuntimeConfig) { c.MaxRetries = 3 }},
	{"timeout", func(c *fluxor.RuntimeConfig) { c.QueryTimeout = 30 * time.Second }},
	{"limits-of-the-pool", func(c *fluxor.RuntimeConfig) {
		c.MaxOpenConns, c.ConnMaxLifetime, c.ConnMaxIdleTime, c.AcquireTimeout = 50, 30*time.Minute, 10*time.Minute, 30*time.Second
	}},
	{"legacy", func(c *fluxor.RuntimeConfig) { *c = legacyWithout("off") }},
	{"legacy-named", func(c *fluxor.RuntimeConfig) { *c = legacyWithout("always") }},
}

// legacyWithout is the preset without what would throttle a benchmark.
func legacyWithout(stacks string) fluxor.RuntimeConfig {
	return fluxor.RuntimeConfig{Preset: "legacy", LeakStack: stacks, MaxRequestsPerSecond: plenty}
}

// config is everything off but p.
func (p policy) config() fluxor.RuntimeConfig {
	c := without
	p.on(&c)
	return c
}

func TestNoPolicyAddsAnAllocationToACallThatSucceeds(t *testing.T) {
	for _, w := range workloads() {
		bare := allocations(t, without, w)
		for _, p := range policies {
			if n := allocations(t, p.config(), w); n > bare+0.5 {
				t.Errorf("%s with %s allocates %.2f times, without %.2f", w.name, p.name, n, bare)
			}
		}
	}
}

// allocations is how often a call allocates, to fractions: a transaction has a
// goroutine of database/sql's, which is sometimes a new one.
func allocations(t *testing.T, c fluxor.RuntimeConfig, w workload) float64 {
	t.Helper()
	db, st := open(t, wrapMemory(t, c))
	const warm, runs = 100, 500
	var before, after runtime.MemStats
	for i := range warm + runs {
		if i == warm {
			runtime.ReadMemStats(&before)
		}
		if err := w.run(db, st); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / runs
}

// BenchmarkPolicies reports what each policy alone, and the preset legacy, make of
// a call, as the ratio to the bare driver's time and in nanoseconds more than
// without policies. All take turns, so that a busy moment hits all alike.
func BenchmarkPolicies(b *testing.B) {
	const turns, calls = 15, 20_000
	for _, w := range workloads() {
		b.Run(w.name, func(b *testing.B) {
			runs := []func(){calling(b, w, calls, dbtest.Memory{})}
			for _, p := range policies {
				runs = append(runs, calling(b, w, calls, wrapMemory(b, p.config())))
			}
			var took [][]float64
			for b.Loop() {
				took = dbtest.Turns(turns, func() time.Duration { return dbtest.ProcessorTime(b) }, runs...)
			}
			for i, p := range policies {
				b.ReportMetric(dbtest.MedianRatio(took[i+1], took[0]), p.name+"/raw")
				b.ReportMetric(dbtest.MedianDifference(took[i+1], took[1])/calls, p.name+"-more-ns")
			}
			b.ReportMetric(dbtest.Median(took[0])/calls, "raw-ns")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// calling returns a turn of calls through c.
func calling(b *testing.B, w workload, calls int, c driver.Connector) func() {
	db, st := open(b, c)
	return func() {
		for range calls {
			if err := w.run(db, st); err != nil {
				b.Fatal(err)
			}
		}
	}
}
