// This file asks for the page and its views as browsers and scripts do.

package admin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
)

// pageFiles are the page's, as its own text names them.
func pageFiles(t *testing.T, h http.Handler) []string {
	t.Helper()
	seen := []string{"/"}
	for at := 0; at < len(seen); at++ {
		text := get(t, h, http.MethodGet, seen[at]).Body.String()
		for _, m := range regexp.MustCompile(`(?:href|src|from) ?=? ?"(?:\./)?([a-z]+\.(?:js|css|svg))"`).FindAllStringSubmatch(text, -1) {
			if path := "/" + m[1]; !slices.Contains(seen, path) {
				seen = append(seen, path)
			}
		}
	}
	if len(seen) < 10 {
		t.Fatalf("the page names %q alone", seen)
	}
	return seen
}

func TestThePageIsGuardedAndKept(t *testing.T) {
	t.Parallel()
	h := admin.New(admin.Named{Source: newSource(closed())})
	for _, path := range pageFiles(t, h) {
		w := get(t, h, http.MethodGet, path)
		head := w.Header()
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Fatalf("%s: %d, %d bytes", path, w.Code, w.Body.Len())
		}
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"} {
			if policy := head.Get("Content-Security-Policy"); !strings.Contains(policy, part) || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: the policy is %q, without %q", path, policy, part)
			}
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "private, no-cache",
		} {
			if head.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, head.Get(name), want)
			}
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Header.Set("If-None-Match", head.Get("ETag"))
		again := httptest.NewRecorder()
		if h.ServeHTTP(again, r); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s: who has it gets %d and %d bytes", path, again.Code, again.Body.Len())
		}
		if w := get(t, h, http.MethodPost, path); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: POST is answered with %d", path, w.Code)
		}
	}
}

func TestThePageHasNothingInlineAndMakesNoMarkupOfTexts(t *testing.T) {
	t.Parallel()
	h := admin.New()
	wrong := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|new Function|<style|\bstyle="|\bon[a-z]+="|https?://[^w]`)
	for _, path := range pageFiles(t, h) {
		text := get(t, h, http.MethodGet, path).Body.String()
		if found := wrong.FindString(text); found != "" {
			t.Errorf("%s has %q", path, found)
		}
		if n := strings.Count(text, "\n"); n > 400 || !strings.Contains(strings.SplitN(text, "\n", 2)[0], "This file ") {
			t.Errorf("%s has %d lines, or does not say what it is for", path, n)
		}
	}
}

func TestAPrefixWithoutItsSlashLeadsToThePage(t *testing.T) {
	t.Parallel()
	h := http.StripPrefix("/debug/fluxor", admin.New(admin.Named{Source: newSource(closed())}))
	for path, want := range map[string]string{
		"/debug/fluxor": "./fluxor/", "/debug/fluxor?q=a%20b": "./fluxor/?q=a%20b",
	} {
		w := get(t, h, http.MethodGet, path)
		if got := w.Header().Get("Location"); got != want || w.Code != http.StatusPermanentRedirect {
			t.Errorf("%s: %d to %q, want %q", path, w.Code, got, want)
		}
	}
	if w := get(t, h, http.MethodGet, "/debug/fluxor/"); w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("%d, %s", w.Code, w.Header().Get("Content-Type"))
	}
}

// rowsOf asks for a view.
func rowsOf(t *testing.T, h http.Handler, target string) []map[string]any {
	t.Helper()
	var view struct {
		SchemaVersion int `json:"schema_version"`
		Rows          []map[string]any
	}
	w := get(t, h, http.MethodGet, target)
	if err := json.Unmarshal(w.Body.Bytes(), &view); err != nil || w.Code != http.StatusOK || view.SchemaVersion != admin.SchemaVersion || view.Rows == nil {
		t.Fatalf("%s: %d, %v: %s", target, w.Code, err, w.Body)
	}
	return view.Rows
}

func TestEachViewHasItsRowsAsJSONWithThePagesFilters(t *testing.T) {
	t.Parallel()
	d := closed()
	d.Slowest = []health.Statement{{Fingerprint: "select * from Orders", Count: 1<<53 + 1}, {Fingerprint: "select 1", Count: 3}}
	d.Frequent = []health.Statement{{Fingerprint: "select 1", Count: 3}, {Fingerprint: "select 2", Count: 2}}
	d.Leaks = []health.Leak{{Place: "shop.go:9", Stack: []string{"shop.go:9", "main.go:3"}}}
	d.Failures = []health.Failure{{Text: "connection reset"}}
	d.Config = []health.Setting{{Name: "fluxor_max_open_conns", Value: "50"}}
	h := admin.New(admin.Named{Name: "orders", Source: newSource(d)}, admin.Named{Name: "stock", Source: newSource(closed())})
	for target, want := range map[string]int{
		"/connectors.json": 2, "/traffic.json": 2, "/pool.json": 2, "/breaker.json": 2, "/cache.json": 2, "/findings.json": 1, "/clients.json": 0,
		"/statements.json": 3, "/statements.json?q=oRDERS": 3, "/statements.json?q=from%20ORDERS": 1, "/statements.json?connector=stock": 0,
		"/leaks.json": 1, "/leaks.json?q=main.go": 1, "/leaks.json?q=nobody": 0, "/errors.json": 1, "/options.json?connector=orders": 1,
		"/pool.json?connector=stock": 1, "/pool.json?connector=nobody": 0, "/findings.json?connector=stock": 0,
	} {
		if rows := rowsOf(t, h, target); len(rows) != want {
			t.Errorf("%s: %d rows, want %d: %v", target, len(rows), want, rows)
		}
	}
	if body := get(t, h, http.MethodGet, "/statements.json").Body.String(); !strings.Contains(body, `"count":9007199254740993,`) {
		t.Errorf("a large number is not exact: %s", body)
	}
}
