// This file is the test binary's entry, and what the tests share.

package admin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// source is a connector whose state a test sets.
type source struct {
	counts *metrics.Recorder
	cache  *metrics.Cache // set before it is shown

	mu    sync.Mutex
	state health.Diagnostics
}

func newSource(state health.Diagnostics) *source {
	return &source{counts: metrics.NewRecorder(time.Second), state: state}
}

// closed is a connector that is well.
func closed() health.Diagnostics {
	return health.Diagnostics{
		Backend: "postgres, through the driver postgres",
		State:   health.State{Breaker: health.BreakerClosed, Pool: health.Pool{MaxOpen: 50, Open: 12, Used: 12}},
		Breaker: health.Breaker{State: health.BreakerClosed},
	}
}

func (s *source) set(state health.Diagnostics) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
}

func (s *source) Diagnostics() health.Diagnostics {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.state
	d.At = time.Now()
	return d
}

func (s *source) Snapshot() metrics.Snapshot {
	snapshot := s.counts.Snapshot()
	snapshot.Cache = s.cache
	return snapshot
}

// record counts n queries of one outcome.
func (s *source) record(n int, outcome metrics.Outcome) {
	for range n {
		s.counts.Record(middleware.OpQuery, outcome, time.Millisecond)
	}
}

// ran counts n operations that ended in one way.
func (s *source) ran(n int, op middleware.Op, took time.Duration, err error) {
	for range n {
		s.counts.Record(op, metrics.OutcomeOf(err), took)
	}
}

// get asks a handler for a page.
func get(t *testing.T, h http.Handler, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, nil))
	return w
}

// state asks for the document.
func state(t *testing.T, h http.Handler) admin.Document {
	t.Helper()
	var d admin.Document
	if err := json.Unmarshal(get(t, h, http.MethodGet, "/api/state").Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}
