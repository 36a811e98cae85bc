// This file observes a source: the pool under the conventions' names, and the rest under Fluxor's.

package otel

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"

	"github.com/fluxor-db/fluxor/metrics"
)

// reading is one instrument, the attributes of its values, and where they stand
// in a snapshot.
type reading struct {
	instrument metric.Int64Observable
	with       metric.ObserveOption
	read       func(s *metrics.Snapshot) (n int64, ok bool)
}

// always makes a reading of a number that is always there.
func always(read func(s *metrics.Snapshot) int64) func(*metrics.Snapshot) (int64, bool) {
	return func(s *metrics.Snapshot) (int64, bool) { return read(s), true }
}

// bounded makes a reading of a bound: 0 is none.
func bounded(read func(s *metrics.Snapshot) int) func(*metrics.Snapshot) (int64, bool) {
	return func(s *metrics.Snapshot) (int64, bool) { return int64(read(s)), read(s) > 0 }
}

// observer reads all that is observed from one snapshot.
type observer struct {
	source  Source
	pool    attribute.Set
	all     []reading
	refused metric.Int64ObservableCounter
	limits  []limited
	coded   []coded
	aged    []aged
	err     error
}

// limited is an instrument that is read from each limit.
type limited struct {
	instrument metric.Int64Observable
	read       func(l metrics.Limit) int
}

// observe registers the observation of a source.
func observe(meter metric.Meter, source Source, pool attribute.Set) (metric.Registration, error) {
	o := &observer{source: source, pool: pool}
	o.addPool(meter)
	o.addOwn(meter)
	o.addBreaker(meter)
	o.addLimits(meter)
	o.addCache(meter)
	if o.err != nil {
		return nil, o.err
	}
	instruments := []metric.Observable{o.refused}
	for _, r := range o.all {
		if !slices.Contains(instruments, metric.Observable(r.instrument)) {
			instruments = append(instruments, r.instrument)
		}
	}
	for _, l := range o.limits {
		instruments = append(instruments, l.instrument)
	}
	for _, i := range o.coded {
		instruments = append(instruments, i.instrument)
	}
	for _, i := range o.aged {
		instruments = append(instruments, i.instrument)
	}
	return meter.RegisterCallback(o.collect, instruments...)
}

// collect takes a snapshot and reports what it says.
func (o *observer) collect(_ context.Context, to metric.Observer) error {
	s := o.source.Snapshot()
	for _, r := range o.all {
		if n, ok := r.read(&s); ok {
			to.ObserveInt64(r.instrument, n, r.with)
		}
	}
	for policy, n := range s.Refused {
		to.ObserveInt64(o.refused, n, o.with(attribute.String("fluxor.policy", policy)))
	}
	for _, l := range s.Limits {
		with := o.with(attribute.String("fluxor.policy", l.Policy))
		for _, i := range o.limits {
			to.ObserveInt64(i.instrument, int64(i.read(l)), with)
		}
	}
	if s.Cache.On() {
		o.observeCache(s.Cache, to)
	}
	return nil
}

// with are the pool's attributes and one's own.
func (o *observer) with(own ...attribute.KeyValue) metric.ObserveOption {
	return metric.WithAttributeSet(attribute.NewSet(append(o.pool.ToSlice(), own...)...))
}

// failed notes the first error.
func (o *observer) failed(err error) {
	if o.err == nil {
		o.err = err
	}
}

// add notes a reading, and the first error.
func (o *observer) add(i metric.Int64Observable, err error, read func(*metrics.Snapshot) (int64, bool), own ...attribute.KeyValue) {
	o.failed(err)
	o.all = append(o.all, reading{i, o.with(own...), read})
}

func (o *observer) addPool(meter metric.Meter) {
	count, err := dbconv.NewClientConnectionCountObservable(meter)
	o.add(count.Inst(), err, always(func(s *metrics.Snapshot) int64 { return int64(s.Idle) }), semconv.DBClientConnectionStateIdle)
	o.add(count.Inst(), err, always(func(s *metrics.Snapshot) int64 { return int64(s.InUse) }), semconv.DBClientConnectionStateUsed)
	most, err := dbconv.NewClientConnectionMaxObservable(meter)
	o.add(most.Inst(), err, bounded(func(s *metrics.Snapshot) int { return s.MaxOpenConnections }))
	idle, err := dbconv.NewClientConnectionIdleMaxObservable(meter)
	o.add(idle.Inst(), err, bounded(func(s *metrics.Snapshot) int { return s.MaxIdleConnections }))
	pending, err := dbconv.NewClientConnectionPendingRequestsObservable(meter)
	o.add(pending.Inst(), err, always(func(s *metrics.Snapshot) int64 { return int64(s.Waiting) }))
	timeouts, err := dbconv.NewClientConnectionTimeoutsObservable(meter)
	o.add(timeouts.Inst(), err, always(func(s *metrics.Snapshot) int64 { return s.AcquireTimeouts }))
}

// own are Fluxor's counters.
var own = []struct {
	name, unit, help string
	read             func(s *metrics.Snapshot) int64
}{
	{"fluxor.retries", "{retry}", "Repetitions of operations that were safe to repeat.", func(s *metrics.Snapshot) int64 { return s.Retries }},
	{"fluxor.indeterminate", "{operation}", "Operations that were sent and of which nobody knows whether they took effect.", func(s *metrics.Snapshot) int64 { return s.Indeterminate }},
	{"fluxor.leaks", "{leak}", "Connections that were held for longer than the leak threshold.", func(s *metrics.Snapshot) int64 { return s.Leaks }},
	{"fluxor.slow_queries", "{query}", "Queries that took as long as the slow query threshold or longer.", func(s *metrics.Snapshot) int64 { return s.SlowQueries }},
	{"fluxor.rows", "{row}", "Rows that were handed to callers.", func(s *metrics.Snapshot) int64 { return s.Rows }},
}

func (o *observer) addOwn(meter metric.Meter) {
	for _, c := range own {
		counter, err := meter.Int64ObservableCounter(c.name, metric.WithUnit(c.unit), metric.WithDescription(c.help))
		o.add(counter, err, always(c.read))
	}
	active, err := meter.Int64ObservableUpDownCounter("fluxor.active_transactions",
		metric.WithUnit("{transaction}"), metric.WithDescription("Transactions that are open."))
	o.add(active, err, always(func(s *metrics.Snapshot) int64 { return s.ActiveTransactions }))
	o.refused, err = meter.Int64ObservableCounter("fluxor.refused",
		metric.WithUnit("{operation}"), metric.WithDescription("Operations that Fluxor refused, by policy; nothing was sent."))
	o.failed(err)
}

func (o *observer) addBreaker(meter metric.Meter) {
	state, err := meter.Int64ObservableUpDownCounter("fluxor.breaker.state",
		metric.WithUnit("1"), metric.WithDescription("1 for the present state of the circuit breaker, 0 for the others."))
	for _, name := range []string{"closed", "open", "half-open"} {
		o.add(state, err, ofBreaker(func(s *metrics.Snapshot) int64 { return oneIf(s.BreakerState == name) }), attribute.String("fluxor.state", name))
	}
	forced, err := meter.Int64ObservableUpDownCounter("fluxor.breaker.forced",
		metric.WithUnit("1"), metric.WithDescription("1 where somebody forced the circuit breaker into the state, else 0."))
	for _, name := range []string{"closed", "open"} {
		o.add(forced, err, ofBreaker(func(s *metrics.Snapshot) int64 { return oneIf(s.BreakerOverride == "forced "+name) }), attribute.String("fluxor.state", name))
	}
	opened, err := meter.Int64ObservableCounter("fluxor.breaker.opened",
		metric.WithUnit("{opening}"), metric.WithDescription("How often the circuit breaker opened by itself."))
	o.add(opened, err, ofBreaker(func(s *metrics.Snapshot) int64 { return s.BreakerOpened }))
}

// ofBreaker makes a reading of a number that is there with a breaker.
func ofBreaker(read func(s *metrics.Snapshot) int64) func(*metrics.Snapshot) (int64, bool) {
	return func(s *metrics.Snapshot) (int64, bool) { return read(s), s.BreakerState != "" }
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func (o *observer) addLimits(meter metric.Meter) {
	for _, l := range []struct {
		name, help string
		read       func(l metrics.Limit) int
	}{
		{"fluxor.limit.max", "How many operations get through, per second or at once.", func(l metrics.Limit) int { return l.Max }},
		{"fluxor.limit.in_use", "Operations at work under the limit.", func(l metrics.Limit) int { return l.InUse }},
		{"fluxor.limit.pending_requests", "Operations in line for the limit.", func(l metrics.Limit) int { return l.Queued }},
	} {
		i, err := meter.Int64ObservableUpDownCounter(l.name, metric.WithUnit("{operation}"), metric.WithDescription(l.help))
		o.failed(err)
		o.limits = append(o.limits, limited{i, l.read})
	}
}
