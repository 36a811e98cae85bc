// This file lists the pool's numbers under HikariCP's names, as Micrometer exports them to Prometheus.

package prometheus

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fluxor-db/fluxor/metrics"
)

// hikariFamily is a family with HikariCP's only label.
func hikariFamily(name, help string, kind prometheus.ValueType, collect func(*sink, *metrics.Snapshot)) family {
	return family{desc: prometheus.NewDesc(name, help, []string{"pool"}, nil), kind: kind, hikari: true, collect: collect}
}

func hikariGauge(name, help string, read func(s *metrics.Snapshot) float64) family {
	return hikariFamily(name, help, prometheus.GaugeValue, one(read))
}

// hikariTimer is what Micrometer makes of a timer: count, sum, and the longest
// in a gauge of its own.
func hikariTimer(name, help string, read func(s *metrics.Snapshot) metrics.Histogram) []family {
	return []family{
		hikariFamily(name, help+".", 0, func(k *sink, s *metrics.Snapshot) { k.summary(read(s)) }),
		hikariGauge(name+"_max", help+": the longest since the start.", func(s *metrics.Snapshot) float64 { return read(s).Max.Seconds() }),
	}
}

// hikari are the metrics of HikariCP's MicrometerMetricsTracker.
var hikari = slices.Concat(
	[]family{
		hikariGauge("hikaricp_connections", "Physical connections.", func(s *metrics.Snapshot) float64 { return float64(s.OpenConnections) }),
		hikariGauge("hikaricp_connections_idle", "Idle connections.", func(s *metrics.Snapshot) float64 { return float64(s.Idle) }),
		hikariGauge("hikaricp_connections_active", "Connections in use.", func(s *metrics.Snapshot) float64 { return float64(s.InUse) }),
		hikariGauge("hikaricp_connections_pending", "Callers in line for a connection.", func(s *metrics.Snapshot) float64 { return float64(s.Waiting) }),
		hikariFamily("hikaricp_connections_max", "The most connections allowed; absent where unlimited.", prometheus.GaugeValue,
			bound(func(s *metrics.Snapshot) int { return s.MaxOpenConnections })),
		hikariGauge("hikaricp_connections_min", "The least idle connections kept: always 0, Fluxor keeps no such minimum.", func(*metrics.Snapshot) float64 { return 0 }),
		hikariFamily("hikaricp_connections_timeout_total", "Waits for a connection that took too long.", prometheus.CounterValue,
			one(func(s *metrics.Snapshot) float64 { return float64(s.AcquireTimeouts) })),
	},
	hikariTimer("hikaricp_connections_acquire_seconds", "How long callers waited for a connection", func(s *metrics.Snapshot) metrics.Histogram { return s.WaitTime }),
	hikariTimer("hikaricp_connections_usage_seconds", "How long connections were held", func(s *metrics.Snapshot) metrics.Histogram { return s.UseTime }),
	hikariTimer("hikaricp_connections_creation_seconds", "How long it took to open a connection", func(s *metrics.Snapshot) metrics.Histogram { return s.CreateTime }),
)
