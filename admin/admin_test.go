// This file asks the handler as clients do, rightly and wrongly.

package admin_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/middleware"
)

// endpoints are all that the handler tells of.
var endpoints = []string{
	"/", "/api/state", "/api/events", "/api/action", "/livez", "/readyz",
	"/breaker.json", "/cache.json", "/clients.json", "/connectors.json", "/errors.json", "/findings.json",
	"/history.json", "/leaks.json", "/options.json", "/pool.json", "/statements.json", "/traffic.json",
}

func TestAnUnknownPathIsAnsweredWithTheEndpoints(t *testing.T) {
	t.Parallel()
	h := admin.New(admin.Named{Source: newSource(closed())})
	for _, path := range []string{"/api", "/api/state/", "/index.html", "/page/main.js", "/api/../etc/passwd", "/debug/fluxor/api/state"} {
		w := get(t, h, http.MethodGet, path)
		var body struct {
			Error     string
			Endpoints []string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != http.StatusNotFound {
			t.Fatalf("%s: %d, %v", path, w.Code, err)
		}
		if !strings.Contains(body.Error, path) || !slices.Equal(body.Endpoints, endpoints) {
			t.Errorf("%s: got %+v", path, body)
		}
	}
	for _, path := range []string{"/api/state", "/livez", "/readyz"} {
		if w := get(t, h, http.MethodGet, path); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestNothingIsWritten(t *testing.T) {
	t.Parallel()
	h := admin.New(admin.Named{Source: newSource(closed())})
	for _, path := range []string{"/api/state", "/api/events", "/livez", "/readyz"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
			w := get(t, h, method, path)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s %s: %d, %v, %s", method, path, w.Code, w.Header(), w.Body)
			}
		}
	}
}

func TestNoAnswerIsKeptOrGuessedAt(t *testing.T) {
	t.Parallel()
	h := admin.New(admin.Named{Source: newSource(closed())})
	for _, path := range []string{"/api/state", "/api/events?interval=nonsense", "/readyz", "/nothing"} {
		w := get(t, h, http.MethodGet, path)
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestReadinessFollowsTheBreakerAndAFreshAnswer(t *testing.T) {
	t.Parallel()
	s := newSource(closed())
	h := admin.New(admin.Named{Source: newSource(closed())}, admin.Named{Source: s})
	asked := func(d health.Diagnostics, err error) health.Diagnostics {
		d.Health = health.Status{At: s.Diagnostics().At, Err: err}.Beside(d.State)
		return d
	}
	open := closed()
	open.State.Breaker = health.BreakerOpen
	for name, row := range map[string]struct {
		is   health.Diagnostics
		code int
	}{
		"unasked": {closed(), 200}, "answered": {asked(closed(), nil), 200},
		"no answer": {asked(closed(), errors.New("refused")), 503}, "breaker": {open, 503}, "breaker beside an answer": {asked(open, nil), 503},
	} {
		s.set(row.is)
		if w := get(t, h, http.MethodGet, "/readyz"); w.Code != row.code {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, row.code, w.Body)
		}
		if w := get(t, h, http.MethodGet, "/livez"); w.Code != http.StatusOK {
			t.Errorf("%s: /livez is %d", name, w.Code)
		}
	}
}

// unflushable is what a careless middleware makes of a ResponseWriter.
type unflushable struct{ w http.ResponseWriter }

func (u unflushable) Header() http.Header         { return u.w.Header() }
func (u unflushable) Write(p []byte) (int, error) { return u.w.Write(p) }
func (u unflushable) WriteHeader(code int)        { u.w.WriteHeader(code) }

func TestAStreamThatCannotBeFlushedSaysWhy(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/events", nil)
	admin.New().ServeHTTP(unflushable{w}, r)
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "Flusher") || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d, %v, %s", w.Code, w.Header(), w.Body)
	}
}

func TestAConnectorWithoutASourceIsAMistakeAtTheStart(t *testing.T) {
	t.Parallel()
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "orders") {
			t.Errorf("got %q, want a panic that names the connector", text)
		}
	}()
	admin.New(admin.Named{Name: "orders"})
}

func BenchmarkDocument(b *testing.B) {
	s := newSource(closed())
	s.ran(1000, middleware.OpQuery, 1, nil)
	s.ran(1000, middleware.OpExec, 1, nil)
	s.ran(1000, middleware.OpBegin, 1, nil)
	h := admin.New(admin.Named{Source: s})
	b.ReportAllocs()
	for b.Loop() {
		h.Document()
	}
}
