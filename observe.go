// This file is what a connector says of itself to those who watch it.

package fluxor

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/fluxor-db/fluxor/health"
)

var _ health.Target = (*Connector)(nil)

// Metrics are the numbers of a connector since its start.
type Metrics struct {
	// TotalQueries are the operations that were carried out or failed,
	// FailedQueries those that failed.
	TotalQueries, FailedQueries int64
	// SuccessRate is the percentage of the operations that did not fail, 0 to
	// 100; 100 where there were none.
	SuccessRate float64
	// AverageQueryTime is how long one took on average.
	AverageQueryTime time.Duration
	// Pool are the physical connections.
	Pool PoolStats
}

// Metrics returns the connector's numbers. Operations are not counted in this
// version; those of the pool are.
func (c *Connector) Metrics() Metrics {
	return Metrics{SuccessRate: 100, Pool: c.PoolStats()}
}

// CircuitBreakerState returns "closed", "open" or "half-open". There is no
// circuit breaker in this version, so that none is ever open.
func (c *Connector) CircuitBreakerState() string { return health.BreakerClosed }

// Leaks returns the leases that have lasted longer than LeakDetectionThreshold,
// the longest first. This version looks for none.
func (c *Connector) Leaks() []LeakReport { return nil }

// SlowStatements returns the slowest statements, the worst first. This version
// keeps no account of them.
func (c *Connector) SlowStatements() []health.Statement { return nil }

// LastErrors returns the last errors of operations, the newest first. This
// version remembers none.
func (c *Connector) LastErrors() []health.Failure { return nil }

// Probe asks the database whether it answers, over a connection of its own that
// stays open until Close: it waits for no caller of the pool, and ends with ctx.
// After a refused login it repeats the refusal for a minute without another try.
// A database that lives in its connection (SQLite's :memory:) is not asked.
func (c *Connector) Probe(ctx context.Context) error {
	asked := time.Now()
	err := c.main.prober.ask(ctx)
	if !errors.Is(err, context.Canceled) { // else the asker went away
		c.main.asked.Store(&health.Status{At: asked, Latency: time.Since(asked), Err: err})
	}
	return err
}

// State is what is known of the database without asking it.
func (c *Connector) State() health.State {
	return health.State{Breaker: c.CircuitBreakerState(), Pool: poolHealth(c.PoolStats())}
}

func poolHealth(s PoolStats) health.Pool {
	return health.Pool{
		MaxOpen: s.MaxOpen, Open: s.Open, Idle: s.Idle, Used: s.Used, Dialing: s.Dialing, Waiting: s.Waiting, MaxUsed: s.MaxUsed,
		WaitCount: s.WaitCount, WaitDuration: s.WaitDuration, Timeouts: s.Timeouts,
		Dials: s.Dials, DialErrors: s.DialErrors, Discarded: s.Discarded, Invalid: s.ClosedInvalid,
	}
}

// Diagnostics returns all that is known of the connector, without asking the
// database and without a password.
func (c *Connector) Diagnostics() health.Diagnostics {
	e := c.main
	d := health.Diagnostics{
		At:       time.Now(),
		Backend:  describe(e.backend.Type, e.backend.DriverName, e.backend.Name),
		State:    c.State(),
		Limits:   e.set.limits(),
		Slowest:  c.SlowStatements(),
		Failures: c.LastErrors(),
		Config:   e.set.changed(),
	}
	if last := e.asked.Load(); last != nil {
		d.Health = last.Beside(d.State)
	}
	for _, l := range c.Leaks() {
		d.Leaks = append(d.Leaks, health.Leak{Held: l.Held, Place: l.Place, Fingerprint: l.Fingerprint})
	}
	return d
}

// describe says in words what a connector leads to.
func describe(kind, driverName, name string) string {
	if kind == "" {
		kind = "a database of unknown kind"
	}
	if driverName == "" {
		driverName = name
	}
	return kind + ", through the driver " + driverName
}

// limits are the bounds of load that are on.
func (s settings) limits() []health.Setting {
	var limits []health.Setting
	add := func(name string, n int64) {
		if n > 0 {
			limits = append(limits, health.Setting{Name: name, Value: strconv.FormatInt(n, 10)})
		}
	}
	add("operations per second", s.MaxRequestsPerSecond)
	add("operations at once", s.MaxConcurrentConnections)
	if len(limits) == 0 {
		return nil
	}
	return append(limits, health.Setting{Name: "who is not admitted", Value: s.BackpressureMode})
}

// changed are the options that differ from the preset "transparent".
func (s settings) changed() []health.Setting {
	usual, _ := resolve(RuntimeConfig{}) // the zero value is valid
	was, is := RuntimeConfig(usual), RuntimeConfig(s)
	var list []health.Setting
	for _, o := range options {
		if !o.same(&was, &is) {
			list = append(list, health.Setting{Name: o.key(), Value: o.shown(&is)})
		}
	}
	return list
}
