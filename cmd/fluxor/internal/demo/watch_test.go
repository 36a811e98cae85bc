// This file checks what the demo shows over HTTP, and that its light load ends.

package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

// seen is the document that w serves.
func seen(t *testing.T, w *Watch) admin.Document {
	t.Helper()
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, adminPath+"/api/state", http.NoBody))
	var d admin.Document
	if err := json.NewDecoder(answer.Body).Decode(&d); err != nil || answer.Code != http.StatusOK {
		t.Fatalf("code %d, %v", answer.Code, err)
	}
	return d
}

func TestWatchShowsTheConnectorsThatAreOpen(t *testing.T) {
	t.Parallel()
	w := NewWatch()
	defer w.Close()
	sh, err := openShop("Fluxor", "fluxor", ":memory:", "")
	if err != nil {
		t.Fatal(err)
	}
	defer sh.db.Close() //nolint:errcheck // nothing was stored
	hide := w.show("orders", sh.db)
	if d := seen(t, w); len(d.Connectors) != 1 || d.Connectors[0].Name != "orders" {
		t.Errorf("got %+v", d.Connectors)
	}
	hide()
	if d := seen(t, w); len(d.Connectors) != 0 {
		t.Errorf("got %+v after it was hidden", d.Connectors)
	}
	for _, path := range []string{"/", "/livez", "/readyz", adminPath + "/"} {
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if answer.Code != http.StatusOK {
			t.Errorf("%s: code %d", path, answer.Code)
		}
	}
}

func TestStreamEndsWhenTheConnectorsChange(t *testing.T) {
	t.Parallel()
	w := NewWatch()
	server := httptest.NewServer(w)
	defer server.Close()
	defer w.Close()
	sh, err := openShop("Fluxor", "fluxor", ":memory:", "")
	if err != nil {
		t.Fatal(err)
	}
	defer sh.db.Close() //nolint:errcheck // nothing was stored
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+adminPath+"/api/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is read to its end
	defer w.show("orders", sh.db)()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Error(err)
	}
}

func TestNobodyWatchesANilWatch(t *testing.T) {
	t.Parallel()
	sh, err := openShop("Fluxor", "fluxor", ":memory:", "")
	if err != nil {
		t.Fatal(err)
	}
	defer sh.db.Close() //nolint:errcheck // nothing was stored
	var w *Watch
	w.show("orders", sh.db)()
}

func TestLightLoadRunsThroughAGatewayUntilItsContextEndsAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := NewWatch()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- Linger(ctx, term.New(new(bytes.Buffer), term.Plain), w) }()
	queries := func() int64 {
		if d := seen(t, w); len(d.Connectors) == 1 {
			return d.Connectors[0].Total.Queries.Count
		}
		return 0
	}
	if err := until(t.Context(), "queries of the light load", queries, 300); err != nil {
		t.Fatal(err)
	}
	if d := seen(t, w); len(d.Clients) < services || d.Clients[0].Database != "orders" || !strings.HasPrefix(d.Clients[0].Name, "service-") {
		t.Errorf("of the gateway's clients are shown %+v", d.Clients)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
