// This file compares docs/METRICS.md with the instruments.

package otel_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/metrics/otel"
	"github.com/fluxor-db/fluxor/middleware"
)

// row is the beginning of how the page shows an instrument; the meaning in its
// last cell is the page's own.
func row(m metricdata.Metrics) string {
	kind, sets := "histogram", []attribute.Set(nil)
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		kind = "updowncounter"
		if data.IsMonotonic {
			kind = "counter"
		}
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	case metricdata.Sum[float64]:
		kind = "counter"
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	case metricdata.Gauge[float64]:
		kind = "gauge"
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	}
	names := map[string]bool{}
	for _, set := range sets {
		for _, kv := range set.ToSlice() {
			names["`"+string(kv.Key)+"`"] = true
		}
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | ", m.Name, kind, strings.Join(slices.Sorted(maps.Keys(names)), ", "), m.Unit)
}

func TestThePageListsTheInstruments(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "METRICS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(page), "\n## OpenTelemetry\n")
	part, _, _ = strings.Cut(part, "\n## ")
	i, collect := instruments(t, busy, otel.Options{Pool: "orders", System: "postgres", Namespace: "erp"})
	i.Record(t.Context(), middleware.OpQuery, metrics.Timeout, time.Second)
	for stage := range metrics.Use + 1 {
		i.Spent(t.Context(), stage, time.Second)
	}
	all := collect()
	for _, m := range all {
		if want := row(m); !strings.Contains(part, "\n"+want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if listed := strings.Count(part, "\n| `"); listed != len(all) {
		t.Errorf("the page lists %d instruments, there are %d", listed, len(all))
	}
}
