// This file tests that numbers are served without a registry.

package prometheus_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/metrics/prometheus"
)

// fixed is a source that never changes.
type fixed struct{}

func (fixed) Snapshot() metrics.Snapshot { return metrics.Snapshot{TotalQueries: 7} }

func TestACollectorIsServedBesideAProgramsOwnNumbers(t *testing.T) {
	c := prometheus.NewCollector(prometheus.Options{})
	if err := c.Add("orders", "postgres", fixed{}); err != nil {
		t.Fatal(err)
	}
	h := prometheus.Handler(c, prometheus.Gauge{Name: "fluxor_gateway_sessions", Help: "Sessions.", Read: func() float64 { return 3 }})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, want := range []string{"\nfluxor_gateway_sessions 3\n", `fluxor_rows_total{db_client_connection_pool_name="orders",db_system_name="postgresql"} 0`, "# TYPE"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q is missing in\n%s", want, w.Body)
		}
	}
	if kind := w.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		t.Errorf("got %s", kind)
	}
}
