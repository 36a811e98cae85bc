// This file scrapes the collector over HTTP and reads the page as Prometheus does.

package prometheus_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/metrics/prometheus"
	"github.com/fluxor-db/fluxor/middleware"
)

// source is a recorder with a pool beside it.
type source struct {
	*metrics.Recorder
	pool    metrics.Pool
	breaker string
	limits  []metrics.Limit
	cache   *metrics.Cache
}

func (s source) Snapshot() metrics.Snapshot {
	shot := s.Recorder.Snapshot()
	shot.Pool, shot.BreakerState, shot.Limits, shot.Cache = s.pool, s.breaker, s.limits, s.cache
	if s.breaker != "" {
		shot.BreakerOverride, shot.BreakerOpened = "forced open", 3
	}
	return shot
}

// busy is a source that has a sample of every metric.
func busy() source {
	r := metrics.NewRecorder(time.Second)
	r.Record(middleware.OpQuery, metrics.Success, 3*time.Millisecond)
	r.Record(middleware.OpQuery, metrics.Success, 2*time.Second)
	r.Record(middleware.OpExec, metrics.ServerError, 40*time.Millisecond)
	r.Record(middleware.OpCommit, metrics.Indeterminate, time.Second)
	r.Spent(metrics.Create, 20*time.Millisecond)
	r.Spent(metrics.Wait, 30*time.Millisecond)
	r.Spent(metrics.Use, 40*time.Millisecond)
	r.Refuse("breaker")
	r.Refuse("pool")
	r.Refuse("pool")
	r.Retry()
	r.Leak()
	r.Rows(17)
	r.TxBegan()
	return source{r, metrics.Pool{
		MaxOpenConnections: 50, MaxIdleConnections: 10, OpenConnections: 7, InUse: 4, Idle: 3,
		Waiting: 2, WaitCount: 9, WaitDuration: 1500 * time.Millisecond, AcquireTimeouts: 1,
	}, "half-open", []metrics.Limit{{Policy: "rate limit", Max: 1000, Queued: 6}, {Policy: "backpressure", Max: 100, InUse: 12, Queued: 1}}, &cached}
}

// scrape returns the page's families by name.
func scrape(t *testing.T, c client.Collector) map[string]*dto.MetricFamily {
	t.Helper()
	registry := client.NewPedanticRegistry()
	registry.MustRegister(c)
	page := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).
		ServeHTTP(page, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if page.Code != 200 {
		t.Fatalf("status %d: %s", page.Code, page.Body)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// exporting is a collector with one source.
func exporting(t *testing.T, o prometheus.Options, s prometheus.Source) *prometheus.Collector {
	t.Helper()
	c := prometheus.NewCollector(o)
	if err := c.Add("orders", "postgres", s); err != nil {
		t.Fatal(err)
	}
	return c
}

// samples writes a family's samples, one per line, without the labels that
// stand on all of them.
func samples(f *dto.MetricFamily) string {
	var lines []string
	for _, m := range f.GetMetric() {
		var own []string
		for _, l := range m.GetLabel() {
			if l.GetName() != "db_client_connection_pool_name" && l.GetName() != "db_system_name" && l.GetName() != "pool" {
				own = append(own, l.GetValue())
			}
		}
		var value string
		switch {
		case m.Gauge != nil:
			value = fmt.Sprint(m.GetGauge().GetValue())
		case m.Counter != nil:
			value = fmt.Sprint(m.GetCounter().GetValue())
		case m.Summary != nil:
			value = fmt.Sprint(m.GetSummary().GetSampleCount(), " in ", m.GetSummary().GetSampleSum())
		case m.Histogram != nil:
			value = fmt.Sprint(m.GetHistogram().GetSampleCount(), " in ", m.GetHistogram().GetSampleSum())
		}
		lines = append(lines, strings.TrimSpace(strings.Join(own, ",")+" "+value))
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func TestAScrapeShowsWhatTheSnapshotSays(t *testing.T) {
	families := scrape(t, exporting(t, prometheus.Options{HikariCP: true}, busy()))
	want := map[string]string{
		"db_client_operation_duration_seconds":     "commit,indeterminate 1 in 1; exec,server_error 1 in 0.04; query, 2 in 2.003",
		"db_client_connection_count":               "idle 3; used 4",
		"db_client_connection_max":                 "50",
		"db_client_connection_idle_max":            "10",
		"db_client_connection_pending_requests":    "2",
		"db_client_connection_timeouts_total":      "1",
		"db_client_connection_create_time_seconds": "1 in 0.02",
		"db_client_connection_wait_time_seconds":   "1 in 0.03",
		"db_client_connection_use_time_seconds":    "1 in 0.04",
		"fluxor_breaker_state":                     "closed 0; half-open 1; open 0",
		"fluxor_breaker_forced":                    "closed 0; open 1",
		"fluxor_breaker_opened_total":              "3",
		"fluxor_limit":                             "backpressure 100; rate limit 1000",
		"fluxor_limit_in_use":                      "backpressure 12; rate limit 0",
		"fluxor_limit_pending_requests":            "backpressure 1; rate limit 6",
		"fluxor_refused_total":                     "breaker 1; pool 2",
		"fluxor_retries_total":                     "1",
		"fluxor_indeterminate_total":               "1",
		"fluxor_leaks_total":                       "1",
		"fluxor_slow_queries_total":                "1",
		"fluxor_rows_total":                        "17",
		"fluxor_connection_waits_total":            "9",
		"fluxor_connection_wait_seconds_total":     "1.5",
		"fluxor_active_transactions":               "1",
		"hikaricp_connections":                     "7",
		"hikaricp_connections_idle":                "3",
		"hikaricp_connections_active":              "4",
		"hikaricp_connections_pending":             "2",
		"hikaricp_connections_max":                 "50",
		"hikaricp_connections_min":                 "0",
		"hikaricp_connections_timeout_total":       "1",
		"hikaricp_connections_acquire_seconds":     "1 in 0.03",
		"hikaricp_connections_acquire_seconds_max": "0.03",
		"hikaricp_connections_usage_seconds":       "1 in 0.04",
		"hikaricp_connections_usage_seconds_max":   "0.04",
		"hikaricp_connections_creation_seconds":    "1 in 0.02",

		"hikaricp_connections_creation_seconds_max": "0.02",
	}
	maps.Copy(want, cachedSamples)
	for name, samplesWanted := range want {
		if families[name] == nil {
			t.Errorf("%s is missing", name)
		} else if got := samples(families[name]); got != samplesWanted {
			t.Errorf("%s: %s, want %s", name, got, samplesWanted)
		}
	}
	for name := range families {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is exported and not tested", name)
		}
	}
}

func TestHistogramsCountWhatIsBelowTheirBounds(t *testing.T) {
	c := exporting(t, prometheus.Options{Buckets: []time.Duration{time.Second, 5 * time.Millisecond}}, busy())
	for _, m := range scrape(t, c)["db_client_operation_duration_seconds"].GetMetric() {
		if m.GetHistogram().GetSampleCount() != 2 {
			continue
		}
		var got []string
		for _, b := range m.GetHistogram().GetBucket() {
			got = append(got, fmt.Sprintf("%v: %d", b.GetUpperBound(), b.GetCumulativeCount()))
		}
		if want := []string{"0.005: 1", "1: 1", "+Inf: 2"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		return
	}
	t.Error("no histogram has two")
}

func TestWhatHasNoDataHasNoSample(t *testing.T) {
	families := scrape(t, exporting(t, prometheus.Options{}, metrics.NewRecorder(0)))
	for name := range families {
		for _, absent := range []string{"_max", "_time_seconds", "operation", "breaker", "limit", "refused", "cache", "hikaricp"} {
			if strings.Contains(name, absent) {
				t.Errorf("%s is exported", name)
			}
		}
	}
	if got := samples(families["db_client_connection_count"]); got != "idle 0; used 0" {
		t.Errorf("connections: %s", got)
	}
}

func TestSourcesAreToldApartByTheirName(t *testing.T) {
	c := exporting(t, prometheus.Options{}, busy())
	if err := c.Add("erp", "oracle", busy()); err != nil {
		t.Fatal(err)
	}
	if err := c.Add("erp", "oracle", busy()); err == nil || !strings.Contains(err.Error(), `"erp"`) {
		t.Errorf("a second source of that name: %v", err)
	}
	labels := func() (seen []string) {
		for _, m := range scrape(t, c)["fluxor_retries_total"].GetMetric() {
			seen = append(seen, m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue())
		}
		return seen
	}
	if got, want := labels(), []string{"erp oracle.db", "orders postgresql"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	c.Remove("orders")
	c.Remove("unknown")
	if got := labels(); !slices.Equal(got, []string{"erp oracle.db"}) {
		t.Errorf("after Remove: %v", got)
	}
}

func TestSourcesComeAndGoDuringScrapes(t *testing.T) {
	c := prometheus.NewCollector(prometheus.Options{HikariCP: true})
	registry := client.NewPedanticRegistry()
	registry.MustRegister(c)
	var wg sync.WaitGroup
	for w := range 4 {
		name := fmt.Sprint("source ", w)
		wg.Go(func() {
			for range 20 {
				if err := c.Add(name, "sqlite", busy()); err != nil {
					t.Error(err)
				}
				if _, err := registry.Gather(); err != nil {
					t.Error(err)
				}
				c.Remove(name)
			}
		})
	}
	wg.Wait()
}

// accepted are the linter's objections to names that somebody else chose.
var accepted = map[string]string{
	"db_client_connection_count": `non-histogram and non-summary metrics should not have "_count" suffix`,
}

func TestPrometheusLinterAcceptsTheNames(t *testing.T) {
	problems, err := testutil.CollectAndLint(exporting(t, prometheus.Options{HikariCP: true}, busy()))
	if err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	for _, p := range problems {
		if accepted[p.Metric] != p.Text {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
		met[p.Metric] = true
	}
	for name := range accepted {
		if !met[name] {
			t.Errorf("the linter does not object to %s any more", name)
		}
	}
}
