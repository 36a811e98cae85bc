// This file provokes each finding, and compares them with docs/ADMIN.md.

package admin_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
)

// found are the findings of one connector whose state and counts are changed.
func found(change func(d *health.Diagnostics, s *source)) []admin.Finding {
	d := closed()
	s := newSource(d)
	change(&d, s)
	s.set(d)
	return admin.New(admin.Named{Name: "orders", Source: s}).Document().Findings
}

// provoked is a connector for each finding, in the order of the page.
var provoked = []struct {
	id     string
	change func(d *health.Diagnostics, s *source)
}{
	{"FX-3001", func(d *health.Diagnostics, _ *source) {
		d.Breaker = health.Breaker{State: health.BreakerOpen, LastError: "connection refused", Since: time.Now()}
	}},
	{"FX-3002", func(d *health.Diagnostics, _ *source) {
		d.Breaker = health.Breaker{State: health.BreakerOpen, Override: "forced open", Since: time.Now()}
	}},
	{"FX-3003", func(d *health.Diagnostics, _ *source) {
		d.Health = health.Status{At: time.Now(), Err: errors.New("refused")}.Beside(d.State)
	}},
	{"FX-3004", func(_ *health.Diagnostics, s *source) { s.record(20, metrics.ConnectionError) }},
	{"FX-3005", func(d *health.Diagnostics, _ *source) { d.Leaks = []health.Leak{{Place: "shop.go:9", Dropped: true}} }},
	{"FX-3006", func(_ *health.Diagnostics, s *source) {
		s.cache = &metrics.Cache{Mode: "all", Schema: "known", Audits: 9, Mismatches: 2}
	}},
	{"FX-3101", func(_ *health.Diagnostics, s *source) {
		s.record(1, metrics.Indeterminate)
		s.record(99, metrics.Success)
	}},
	{"FX-3102", func(d *health.Diagnostics, _ *source) { d.State.Pool = health.Pool{MaxOpen: 5, Used: 5, Waiting: 3} }},
	{"FX-3103", func(d *health.Diagnostics, _ *source) {
		d.Leaks = []health.Leak{{Place: "shop.go:9"}, {Place: "shop.go:9"}}
	}},
	{"FX-3104", func(_ *health.Diagnostics, s *source) {
		s.record(5, metrics.ServerError)
		s.record(20, metrics.Success)
	}},
	{"FX-3105", func(d *health.Diagnostics, _ *source) { d.Breaker.Override = "forced closed" }},
	{"FX-3106", func(_ *health.Diagnostics, s *source) {
		s.cache = &metrics.Cache{Mode: "all", Schema: "unknown", SchemaFault: "permission denied"}
	}},
	{"FX-3201", func(_ *health.Diagnostics, s *source) { s.ran(2, middleware.OpQuery, 2*time.Second, nil) }},
	{"FX-3202", func(_ *health.Diagnostics, s *source) {
		s.cache = &metrics.Cache{Mode: "all", Schema: "known", Evicted: 4, Bytes: 9, Budget: 10}
	}},
}

func TestEachFindingIsFoundAloneAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, row := range provoked {
		got := found(row.change)
		if len(got) != 1 || got[0].ID != row.id || got[0].Connector != "orders" || got[0].Detail == "" || got[0].Text == "" || got[0].Cure == "" {
			t.Errorf("%s: got %+v", row.id, got)
		}
	}
	for name, well := range map[string]func(*health.Diagnostics, *source){
		"idle": func(*health.Diagnostics, *source) {},
		"whose schema changed, and nobody asked since": func(_ *health.Diagnostics, s *source) {
			s.cache = &metrics.Cache{Mode: "hint", Schema: "unknown"}
		},
	} {
		if got := found(well); got == nil || len(got) != 0 {
			t.Errorf("of a connector that is well, %s: %#v", name, got)
		}
	}
}

func TestTheWorstFindingComesFirst(t *testing.T) {
	t.Parallel()
	slow, open := newSource(closed()), closed()
	slow.ran(2, middleware.OpQuery, 2*time.Second, nil)
	open.Breaker.State = health.BreakerOpen
	got := admin.New(admin.Named{Name: "a", Source: slow}, admin.Named{Name: "b", Source: newSource(open)}).Document().Findings
	if len(got) != 2 || got[0].Severity != admin.Error || got[0].Connector != "b" || got[1].Severity != admin.Info {
		t.Errorf("got %+v", got)
	}
}

func TestThePageOfFindingsIsTheTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/ADMIN.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(FX-3\\d{3})` \\| (\\w+) \\| (.+) \\| (.+) \\|$").FindAllStringSubmatch(string(page), -1) {
		got = append(got, strings.Join(m[1:], "|"))
	}
	for _, row := range provoked {
		for _, f := range found(row.change) {
			want = append(want, strings.Join([]string{f.ID, f.Severity, f.Text, f.Cure}, "|"))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/ADMIN.md has\n%s\nthe handler\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
