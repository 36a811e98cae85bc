// This file asks for actions, as the page does and as others should not be able to.

package admin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/admin"
)

// order sends a request for an action, changed as a test wants.
func order(t *testing.T, h http.Handler, body string, change func(r *http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://admin.example/api/action", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "http://admin.example")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// offering is a handler whose one connector offers an action that counts.
func offering(o admin.Options, err error) (h *admin.Handler, times *int) {
	times = new(int)
	do := func(context.Context) error {
		*times++
		return err
	}
	return admin.NewWith(o, admin.Named{Name: "orders", Source: newSource(closed()), Actions: []admin.Action{{Name: "clear-cache", Title: "Clear", Do: do}}}), times
}

const clearCache = `{"connector":"orders","action":"clear-cache"}`

func TestAnActionIsDoneForThePageAlone(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		body   string
		change func(r *http.Request)
		code   int
	}{
		"the page":               {clearCache, nil, 200},
		"a script":               {clearCache, func(r *http.Request) { r.Header.Del("Origin"); r.Header.Del("Sec-Fetch-Site") }, 200},
		"another site":           {clearCache, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"another port":           {clearCache, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
		"an old browser":         {clearCache, func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "http://evil.example") }, 403},
		"a form":                 {clearCache, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"GET":                    {clearCache, func(r *http.Request) { r.Method = http.MethodGet }, 405},
		"what is not offered":    {`{"connector":"orders","action":"drop"}`, nil, 404},
		"another connector":      {`{"connector":"stock","action":"clear-cache"}`, nil, 404},
		"no JSON":                {`connector=orders`, nil, 400},
		"a body without an end":  {`{"connector":"` + strings.Repeat("x", 1<<20), nil, 400},
		"an encoding in the way": {clearCache, func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, 200},
	} {
		h, times := offering(admin.Options{}, nil)
		w := order(t, h, row.body, row.change)
		want := 0
		if row.code == http.StatusOK {
			want = 1
		}
		if w.Code != row.code || *times != want {
			t.Errorf("%s: %d, done %d times, want %d and %d: %s", name, w.Code, *times, row.code, want, w.Body)
		}
	}
}

func TestNothingIsDoneUnlessItIsOffered(t *testing.T) {
	t.Parallel()
	if w := order(t, admin.New(admin.Named{Name: "orders", Source: newSource(closed())}), clearCache, nil); w.Code != http.StatusNotFound {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

func TestAnActionThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	h, _ := offering(admin.Options{}, errors.New("the connector is closed"))
	if w := order(t, h, clearCache, nil); w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "the connector is closed") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

func TestOnlyWhoIsLetThroughReadsOrActs(t *testing.T) {
	t.Parallel()
	h, times := offering(admin.Options{Authorize: admin.Password("ops", "s3cret")}, nil)
	for _, path := range append([]string{"/api/state", "/api/events", "/nothing", "/findings.json"}, "/", "/main.js") {
		w := get(t, h, http.MethodGet, path)
		if w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic ") || strings.Contains(w.Body.String(), "orders") {
			t.Errorf("%s: %d, %v: %s", path, w.Code, w.Header(), w.Body)
		}
	}
	for _, path := range []string{"/livez", "/readyz"} {
		if w := get(t, h, http.MethodGet, path); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for password, want := range map[string]int{"s3cret": 200, "": 401, "s3cre": 401, "s3crets": 401} {
		if w := order(t, h, clearCache, func(r *http.Request) { r.SetBasicAuth("ops", password) }); w.Code != want {
			t.Errorf("with %q: %d", password, w.Code)
		}
	}
	if *times != 1 {
		t.Errorf("done %d times", *times)
	}
	nobody, _ := offering(admin.Options{Authorize: admin.Password("ops", "")}, nil)
	if w := order(t, nobody, clearCache, func(r *http.Request) { r.SetBasicAuth("ops", "") }); w.Code != http.StatusUnauthorized {
		t.Errorf("an empty password: %d", w.Code)
	}
}

func TestClientsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	list := make([]admin.Client, admin.MaxClients+50)
	for i := range list {
		list[i] = admin.Client{ID: fmt.Sprint(i), User: "shop", Since: time.Now()}
	}
	list[220].User = "Billing"
	h := admin.NewWith(admin.Options{Clients: func() []admin.Client { return list }})
	if d := h.Document(); !d.HasClients || len(d.Clients) != admin.MaxClients || d.ClientsTotal != len(list) {
		t.Errorf("%v, %d of %d", d.HasClients, len(d.Clients), d.ClientsTotal)
	}
	if rows := rowsOf(t, h, "/clients.json?q=billing"); len(rows) != 1 || rows[0]["id"] != "220" {
		t.Errorf("got %v", rows)
	}
	if d := admin.New().Document(); d.HasClients || d.Clients == nil || d.ClientsTotal != 0 {
		t.Errorf("without: %+v", d)
	}
}
