// This file follows the query cache's numbers from a database to those who watch: Prometheus, the diagnosis, the document, the health pages.

package fluxor_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/metrics/prometheus"
)

// page is what a handler answers with.
func (k *shelf) page(h http.Handler, path string) (code int, body string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(k.t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// scraped is what Prometheus reads of the connector, a metric of one sample by
// its name.
func (k *shelf) scraped() func(name string) string {
	k.t.Helper()
	c := prometheus.NewCollector(prometheus.Options{})
	if err := c.Add("shelf", "", k.c); err != nil {
		k.t.Fatal(err)
	}
	registry := client.NewPedanticRegistry()
	registry.MustRegister(c)
	code, body := k.page(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), "/metrics")
	if code != http.StatusOK {
		k.t.Fatal(code, body)
	}
	return func(name string) string {
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, name+"{") {
				return strings.TrimSpace(line[strings.LastIndex(line, " "):])
			}
		}
		return "absent"
	}
}

// TestAChangeThatAnAuditFindsIsSeenByWhoeverWatches is an operator's story: half of
// the hits are audited, and another program writes into a table.
func TestAChangeThatAnAuditFindsIsSeenByWhoeverWatches(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_audit=50"}, func(k *shelf) {
		h := admin.New(admin.Named{Name: "shelf", Source: k.c})
		defer h.Close()
		waitUntil(k.t, "there are hits, and audits that find nothing", func() bool {
			k.want("one", "")
			s := k.c.CacheStats()
			return s.Hits >= 5 && s.Audits >= 1
		})
		if got := k.scraped()("fluxor_cache_mismatches_total"); got != "0" {
			k.t.Errorf("before the change: %s mismatches", got)
		}
		if text := k.c.Diagnostics().String(); !strings.Contains(text, "audited answers were right") {
			k.t.Errorf("before the change:\n%s", text)
		}
		k.exec(k.bare, "update items set name = 'ELSEWHERE' where id = 1")
		waitUntil(k.t, "the audit finds the change", func() bool {
			_, _ = k.name(k.db, 1)
			return k.c.CacheStats().Mismatches == 1
		})
		k.wantWatched(h)
	})
}

// wantWatched checks that one mismatch stands wherever the cache's numbers do, and
// that the program stays ready.
func (k *shelf) wantWatched(h *admin.Handler) {
	k.t.Helper()
	s, scraped := k.c.CacheStats(), k.scraped()
	for name, want := range map[string]any{
		"fluxor_cache_mismatches_total": 1, "fluxor_cache_hits_total": s.Hits, "fluxor_cache_audits_total": s.Audits,
		"fluxor_cache_entries": s.Entries, "fluxor_cache_evictions_total": 0, "fluxor_cache_stale_total": 0,
	} {
		if got := scraped(name); got != fmt.Sprint(want) {
			k.t.Errorf("%s is %s, want %v", name, got, want)
		}
	}
	if text := k.c.Diagnostics().String(); !strings.Contains(text, fmt.Sprintf("1 of %d audited answers were WRONG", s.Audits)) {
		k.t.Errorf("the diagnosis says\n%s", text)
	}
	if text := k.c.Metrics().String(); !strings.Contains(text, "1 mismatches") {
		k.t.Errorf("the metrics say\n%s", text)
	}
	var d admin.Document
	_, body := k.page(h, "/api/state")
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		k.t.Fatal(err)
	}
	if c := d.Connectors[0]; c.Total.Cache.Mismatches != 1 || c.Total.Cache.Misses["audit"] != s.Audits || c.Cache.Schema != "known" || c.State != admin.Healthy {
		k.t.Errorf("the document says %+v, %+v, %s", c.Total.Cache, c.Cache, c.State)
	}
	if code, body := k.page(h, "/readyz"); code != http.StatusOK {
		k.t.Errorf("/readyz answers %d: %s", code, body)
	}
}

func TestWhereTheCacheIsOffNobodyShowsOne(t *testing.T) {
	onCachesOff(t, func(k *shelf) {
		mustExec(k.t, k.db, "select 1")
		if s := k.c.CacheStats(); s.Mode != "off" || s.On() || k.c.Metrics().Cache != nil {
			k.t.Errorf("got %+v", s)
		}
		if got := k.scraped()("fluxor_cache_hits_total"); got != "absent" {
			k.t.Errorf("Prometheus reads %s", got)
		}
		if text := k.c.Diagnostics().String(); !strings.Contains(text, "\ncache     off\n") {
			k.t.Errorf("the diagnosis says\n%s", text)
		}
	})
}

// onCachesOff runs a test on each driver without a cache.
func onCachesOff(t *testing.T, test func(k *shelf)) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			db := b.fluxor(t, b.share(t).NewDatabase(t))
			test(&shelf{t: t, b: b, db: db, c: poolOf(t, db)})
		})
	}
}

// TestOldAnswersAreCountedWithTheirAge takes the database away from a cache that
// may show old answers then.
func TestOldAnswersAreCountedWithTheirAge(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			target, direct, proxy := b.behindProxy(t, "n int")
			mustExec(t, direct, "create table items (id int primary key, name varchar(20))")
			mustExec(t, direct, "insert into items values (1, 'one')")
			db := b.fluxor(t, target, "fluxor_cache=all", "fluxor_cache_ttl=300ms", "fluxor_cache_stale_if_error=10m")
			k := &shelf{t: t, b: b, db: db, c: poolOf(t, db)}
			k.learned()
			k.want("one", "")
			if err := proxy.Close(); err != nil {
				t.Fatal(err)
			}
			waitUntil(t, "an old answer is shown", func() bool {
				name, status := k.name(db, 1)
				return name == "one" && status == "stale database-unavailable"
			})
			k.want("one", "stale")
			s := k.c.CacheStats()
			if s.Stale < 2 || s.StaleOnError != s.Stale || s.StaleMax < 270*time.Millisecond || s.StaleAge < 2*270*time.Millisecond {
				t.Errorf("%d old answers, %d because of an error, %v old together, the oldest %v", s.Stale, s.StaleOnError, s.StaleAge, s.StaleMax)
			}
			if text := k.c.Diagnostics().String(); !strings.Contains(text, fmt.Sprintf("%d with an old one (%d because the database could not be asked", s.Stale, s.Stale)) {
				t.Errorf("the diagnosis says\n%s", text)
			}
		})
	}
}

func TestAnswersThatAreShownWhileTheyAreAskedAgainAreCountedWithTheirAge(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_ttl=50ms", "fluxor_cache_stale_while_revalidate=10m"}, func(k *shelf) {
		k.want("one", "")
		waitUntil(k.t, "an old answer is shown", func() bool {
			_, status := k.name(k.db, 1)
			return status == "stale expired"
		})
		if s := k.c.CacheStats(); s.Stale == 0 || s.StaleOnError != 0 || s.Refreshed == 0 || s.StaleMax < 45*time.Millisecond || s.StaleAge < s.StaleMax {
			k.t.Errorf("%+v", s)
		}
	})
}

func TestASmallCacheCountsWhatMadeRoomAndWhatIsDead(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_size=64KiB"}, func(k *shelf) {
		ask := func(n int) {
			k.wantCount(fmt.Sprintf("select count(*) + %d from items", n), n+3)
		}
		for n := range 300 {
			ask(n)
		}
		s := k.c.CacheStats()
		if s.Evicted == 0 || s.Bytes > s.Budget || s.Dead != 0 || int64(s.Entries)+s.Evicted > s.Kept {
			k.t.Errorf("%+v", s)
		}
		mustExec(k.t, k.db, "update items set price = 7")
		if after := k.c.CacheStats(); after.Dead == 0 || after.Dead != after.Entries {
			k.t.Errorf("after a write: %d of %d answers are dead", after.Dead, after.Entries)
		}
	})
}
