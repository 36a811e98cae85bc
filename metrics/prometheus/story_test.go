// This file follows a wrong answer of the query cache from real databases to those who watch: Prometheus, the diagnosis, the document, the health pages.

package prometheus_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/admin"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/metrics/prometheus"
)

// story is a database with one item, behind a cache that audits half of its hits.
type story struct {
	*testing.T
	db   *sql.DB
	c    *fluxor.Connector
	bare *sql.DB // another program's
}

func begin(t *testing.T, bareDriver string, target dbtest.Target) *story {
	t.Helper()
	open := func(driver, dsn string) *sql.DB {
		db, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	s := &story{T: t, db: open("fluxor", target.DSN("fluxor_cache=all", "fluxor_cache_audit=50")), bare: open(bareDriver, target.DSN())}
	s.change("create table items (id int primary key, name varchar(20))")
	s.change("insert into items values (1, 'one')")
	c, err := fluxor.FromDB(s.db)
	if err != nil {
		t.Fatal(err)
	}
	s.c = c
	return s
}

// change is another program's statement.
func (s *story) change(text string) {
	s.Helper()
	if _, err := s.bare.ExecContext(s.Context(), text); err != nil {
		s.Fatal(err)
	}
}

func (s *story) ask() {
	s.Helper()
	var name string
	if err := s.db.QueryRowContext(s.Context(), "select name from items where id = 1").Scan(&name); err != nil {
		s.Fatal(err)
	}
}

// wantScraped checks what Prometheus reads.
func (s *story) wantScraped(want map[string]string) {
	s.Helper()
	families := scrape(s.T, exporting(s.T, prometheus.Options{}, s.c))
	for name, value := range want {
		if f := families[name]; f == nil || samples(f) != value {
			s.Errorf("%s is %v, want %s", name, f, value)
		}
	}
}

// wantDiagnosed checks what the diagnosis says.
func (s *story) wantDiagnosed(want string) {
	s.Helper()
	if text := s.c.Diagnostics().String(); !strings.Contains(text, want) {
		s.Errorf("%q is missing in\n%s", want, text)
	}
}

// page is what the handler answers with.
func (s *story) page(h http.Handler, path string) (code int, body []byte) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(s.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.Bytes()
}

// TestAChangeThatAnAuditFindsIsSeenByWhoeverWatches is an operator's story: half of
// the hits are audited, and another program writes into a table.
func TestAChangeThatAnAuditFindsIsSeenByWhoeverWatches(t *testing.T) {
	for name, server := range map[string]func(testing.TB) *dbtest.Server{"postgres": dbtest.Postgres, "mysql": dbtest.MariaDB} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, name, server(t).NewDatabase(t))
			h := admin.New(admin.Named{Name: "orders", Source: s.c})
			defer h.Close()
			dbtest.WaitUntil(t, "there are hits, and an audit that finds nothing", func() bool {
				s.ask()
				n := s.c.CacheStats()
				return n.Hits >= 5 && n.Audits >= 1
			})
			s.wantScraped(map[string]string{"fluxor_cache_mismatches_total": "0", "fluxor_cache_schema": "known 1; off 0; unknown 0"})
			s.wantDiagnosed("audited answers were right")
			s.change("update items set name = 'ELSEWHERE' where id = 1")
			dbtest.WaitUntil(t, "the audit finds the change", func() bool {
				s.ask()
				return s.c.CacheStats().Mismatches == 1
			})
			s.wantWatched(h)
		})
	}
}

// wantWatched checks that one mismatch stands wherever the cache's numbers do, and
// that the program stays ready.
func (s *story) wantWatched(h *admin.Handler) {
	s.Helper()
	n := s.c.CacheStats()
	s.wantScraped(map[string]string{
		"fluxor_cache_mismatches_total": "1", "fluxor_cache_hits_total": fmt.Sprint(n.Hits), "fluxor_cache_audits_total": fmt.Sprint(n.Audits),
		"fluxor_cache_entries": fmt.Sprint(n.Entries), "fluxor_cache_evictions_total": "0", "fluxor_cache_stale_total": "0",
	})
	s.wantDiagnosed(fmt.Sprintf("1 of %d audited answers were WRONG", n.Audits))
	if text := s.c.Metrics().String(); !strings.HasSuffix(text, "; 1 mismatches") {
		s.Errorf("the metrics say\n%s", text)
	}
	var d admin.Document
	_, body := s.page(h, "/api/state")
	if err := json.Unmarshal(body, &d); err != nil {
		s.Fatal(err)
	}
	if c := d.Connectors[0]; c.Total.Cache.Mismatches != 1 || c.Total.Cache.Misses["audit"] != n.Audits || c.State != admin.Healthy {
		s.Errorf("the document says %+v, %s", c.Total.Cache, c.State)
	}
	if code, body := s.page(h, "/readyz"); code != http.StatusOK {
		s.Errorf("/readyz answers %d: %s", code, body)
	}
}
