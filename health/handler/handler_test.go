// This file asks the pages as an orchestrator does.

package handler

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor/health"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(t *testing.T, h http.Handler, path string) (code int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestReadinessFollowsTheStatusAndLivenessDoesNot(t *testing.T) {
	var now health.Status
	h := New(func() health.Status { return now })
	at := time.Date(2026, 11, 26, 5, 20, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		status health.Status
		code   int
		body   string
	}{
		"unasked": {health.Status{Reason: health.ReasonUnasked}, 503, `{"ok":false,"reason":"not asked yet"}`},
		"well":    {health.Status{Healthy: true, Reason: health.ReasonOK, At: at}, 200, `{"ok":true,"reason":"ok","asked":"2026-11-26T05:20:00Z"}`},
		"down": {
			health.Status{Reason: health.ReasonNoAnswer, At: at, Err: errors.New("dial tcp 10.0.0.7:5432"), Message: "dial tcp 10.0.0.7:5432"},
			503, `{"ok":false,"reason":"no answer","asked":"2026-11-26T05:20:00Z"}`,
		},
	} {
		now = row.status
		if code, body := get(t, h, "/readyz"); code != row.code || body != row.body {
			t.Errorf("%s: /readyz answers %d %s", name, code, body)
		}
		if code, body := get(t, h, "/livez"); code != 200 || body != `{"ok":true,"reason":"ok"}` {
			t.Errorf("%s: /livez answers %d %s", name, code, body)
		}
	}
	if code, _ := get(t, h, "/"); code != 404 {
		t.Errorf("another page answers %d", code)
	}
}
