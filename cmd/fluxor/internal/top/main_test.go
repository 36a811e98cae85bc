// This file is the test binary's entry, and what the tests share.

package top

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// well is a connector with nothing wrong.
func well(name string) admin.Connector {
	latency := admin.Latency{Count: 2720, PerSecond: 340, MeanSeconds: .002, P50Seconds: .0012, P90Seconds: .003, P95Seconds: .0035, P99Seconds: .0041, MaxSeconds: .25}
	query := admin.Operation{Operation: "query", Latency: latency}
	begin := admin.Operation{Operation: "begin", Latency: admin.Latency{Count: 80, PerSecond: 10, P50Seconds: .0003, P95Seconds: .0004, P99Seconds: .0005, MaxSeconds: .0006}}
	return admin.Connector{
		Name: name, Database: "postgres, through the driver postgres", State: admin.Healthy,
		Summary: "12 of 50 connections used, 340 queries/s, p99 4.1 ms",
		Breaker: admin.Breaker{State: "closed"},
		Pool:    admin.Pool{MaxOpen: 50, Open: 15, Used: 12, Idle: 3, MaxUsed: 20, Waits: 1024, WaitSeconds: 3.2, Timeouts: 2, Dials: 40, DialErrors: 1},
		Limits:  []admin.Limit{{Name: "operations at once", Limit: 100, InUse: 12, Refused: 3, Mode: "timeout", TimeoutSeconds: 30}},
		Total:   admin.Interval{Seconds: 3600, Queries: latency, Operations: []admin.Operation{query, begin}},
		Recent:  admin.Interval{Seconds: 8, Queries: latency, Operations: []admin.Operation{query, begin}},
		Statements: []admin.Statement{
			{Fingerprint: "select * from orders where customer = ? order by placed desc limit ?", Count: 1204, MeanSeconds: .012, MaxSeconds: 1.2},
			{Fingerprint: "update stock set n = n - ? where article = ?", Count: 88, Failed: 2, MeanSeconds: .003, MaxSeconds: .09},
		},
		Leaks: []admin.Leak{}, LastErrors: []admin.Failure{},
	}
}

// caching is one with a cache that answers most queries.
func caching(name string) admin.Connector {
	c := well(name)
	c.Cache = admin.Cache{Mode: "all", Entries: 8204, DeadEntries: 90, Bytes: 12 << 20, BudgetBytes: 64 << 20, Schema: "known"}
	c.Recent.CacheHits, c.Recent.CacheMisses = 2080, 640
	c.Recent.Cache = admin.CacheCounts{
		HitPercent: 76.5, Hits: 2000, Joined: 73, Stale: 7, Evictions: 4,
		Misses:   map[string]int64{"not-there": 500, "expired": 100, "being-written": 30, "audit": 10},
		Bypasses: map[string]int64{"in-transaction": 1204}, Flushes: map[string]int64{"unknown-effect": 1},
	}
	return c
}

// sick is a connector whose database is gone, with texts that want to break the
// screen.
func sick(name string) admin.Connector {
	c, next := well(name), admin.Seconds(3)
	const text = "pq: 接続が拒否されました\n\x1b[2J\x1b[31m\u202e👩‍👩‍👧 connection refused, and a long story of what else the server had to say before it went away"
	c.State, c.Summary = admin.Down, "for 12 s: breaker open, next probe in 3 s: "+text
	c.Breaker = admin.Breaker{State: "open", DownSeconds: 12, Seconds: 2, NextProbeSeconds: &next, Failures: 5, Opened: 2, Refused: 4711, LastError: text}
	c.Statements[0].Fingerprint = "select '日本語の長い長い長い長い長い長い長い長い文字列' \x07\r\n from \u009b31m t"
	c.Leaks = []admin.Leak{{HeldSeconds: 754, Place: "shop/cart.go:77 (shop.Total)", Fingerprint: "select ?"}}
	at := time.Date(2026, 11, 26, 5, 20, 11, 0, time.Local)
	for i := range 16 {
		c.LastErrors = append(c.LastErrors, admin.Failure{Time: at.Add(-time.Duration(i) * time.Second), Text: "asked again in " + string(rune('0'+i%10)) + "s"})
	}
	c.LastErrors[7].Text = text
	return c
}

// documentOf is a document of connectors.
func documentOf(connectors ...admin.Connector) *admin.Document {
	d := &admin.Document{SchemaVersion: admin.SchemaVersion, Time: time.Date(2026, 11, 26, 5, 20, 12, 0, time.Local), State: admin.Healthy, Connectors: connectors}
	for _, c := range connectors {
		if c.State != admin.Healthy {
			d.State = c.State
		}
	}
	return d
}

// clientOf is a client of a server of the test's own.
func clientOf(t *testing.T, h http.Handler) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return dialed(t, server.URL, nil)
}

// dialed is a client of an address.
func dialed(t *testing.T, url string, header http.Header) *Client {
	t.Helper()
	a, err := ParseAddress(url)
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(a, header)
	t.Cleanup(c.Close)
	return c
}

// page serves a document as JSON.
func page(d *admin.Document) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(d)
	}
}

// bounded ends a test that hangs.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
