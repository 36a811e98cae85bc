// This file tests that what is shown of a gateway's databases over HTTP has no values, and lets no other site's page read it.

package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	prom "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/metrics/prometheus"
)

func TestWhatIsShownOverHTTPHasNoValuesAndIsForNoOtherSite(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.SQLite(t), func(c *fluxor.RuntimeConfig) { c.Preset = "legacy" })
	c := login(t, serve(t, config(db)))
	c.must("create table secretive (v)", "insert into secretive values ('"+canary+"')")
	if a := c.exec("insert into secretive values (?)", canary); a.fail != nil {
		t.Fatal(a.fail)
	}
	c.query("select '" + canary + "' from nowhere")
	collector, registry := prometheus.NewCollector(prometheus.Options{}), prom.NewRegistry()
	if err := collector.Add("erp", "sqlite", db); err != nil {
		t.Fatal(err)
	}
	registry.MustRegister(collector)
	shown := admin.New(admin.Named{Name: "erp", Source: db})
	defer shown.Close()
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.Handle("/", shown)
	for path, want := range map[string]int{
		"/metrics": http.StatusOK, "/api/state": http.StatusOK, "/readyz": 0, "/livez": http.StatusOK,
		"/debug/pprof/": http.StatusNotFound, "/debug/vars": http.StatusNotFound,
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Origin", "https://elsewhere.example")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		body := w.Body.String()
		if want != 0 && w.Code != want || w.Header().Get("Access-Control-Allow-Origin") != "" || strings.Contains(body, canary) {
			t.Errorf("%s: %d, %v, %.500s", path, w.Code, w.Header(), body)
		}
		if path == "/metrics" && (strings.Contains(body, "secretive") || !strings.Contains(body, "erp")) {
			t.Errorf("the metrics have a statement, or nothing: %.500s", body)
		}
	}
}
