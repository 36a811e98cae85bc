// This file compares the document with docs/ADMIN.md, and looks that nothing in it is null or too long.

package admin_test

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/middleware"
)

// fields are the paths of a type's fields in JSON, without those of the types in
// apart, which have a table of their own.
func fields(of reflect.Type, prefix string, apart ...reflect.Type) []string {
	var all []string
	for f := range of.Fields() {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		path, kind := prefix+f.Tag.Get("json"), f.Type
		if kind.Kind() == reflect.Slice {
			path, kind = path+"[]", kind.Elem()
			all = append(all, path)
		}
		if kind.Kind() != reflect.Struct || kind == reflect.TypeFor[time.Time]() || slices.Contains(apart, kind) {
			if !strings.HasSuffix(path, "[]") {
				all = append(all, path)
			}
			continue
		}
		all = append(all, fields(kind, path+".", apart...)...)
	}
	return all
}

// rows are the names in the first column of the page's table with that heading.
func rows(t *testing.T, page, heading string) []string {
	t.Helper()
	_, table, found := strings.Cut(page, "\n| "+heading+" | type | meaning |\n")
	if !found {
		t.Fatalf("docs/ADMIN.md has no table with the heading %q", heading)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var names []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [a-z ]+ \\| .+\\. \\|$").FindAllStringSubmatch(table, -1) {
		names = append(names, m[1])
	}
	return names
}

func TestEveryFieldHasItsRowInThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/ADMIN.md")
	if err != nil {
		t.Fatal(err)
	}
	interval, latency, counts := reflect.TypeFor[admin.Interval](), reflect.TypeFor[admin.Latency](), reflect.TypeFor[admin.CacheCounts]()
	for heading, want := range map[string][]string{
		"field":                fields(reflect.TypeFor[admin.Document](), "", interval, latency),
		"field of an interval": fields(interval, "", latency, counts),
		"field of a latency":   fields(latency, ""),
		"field of a cache":     fields(counts, ""),
	} {
		if got := rows(t, string(page), heading); !slices.Equal(got, want) {
			t.Errorf("%s: the page has\n%q\nthe document\n%q", heading, got, want)
		}
	}
}

func TestNamesAreSnakeCaseAndDurationsAreSeconds(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	number := map[string]bool{"seconds": true, "per_second": true, "success_percent": true, "hit_percent": true}
	var look func(reflect.Type)
	look = func(of reflect.Type) {
		if of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]() {
			return
		}
		for f := range of.Fields() {
			tag := f.Tag.Get("json")
			if !f.Anonymous && f.IsExported() && !name.MatchString(tag) {
				t.Errorf("%v.%s has the name %q", of, f.Name, tag)
			}
			if f.Type == reflect.TypeFor[time.Duration]() {
				t.Errorf("%v.%s is a duration, and would be written in nanoseconds", of, f.Name)
			}
			if f.Type.Kind() == reflect.Float64 && !number[tag] && !strings.HasSuffix(tag, "_seconds") {
				t.Errorf("%v.%s has a fraction and no unit in its name", of, f.Name)
			}
			look(f.Type)
		}
	}
	look(reflect.TypeFor[admin.Document]())
}

func TestListsAndObjectsAreNeverNull(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*admin.Handler{
		"no connector": admin.New(), "an empty one": admin.New(admin.Named{Source: newSource(health.Diagnostics{})}),
	} {
		body := get(t, h, http.MethodGet, "/api/state").Body.String()
		body = strings.NewReplacer(`"time":null`, "", `"next_probe_seconds":null`, "").Replace(body)
		if strings.Contains(body, "null") {
			t.Errorf("%s: %s", name, body)
		}
	}
}

func TestADocumentCarriesAllThatIsKnown(t *testing.T) {
	t.Parallel()
	d := closed()
	at := time.Date(2026, 11, 26, 5, 20, 0, 0, time.UTC)
	d.Limits = []health.Limit{{Name: health.LimitAtOnce, Limit: 100, InUse: 7, Admitted: 9, Mode: "timeout", Timeout: 30 * time.Second}}
	d.Slowest = []health.Statement{{Fingerprint: strings.Repeat("日", 5000), Count: 3, Failed: 1, Mean: time.Second, Max: 2 * time.Second, Caller: "shop.go:7"}}
	d.Frequent = []health.Statement{{Fingerprint: "select 1", Count: 1<<53 + 1}}
	d.Leaks = []health.Leak{{Held: time.Minute, Place: "shop.go:9", Stack: []string{"shop.go:9", "main.go:3"}, Fingerprint: "select ?", Dropped: true}}
	d.Failures = []health.Failure{{At: at, Text: "connection reset"}}
	d.Config = []health.Setting{{Name: "fluxor_max_open_conns", Value: "50"}}
	s := newSource(d)
	s.ran(98, middleware.OpQuery, time.Millisecond, nil)
	s.ran(2, middleware.OpExec, 100*time.Millisecond, http.ErrAbortHandler)
	got := state(t, admin.New(admin.Named{Name: "orders", Source: s}))
	c := got.Connectors[0]
	if got.SchemaVersion != admin.SchemaVersion || c.Name != "orders" || c.Database != d.Backend || c.Config["fluxor_max_open_conns"] != "50" {
		t.Errorf("got %+v", got)
	}
	if l := c.Limits[0]; l.Limit != 100 || l.InUse != 7 || l.TimeoutSeconds != 30 || l.Mode != "timeout" {
		t.Errorf("limit: got %+v", l)
	}
	if f := c.Statements[0].Fingerprint; len(f) > 2003 || !utf8.ValidString(f) || !strings.HasSuffix(f, "...") {
		t.Errorf("a long statement is %d bytes, valid %v", len(f), utf8.ValidString(f))
	}
	if c.Leaks[0].HeldSeconds != 60 || c.Leaks[0].Place != "shop.go:9" || !c.Leaks[0].Dropped || len(c.Leaks[0].Stack) != 2 || !c.LastErrors[0].Time.Equal(at) {
		t.Errorf("got %+v, %+v", c.Leaks, c.LastErrors)
	}
	if f := c.Frequent; len(f) != 1 || f[0].Count != 1<<53+1 {
		t.Errorf("frequent: got %+v", f)
	}
	if q := c.Total.Queries; q.Count != 100 || q.Failed != 2 || c.Total.SuccessPercent != 98 || q.P50Seconds > 0.00105 || q.P99Seconds < 0.09 {
		t.Errorf("queries: got %+v", c.Total)
	}
	names := map[string]admin.Operation{}
	for _, o := range c.Total.Operations {
		names[o.Operation] = o
	}
	if o := names["exec"]; o.Count != 2 || o.Failed != 2 || o.Errors["server_error"] != 2 || o.MaxSeconds != 0.1 {
		t.Errorf("exec: got %+v", o)
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
}
