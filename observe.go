// This file is what a connector says of itself to those who watch it.

package fluxor

import (
	"context"
	"errors"
	"time"

	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/ledger"
	"github.com/fluxor-db/fluxor/metrics"
)

var _ health.Target = (*Connector)(nil)

// Metrics are the numbers of a connector since its start, or of an interval:
// see metrics.Snapshot.
type Metrics = metrics.Snapshot

// Metrics returns the connector's numbers. It takes some tens of microseconds.
func (c *Connector) Metrics() Metrics {
	m, pool, breaker := c.main.metrics.Snapshot(), c.PoolStats(), c.Breaker()
	m.BreakerState, m.BreakerOverride, m.BreakerOpened = breaker.State, breaker.Override, breaker.Opened
	m.Limits, m.Cache = c.main.limitsCounted(), c.cacheCounted()
	m.Pool = metrics.Pool{
		MaxOpenConnections: pool.MaxOpen, MaxIdleConnections: c.main.set.MaxIdleConns,
		OpenConnections: pool.Open + pool.Dialing, InUse: pool.Used, Idle: pool.Idle,
		Waiting: pool.Waiting, WaitCount: pool.WaitCount, WaitDuration: pool.WaitDuration, AcquireTimeouts: pool.Timeouts,
	}
	return m
}

// Snapshot is Metrics under the name that metrics/prometheus and metrics/otel ask
// for.
func (c *Connector) Snapshot() metrics.Snapshot { return c.Metrics() }

// OnStage has f called with the length of each connection's opening, of each wait
// for one and of each lease from now on, until stop is called. It must not wait:
// callers do. metrics/otel uses it where a connector is its source.
func (c *Connector) OnStage(f func(s metrics.Stage, took time.Duration)) (stop func()) {
	return c.main.metrics.OnStage(f)
}

// CircuitBreakerState returns "closed", "open" or "half-open".
func (c *Connector) CircuitBreakerState() string { return c.main.breaker.State().String() }

// Leaks returns the leases that have lasted longer than LeakDetectionThreshold,
// the longest first.
func (c *Connector) Leaks() []LeakReport { return c.main.leaks() }

// worst is how many statements a diagnosis names.
const worst = 10

// SlowStatements returns the statements that took most time together, the worst
// first: their texts without literals, and never an argument.
func (c *Connector) SlowStatements() []health.Statement {
	return c.statements(ledger.ByTotal)
}

// frequentStatements returns those that ran most often.
func (c *Connector) frequentStatements() []health.Statement {
	return c.statements(ledger.ByCount)
}

func (c *Connector) statements(by ledger.Order) []health.Statement {
	if c.main.ledger == nil {
		return nil
	}
	var list []health.Statement
	for _, s := range c.main.ledger.Top(worst, by) {
		list = append(list, health.Statement{
			Fingerprint: s.Fingerprint, Count: s.Count, Failed: s.Failed, Mean: s.Mean(), Max: s.Max, Caller: s.Caller,
		})
	}
	return list
}

// LastErrors returns the last errors by which operations failed that were not
// their callers' own doing, the newest first. Of what a statement may have put into
// an error they show its code alone, unless LogQueryArgs is on. What an open
// circuit breaker refuses is left out: the error that opened it is there.
func (c *Connector) LastErrors() []health.Failure { return c.main.failures.list() }

// Probe asks the database whether it answers, over a connection of its own: it
// waits for no caller of the pool, and ends with ctx. The connection serves the
// next question, the circuit breaker's too, and is closed when there was none for
// 90 seconds.
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

// Breaker returns the circuit breaker with what CircuitBreakerState leaves out:
// why and since when it is so, and what happened since the start.
func (c *Connector) Breaker() health.Breaker { return c.main.breakerHealth() }

// Limits returns the bounds of load that are on, and what they have let through
// and refused since the start; nil where none is on.
func (c *Connector) Limits() []health.Limit { return c.main.limitsHealth() }

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
	e, breaker := c.main, c.Breaker()
	d := health.Diagnostics{
		At:       time.Now(),
		Backend:  describe(e.backend.Type, e.backend.DriverName, e.backend.Name),
		State:    health.State{Breaker: breaker.State, Pool: poolHealth(c.PoolStats())},
		Breaker:  breaker,
		Limits:   c.Limits(),
		Cache:    c.cacheCounted(),
		Slowest:  c.SlowStatements(),
		Frequent: c.frequentStatements(),
		Failures: c.LastErrors(),
		Config:   e.set.changed(),
	}
	if last := e.asked.Load(); last != nil {
		d.Health = last.Beside(d.State)
	}
	for _, l := range c.Leaks() {
		d.Leaks = append(d.Leaks, health.Leak{Held: l.Held, Place: l.Place, Stack: l.Stack, Fingerprint: l.Fingerprint, Dropped: l.Dropped})
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
