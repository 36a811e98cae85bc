// This file is the program that the page looks at: connectors whose state a test sets, behind a server that a test stops.

package browser

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
)

// beyond is a count that a float64 does not hold: 2^53 + 1.
const beyond = 1<<53 + 1

// source is a connector that a test makes up. Its state stays as it is.
type source struct {
	counts *metrics.Recorder
	asked  atomic.Int64
	state  health.Diagnostics
}

func newSource(state health.Diagnostics) *source {
	return &source{counts: metrics.NewRecorder(100 * time.Millisecond), state: state}
}

// Diagnostics returns the state as of now.
func (s *source) Diagnostics() health.Diagnostics {
	d := s.state
	d.At = time.Now()
	return d
}

// Snapshot counts some more with each look, so that plots have something to show.
func (s *source) Snapshot() metrics.Snapshot {
	n := s.asked.Add(1)
	wave := 1 + math.Sin(float64(n)/5)
	for i := range int(200 + 100*wave) {
		s.counts.Record(middleware.OpQuery, metrics.Success, time.Duration((1+wave)*float64(500+i*10))*time.Microsecond)
	}
	s.counts.Record(middleware.OpExec, metrics.Success, 2*time.Millisecond)
	s.counts.Record(middleware.OpExec, metrics.ServerError, 3*time.Millisecond)
	snapshot := s.counts.Snapshot()
	if c := s.Diagnostics().Cache; c != nil {
		asked := *c
		asked.Hits += 30 * n
		asked.Misses = map[string]int64{"absent": 15 + 4*n + n*n/20, "expired": 5}
		snapshot.Cache = &asked
	}
	return snapshot
}

// healthy is a connector at work.
func healthy() health.Diagnostics {
	return health.Diagnostics{
		Backend: "postgres, through the driver postgres",
		State:   health.State{Breaker: health.BreakerClosed, Pool: health.Pool{MaxOpen: 50, Open: 15, Used: 12, Idle: 3, MaxUsed: 40, Dials: 41, WaitCount: 1024, WaitDuration: 3 * time.Second}},
		Breaker: health.Breaker{State: health.BreakerClosed, Opened: 2, Refused: 4711, Why: "the probe was good", Since: time.Now().Add(-time.Hour)},
		Limits:  []health.Limit{{Name: health.LimitAtOnce, Limit: 100, InUse: 12, Admitted: 88_123, Refused: 3, Mode: "timeout", Timeout: 30 * time.Second}},
		Cache: &metrics.Cache{
			Mode: "rules", Hits: 80, Misses: map[string]int64{"absent": 15, "expired": 5}, Bypasses: map[string]int64{"in-transaction": 7},
			Entries: 1200, Bytes: 3 << 20, Budget: 64 << 20, Schema: "known", Kept: 1300,
		},
		Slowest: []health.Statement{
			{Fingerprint: "select * from orders where customer = ? order by placed desc limit ?", Count: beyond, Failed: 2, Mean: 12 * time.Millisecond, Max: 1200 * time.Millisecond, Caller: "shop/order.go:42 (shop.Recent)"},
			{Fingerprint: "update stock set n = n - ? where article = ? and n >= ? and warehouse in (select id from warehouses where region = ? and " + strings.Repeat("closed = ? and ", 12) + "open = ?)", Count: 88, Mean: 3 * time.Millisecond, Max: 90 * time.Millisecond, Caller: "shop/stock.go:7 (shop.Take)"},
		},
		Frequent: []health.Statement{{Fingerprint: "select 1", Count: 123_456, Mean: 90 * time.Microsecond, Max: 2 * time.Millisecond}},
		Config:   []health.Setting{{Name: "fluxor_max_open_conns", Value: "50"}, {Name: "fluxor_cache", Value: "rules"}},
	}
}

// sick is one that has everything wrong.
func sick() health.Diagnostics {
	d := healthy()
	d.State = health.State{Breaker: health.BreakerOpen, Pool: health.Pool{MaxOpen: 50, Used: 50, Open: 50, Waiting: 31}}
	d.Breaker = health.Breaker{State: health.BreakerOpen, Why: "failures in a row: 5", Since: time.Now().Add(-12 * time.Second), Failures: 5, Opened: 3, Refused: 911, LastError: "dial tcp 10.0.0.7:5432: connect: connection refused", NextProbe: 3 * time.Second}
	d.Cache = nil
	d.Leaks = []health.Leak{
		{Held: 11 * time.Minute, Place: "report/month.go:88 (report.Month)", Stack: []string{"report/month.go:88 (report.Month)", "report/all.go:12 (report.All)", "cmd/main.go:30 (main.main)"}, Fingerprint: "select * from sales where month = ?"},
		{Held: time.Hour, Place: "report/year.go:9 (report.Year)", Fingerprint: "select ?", Dropped: true},
	}
	for i := range 5 {
		d.Failures = append(d.Failures, health.Failure{At: time.Now().Add(-time.Duration(i) * time.Second), Text: "dial tcp 10.0.0.7:5432: connect: connection refused"})
	}
	d.Failures = append(d.Failures, health.Failure{At: time.Now().Add(-time.Minute), Text: "<img src=x onerror=alert(1)> 接続が拒否されました \u202e\x1b[31m"})
	return d
}

// clients are those of a gateway.
func clients() []admin.Client {
	since := time.Now().Add(-time.Hour)
	return []admin.Client{
		{ID: "17", Name: "billing 2.4", User: "billing", Address: "10.1.0.4:51882", Database: "erp", State: "in transaction", Pin: "temporary table", Statement: "insert into invoices values (?, ?)", Since: since, Requests: 90_210, Failed: 3, BytesIn: 9 << 20, BytesOut: 120 << 20},
		{ID: "18", Name: "shop", User: "shop", Address: "10.1.0.9:40112", Database: "erp", State: "pinned, leaving", Pin: "session lock", Since: since, Requests: 12},
	}
}

// program serves the admin handler below a prefix, until it is cut off.
type program struct {
	*httptest.Server
	gone atomic.Bool
	at   atomic.Pointer[admin.Handler]
}

// serve starts a program that shows connectors.
func serve(t *testing.T, prefix string, connectors ...admin.Named) *program {
	t.Helper()
	p := &program{}
	p.at.Store(admin.NewWith(admin.Options{Clients: clients}, connectors...))
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.gone.Load() {
			http.Error(w, "gone", http.StatusBadGateway)
			return
		}
		p.at.Load().ServeHTTP(w, r)
	})))
	p.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		p.at.Load().Close()
		p.Close()
	})
	return p
}

// cut ends the streams, and answers no more.
func (p *program) cut() {
	p.gone.Store(true)
	p.at.Load().Close()
}

// back answers again.
func (p *program) back(connectors ...admin.Named) {
	p.at.Store(admin.NewWith(admin.Options{Clients: clients}, connectors...))
	p.gone.Store(false)
}

// usual are a healthy and a sick connector.
func usual() []admin.Named {
	return []admin.Named{{Name: "orders", Source: newSource(healthy())}, {Name: "billing", Source: newSource(sick())}}
}
