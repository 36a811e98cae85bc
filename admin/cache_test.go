// This file reads the query cache in the document, in the stream and beside the health pages.

package admin_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/metrics"
)

// caching is a source with a cache.
type caching struct {
	*source
	cache metrics.Cache
}

func (c *caching) Snapshot() metrics.Snapshot {
	s := c.source.Snapshot()
	held := c.cache
	s.Cache = &held
	return s
}

// full is a cache with all its numbers.
func full() metrics.Cache {
	return metrics.Cache{
		Mode: "all", Hits: 6, Joined: 3, Stale: 2, StaleOnError: 1, Would: 4,
		Misses: map[string]int64{"not-there": 9, "audit": 0}, Bypasses: map[string]int64{"in-transaction": 5},
		Kept: 10, Dropped: 11, TooManyRows: 12, TooBig: 13, NotPlain: 14, Evicted: 15, Flushes: map[string]int64{"raw": 16},
		Refreshed: 17, Audits: 18, Mismatches: 19, StaleAge: 90 * time.Second, StaleMax: 50 * time.Second,
		Entries: 20, Dead: 21, Bytes: 22, Budget: 23, Doubts: 24, Sessions: 25, Schema: "unknown", SchemaFault: strings.Repeat("x", 5000),
	}
}

func TestADocumentCarriesTheCache(t *testing.T) {
	t.Parallel()
	s := &caching{newSource(closed()), full()}
	c := state(t, admin.New(admin.Named{Name: "orders", Source: s})).Connectors[0]
	wantCache := "{Mode:all Entries:20 DeadEntries:21 Bytes:22 BudgetBytes:23 Doubts:24 Sessions:25 Schema:unknown SchemaFault: StaleMaxSeconds:50 s}"
	fault := c.Cache.SchemaFault
	c.Cache.SchemaFault = ""
	if got := fmt.Sprintf("%+v", c.Cache); got != wantCache || len(fault) > 2003 {
		t.Errorf("got %s, a fault of %d bytes\nwant %s", got, len(fault), wantCache)
	}
	wantCounts := "{HitPercent:0 Hits:6 Joined:3 Stale:2 StaleOnError:1 WouldHit:4 Misses:map[not-there:9] Bypasses:map[in-transaction:5] " +
		"Kept:10 Dropped:11 TooManyRows:12 TooBig:13 NotPlain:14 Evictions:15 Flushes:map[raw:16] Refreshes:17 Audits:18 Mismatches:19 StaleAgeSeconds:1m30s}"
	counts := c.Total.Cache
	counts.HitPercent = 0 // is looked at below
	if got := fmt.Sprintf("%+v", counts); got != wantCounts {
		t.Errorf("got %s\nwant %s", got, wantCounts)
	}
	if p := c.Total.Cache.HitPercent; p < 78.94 || p > 78.95 {
		t.Errorf("hit percent: %v, want 15 of 19", p)
	}
	if c.Total.CacheHits != 11 || c.Total.CacheMisses != 8 {
		t.Errorf("%d hits and %d misses, want 11 and 8", c.Total.CacheHits, c.Total.CacheMisses)
	}
}

func TestTheCacheOfTheRecentIntervalIsThatOfTheInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &caching{newSource(closed()), full()}
		h := admin.New(admin.Named{Name: "orders", Source: s})
		defer h.Close()
		for range 3 {
			<-time.After(5 * time.Second)
			state(t, h)
		}
		s.cache.Hits, s.cache.Misses = 100, map[string]int64{"not-there": 15}
		<-time.After(5 * time.Second)
		c := state(t, h).Connectors[0]
		if r := c.Recent.Cache; c.Total.Cache.Hits != 100 || r.Hits != 94 || r.Misses["not-there"] != 6 || r.HitPercent != 94 || r.Mismatches != 0 {
			t.Errorf("got %+v of %+v", r, c.Total.Cache)
		}
	})
}

func TestACacheThatIsWrongMakesNobodyUnready(t *testing.T) {
	t.Parallel()
	h := admin.New(admin.Named{Name: "orders", Source: &caching{newSource(closed()), full()}})
	if got := get(t, h, http.MethodGet, "/readyz"); got.Code != http.StatusOK {
		t.Errorf("/readyz answers %d: %s", got.Code, got.Body)
	}
	if got := state(t, h).Connectors[0].State; got != admin.Healthy {
		t.Errorf("the state is %s", got)
	}
}

func TestWithoutACacheItsPartIsOff(t *testing.T) {
	t.Parallel()
	c := state(t, admin.New(admin.Named{Source: newSource(health.Diagnostics{})})).Connectors[0]
	if c.Cache != (admin.Cache{Mode: "off"}) || c.Total.Cache.HitPercent != 0 || c.Total.Cache.Misses == nil {
		t.Errorf("got %+v, %+v", c.Cache, c.Total.Cache)
	}
}

func TestTheStreamCarriesTheCache(t *testing.T) {
	t.Parallel()
	h := admin.New(admin.Named{Name: "orders", Source: &caching{newSource(closed()), full()}})
	server := httptest.NewServer(h)
	defer server.Close()
	defer h.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found {
			continue
		}
		var d admin.Document
		if err := json.Unmarshal([]byte(data), &d); err != nil || d.Connectors[0].Cache.Mode != "all" || d.Connectors[0].Total.Cache.Mismatches != 19 {
			t.Errorf("%v: got %s", err, data)
		}
		return
	}
	t.Error("the stream has no document")
}
