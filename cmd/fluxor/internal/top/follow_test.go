// This file follows handlers that stream, that do not, and that go away.

package top

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/admin"
)

// follow collects events until enough says that it has seen what it wants.
func follow(t *testing.T, c *Client, enough func(Event) bool) []Event {
	t.Helper()
	ctx, cancel := context.WithCancel(bounded(t))
	defer cancel()
	var events []Event
	err := c.Follow(ctx, 250*time.Millisecond, func(e Event) {
		events = append(events, e)
		if enough(e) {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v after %+v", err, events)
	}
	return events
}

func TestAStreamIsFollowed(t *testing.T) {
	t.Parallel()
	h := admin.New()
	defer h.Close()
	n := 0
	events := follow(t, clientOf(t, h), func(Event) bool { n++; return n == 4 })
	for i, e := range events {
		if e.Update == nil || e.Polling || e.Err != nil {
			t.Errorf("event %d: %+v", i, e)
		}
	}
}

func TestWhereThereIsNoStreamDocumentsAreAskedFor(t *testing.T) {
	t.Parallel()
	refused := map[string]http.HandlerFunc{
		"too many":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusServiceUnavailable) },
		"not found": http.NotFound,
		"a page":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
	}
	for name, events := range refused {
		mux := http.NewServeMux()
		mux.Handle("/api/state", page(documentOf(well("orders"))))
		mux.Handle("/api/events", events)
		n := 0
		for i, e := range follow(t, clientOf(t, mux), func(Event) bool { n++; return n == 3 }) {
			if e.Update == nil || !e.Polling {
				t.Errorf("%s: event %d: %+v", name, i, e)
			}
		}
	}
}

func TestAHandlerThatGoesAwayIsLookedForAgain(t *testing.T) {
	t.Parallel()
	var gone atomic.Bool
	h := admin.New(admin.Named{Name: "orders", Source: nothing{}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gone.Load() {
			http.Error(w, "restarting", http.StatusBadGateway)
			return
		}
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	var lost int
	events := follow(t, dialed(t, server.URL, nil), func(e Event) bool {
		switch {
		case e.Update != nil && lost == 0:
			if gone.CompareAndSwap(false, true) {
				go server.CloseClientConnections()
			}
		case e.Update == nil:
			if lost++; lost == 2 {
				gone.Store(false)
			}
		default:
			return true
		}
		return false
	})
	var pauses []time.Duration
	for _, e := range events {
		if e.Update == nil {
			pauses = append(pauses, e.Pause)
		}
	}
	if len(pauses) != 2 || pauses[0] != firstPause || pauses[1] != 2*firstPause {
		t.Errorf("the pauses are %v", pauses)
	}
}

func TestAHandlerThatIsNotThereAtTheStartIsAnError(t *testing.T) {
	t.Parallel()
	err := clientOf(t, http.HandlerFunc(http.NotFound)).Follow(bounded(t), time.Second, func(e Event) { t.Errorf("got %+v", e) })
	if err == nil || !strings.Contains(err.Error(), "is the admin handler mounted there?") {
		t.Error(err)
	}
}
