// This file looks at a connector of a real PostgreSQL through the handler while the server freezes and thaws.

package admin_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/admin"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// open opens a connector whose breaker opens after three failures in a row.
func open(t *testing.T, target dbtest.Target) (*sql.DB, *fluxor.Connector) {
	t.Helper()
	dsn := target.DSN("fluxor_cb_max_failures=3", "fluxor_cb_failure_time=0", "fluxor_max_retries=0",
		"fluxor_cb_reset_timeout=1s", "fluxor_cb_half_open_timeout=1s", "fluxor_max_open_conns=7")
	db, err := sql.Open("fluxor", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c, err := fluxor.FromDB(db)
	if err != nil {
		t.Fatal(err)
	}
	return db, c
}

// ask runs a statement until it gives up after 0.2 s.
func ask(t *testing.T, db *sql.DB, text string, args ...any) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, _ = db.ExecContext(ctx, text, args...) // it fails during the outage
}

// states sends each connector's breaker and state as a stream tells them.
func states(t *testing.T, url string) <-chan admin.Connector {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/events?interval=250ms", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan admin.Connector, 1000)
	go func() { // ends with the stream
		defer close(told)
		defer answer.Body.Close()
		lines := bufio.NewScanner(answer.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var d admin.Document
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &d) == nil {
				told <- d.Connectors[0]
			}
		}
	}()
	return told
}

// await runs work until the stream says that the breaker is as wanted.
func await(t *testing.T, told <-chan admin.Connector, want string, work func()) admin.Connector {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		work()
		select {
		case c := <-told:
			if c.Breaker.State == want {
				return c
			}
		case <-late:
			t.Fatalf("no event says that the breaker is %s", want)
		}
	}
}

func TestAnOutageIsSeenWhileItLastsAndIsOver(t *testing.T) {
	t.Parallel()
	server := dbtest.StartPostgres(t, dbtest.Options{})
	db, connector := open(t, server.Target)
	h := admin.New(admin.Named{Name: "orders", Source: connector})
	web := httptest.NewServer(h)
	defer web.Close()
	defer h.Close()
	told := states(t, web.URL)
	if c := await(t, told, health.BreakerClosed, func() { ask(t, db, "create table if not exists paid (card text)") }); c.State != admin.Healthy {
		t.Errorf("before: %s: %s", c.State, c.Summary)
	}
	dialed := connector.PoolStats().Dials

	server.Freeze(t)
	defer server.Thaw()
	c := await(t, told, health.BreakerOpen, func() { ask(t, db, "insert into paid values ('4711-secret'), ($1)", "4712-secret") })
	if c.State != admin.Down || !strings.HasPrefix(c.Summary, "for ") || c.Breaker.Opened == 0 || c.Pool.MaxOpen != 7 {
		t.Errorf("the stream says %s: %s, %+v", c.State, c.Summary, c.Breaker)
	}
	start := time.Now()
	body := get(t, h, http.MethodGet, "/api/state").Body.String()
	if took := time.Since(start); took > 100*time.Millisecond {
		t.Errorf("the document of a frozen server took %v", took)
	}
	var d admin.Document
	if err := json.Unmarshal([]byte(body), &d); err != nil || d.State != admin.Down {
		t.Errorf("%v: %s", err, body)
	}
	if w := get(t, h, http.MethodGet, "/readyz"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", w.Code)
	}
	for _, secret := range []string{"4711-secret", "4712-secret", "postgres://", "password"} {
		if strings.Contains(body, secret) {
			t.Errorf("%q is in %s", secret, body)
		}
	}
	if s := d.Connectors[0].Statements; len(s) == 0 {
		t.Error("no statement is shown")
	}
	if connector.PoolStats().Dials > dialed+3 {
		t.Errorf("%d dials", connector.PoolStats().Dials)
	}

	server.Thaw()
	if c := await(t, told, health.BreakerClosed, func() { ask(t, db, "select 1") }); c.Breaker.DownSeconds != 0 {
		t.Errorf("after: %+v", c.Breaker)
	}
}

func TestLookingAtAConnectorDialsNothing(t *testing.T) {
	t.Parallel()
	_, connector := open(t, dbtest.Postgres(t).NewDatabase(t))
	h := admin.New(admin.Named{Source: connector})
	for _, path := range []string{"/api/state", "/livez", "/readyz"} {
		if w := get(t, h, http.MethodGet, path); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if s := connector.PoolStats(); s.Dials+s.DialErrors > 0 || s.Open+s.Dialing > 0 {
		t.Errorf("got %+v", s)
	}
}
