// This file is the list of all metrics: name, type, labels, meaning, and how each is read from a snapshot.

package prometheus

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fluxor-db/fluxor/metrics"
)

// The labels that stand on every metric, but for HikariCP's.
const (
	labelPool   = "db_client_connection_pool_name"
	labelSystem = "db_system_name"
)

// family is one metric. collect sends its samples; kind is for plain numbers.
type family struct {
	desc    *prometheus.Desc
	kind    prometheus.ValueType
	hikari  bool
	collect func(k *sink, s *metrics.Snapshot)
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, append([]string{labelPool, labelSystem}, labels...), nil)
}

// gauge is a family of one number that rises and falls.
func gauge(name, help string, read func(s *metrics.Snapshot) float64) family {
	return family{desc: describe(name, help), kind: prometheus.GaugeValue, collect: one(read)}
}

// counter is a family of one number that only rises.
func counter(name, help string, read func(s *metrics.Snapshot) int64) family {
	return family{desc: describe(name, help), kind: prometheus.CounterValue, collect: one(func(s *metrics.Snapshot) float64 { return float64(read(s)) })}
}

func one(read func(s *metrics.Snapshot) float64) func(*sink, *metrics.Snapshot) {
	return func(k *sink, s *metrics.Snapshot) { k.value(read(s)) }
}

// limit is a gauge that is left out where nothing is limited.
func limit(name, help string, read func(s *metrics.Snapshot) int) family {
	return family{desc: describe(name, help), kind: prometheus.GaugeValue, collect: bound(read)}
}

func bound(read func(s *metrics.Snapshot) int) func(*sink, *metrics.Snapshot) {
	return func(k *sink, s *metrics.Snapshot) {
		if n := read(s); n > 0 {
			k.value(float64(n))
		}
	}
}

// stage is a histogram that is left out until there is something in it: not
// every source measures every stage.
func stage(name, help string, read func(s *metrics.Snapshot) metrics.Histogram) family {
	return family{desc: describe(name, help), collect: func(k *sink, s *metrics.Snapshot) {
		if h := read(s); h.Count > 0 {
			k.durations(h)
		}
	}}
}

// conventional are the metrics that OpenTelemetry's conventions name.
var conventional = []family{
	{
		desc: describe("db_client_operation_duration_seconds", "How long the caller waited for operations, by kind and by how they ended; error_type is empty for success.",
			"db_operation_name", "error_type"),
		collect: func(k *sink, s *metrics.Snapshot) {
			for _, o := range s.Operations {
				k.durations(o.Took, o.Op.String(), o.Outcome.String())
			}
		},
	},
	{
		desc: describe("db_client_connection_count", "Physical connections by state, idle or used; those being opened count as used.", "db_client_connection_state"),
		kind: prometheus.GaugeValue,
		collect: func(k *sink, s *metrics.Snapshot) {
			k.value(float64(s.Idle), "idle")
			k.value(float64(s.InUse), "used")
		},
	},
	limit("db_client_connection_max", "The most physical connections allowed; absent where unlimited.", func(s *metrics.Snapshot) int { return s.MaxOpenConnections }),
	limit("db_client_connection_idle_max", "The most idle connections kept; absent where unlimited.", func(s *metrics.Snapshot) int { return s.MaxIdleConnections }),
	gauge("db_client_connection_pending_requests", "Callers in line for a connection.", func(s *metrics.Snapshot) float64 { return float64(s.Waiting) }),
	counter("db_client_connection_timeouts_total", "Waits for a connection that ended without one because they took too long.", func(s *metrics.Snapshot) int64 { return s.AcquireTimeouts }),
	stage("db_client_connection_create_time_seconds", "How long it took to open a physical connection.", func(s *metrics.Snapshot) metrics.Histogram { return s.CreateTime }),
	stage("db_client_connection_wait_time_seconds", "How long callers waited for a connection.", func(s *metrics.Snapshot) metrics.Histogram { return s.WaitTime }),
	stage("db_client_connection_use_time_seconds", "How long connections were held.", func(s *metrics.Snapshot) metrics.Histogram { return s.UseTime }),
}

// breakerStates are the values of the label of fluxor_breaker_state.
var breakerStates = []string{"closed", "open", "half-open"}

// own are Fluxor's metrics, of which the conventions know nothing.
var own = []family{
	{
		desc: describe("fluxor_breaker_state", "1 for the present state of the circuit breaker, 0 for the others; absent without a breaker.", "state"),
		kind: prometheus.GaugeValue,
		collect: func(k *sink, s *metrics.Snapshot) {
			for _, state := range breakerStates {
				if s.BreakerState != "" {
					k.value(oneIf(s.BreakerState == state), state)
				}
			}
		},
	},
	{
		desc: describe("fluxor_breaker_forced", "1 where somebody forced the circuit breaker into the state, else 0; absent without a breaker.", "state"),
		kind: prometheus.GaugeValue,
		collect: func(k *sink, s *metrics.Snapshot) {
			for _, state := range []string{"closed", "open"} {
				if s.BreakerState != "" {
					k.value(oneIf(s.BreakerOverride == "forced "+state), state)
				}
			}
		},
	},
	{
		desc: describe("fluxor_breaker_opened_total", "How often the circuit breaker opened by itself; absent without a breaker."),
		kind: prometheus.CounterValue,
		collect: func(k *sink, s *metrics.Snapshot) {
			if s.BreakerState != "" {
				k.value(float64(s.BreakerOpened))
			}
		},
	},
	limits("fluxor_limit", "How many operations get through, per second (rate limit) or at once (backpressure); absent without the limit.", func(l metrics.Limit) int { return l.Max }),
	limits("fluxor_limit_in_use", "Operations at work under the limit; always 0 for the rate limit.", func(l metrics.Limit) int { return l.InUse }),
	limits("fluxor_limit_pending_requests", "Operations in line for the limit.", func(l metrics.Limit) int { return l.Queued }),
	{
		desc: describe("fluxor_refused_total", "Operations that Fluxor refused, by policy; nothing was sent.", "policy"),
		kind: prometheus.CounterValue,
		collect: func(k *sink, s *metrics.Snapshot) {
			for _, policy := range slices.Sorted(maps.Keys(s.Refused)) {
				k.value(float64(s.Refused[policy]), policy)
			}
		},
	},
	counter("fluxor_retries_total", "Repetitions of operations that were safe to repeat.", func(s *metrics.Snapshot) int64 { return s.Retries }),
	counter("fluxor_indeterminate_total", "Operations that were sent and of which nobody knows whether they took effect.", func(s *metrics.Snapshot) int64 { return s.Indeterminate }),
	counter("fluxor_leaks_total", "Connections that were held for longer than the leak threshold.", func(s *metrics.Snapshot) int64 { return s.Leaks }),
	counter("fluxor_slow_queries_total", "Queries that took as long as the slow query threshold or longer.", func(s *metrics.Snapshot) int64 { return s.SlowQueries }),
	counter("fluxor_rows_total", "Rows that were handed to callers.", func(s *metrics.Snapshot) int64 { return s.Rows }),
	counter("fluxor_connection_waits_total", "Callers who waited for a connection.", func(s *metrics.Snapshot) int64 { return s.WaitCount }),
	{
		desc:    describe("fluxor_connection_wait_seconds_total", "How long callers waited for connections, together."),
		kind:    prometheus.CounterValue,
		collect: one(func(s *metrics.Snapshot) float64 { return s.WaitDuration.Seconds() }),
	},
	gauge("fluxor_active_transactions", "Transactions that are open.", func(s *metrics.Snapshot) float64 { return float64(s.ActiveTransactions) }),
}

// limits is a gauge for each limit that is on.
func limits(name, help string, read func(l metrics.Limit) int) family {
	return family{desc: describe(name, help, "policy"), kind: prometheus.GaugeValue, collect: func(k *sink, s *metrics.Snapshot) {
		for _, l := range s.Limits {
			k.value(float64(read(l)), l.Policy)
		}
	}}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
