// This file compares docs/METRICS.md and the dashboard with what the collector exports.

package prometheus_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/fluxor-db/fluxor/internal/snippet"
	"github.com/fluxor-db/fluxor/metrics/prometheus"
)

// document reads a file of docs.
func document(t *testing.T, name ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "docs"}, name...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section is the part of a page under a heading.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("the page has no section %q", heading)
	}
	part, _, _ := strings.Cut(rest, "\n## ")
	return part
}

// rows are the first four cells and the last of a section's table, by name.
func rows(part string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(part) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "`"); ok && strings.HasPrefix(line, "| `") {
			all[name] = strings.TrimSpace(line)
		}
	}
	return all
}

// row is how the page shows a family.
func row(f *dto.MetricFamily, common []string) string {
	labels := map[string]bool{}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if !slices.Contains(common, l.GetName()) {
				labels["`"+l.GetName()+"`"] = true
			}
		}
	}
	unit := "1"
	if strings.Contains(f.GetName(), "_seconds") {
		unit = "s"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |", f.GetName(), strings.ToLower(f.GetType().String()),
		strings.Join(slices.Sorted(maps.Keys(labels)), ", "), unit, f.GetHelp())
}

func TestThePageListsWhatIsExported(t *testing.T) {
	page := document(t, "METRICS.md")
	listed := rows(section(t, page, "Prometheus"))
	maps.Copy(listed, rows(section(t, page, "HikariCP's names")))
	for name, f := range scrape(t, exporting(t, prometheus.Options{HikariCP: true}, busy())) {
		common := []string{"db_client_connection_pool_name", "db_system_name"}
		if strings.HasPrefix(name, "hikaricp_") {
			common = []string{"pool"}
		}
		if want := row(f, common); listed[name] != want {
			t.Errorf("the page has  %s\nit should have %s", listed[name], want)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("the page lists %s, which is not exported", name)
	}
}

func TestThePagesCodeIsThatOfExamples(t *testing.T) {
	var sources []string
	for _, dir := range []string{".", "../otel", "../../middleware/tracing"} {
		text, err := os.ReadFile(filepath.Join(dir, "example_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, string(text))
	}
	page := document(t, "METRICS.md")
	if got := len(snippet.Fenced(page, "go")); got != len(sources) {
		t.Errorf("the page has %d blocks of code, want %d", got, len(sources))
	}
	for _, block := range snippet.Missing(page, sources) {
		t.Errorf("no example runs\n%s", block)
	}
}

// dashboard is what the test looks at of docs/grafana/fluxor.json.
type dashboard struct {
	UID    string
	Title  string
	Panels []panel
	// Templating holds the variables.
	Templating struct {
		List []struct{ Name, Query, Definition string }
	}
}

type panel struct {
	ID      int
	Title   string
	Type    string
	GridPos struct{ H, W, X, Y int }
	Targets []struct{ Expr, RefID string }
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(document(t, "grafana", "fluxor.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// The parts of a PromQL expression that are no metrics' names.
var (
	quoted  = regexp.MustCompile(`"[^"]*"`)
	grouped = regexp.MustCompile(`\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	matched = regexp.MustCompile(`\{([^}]*)\}`)
	ranged  = regexp.MustCompile(`\[[^\]]*\]`)
	called  = regexp.MustCompile(`\b[a-z_]+\s*\(`)
	word    = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
)

// namesIn are the metrics and the labels that an expression uses.
func namesIn(expr string) (metrics, labels []string) {
	expr = quoted.ReplaceAllString(expr, "")
	for _, m := range append(grouped.FindAllStringSubmatch(expr, -1), matched.FindAllStringSubmatch(expr, -1)...) {
		labels = append(labels, word.FindAllString(m[len(m)-1], -1)...)
	}
	for _, part := range []*regexp.Regexp{grouped, matched, ranged, called} {
		expr = part.ReplaceAllString(expr, " ")
	}
	for _, name := range word.FindAllString(expr, -1) {
		if name != "or" && name != "and" && name != "unless" && name != "bool" {
			metrics = append(metrics, name)
		}
	}
	return metrics, labels
}

// exported are the series that Prometheus has of the collector, and the labels
// on each.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for name, f := range scrape(t, exporting(t, prometheus.Options{}, busy())) {
		labels := []string{"job", "instance"}
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		all[name] = labels
		if f.GetType() == dto.MetricType_HISTOGRAM {
			all[name+"_bucket"], all[name+"_sum"], all[name+"_count"] = append(labels, "le"), labels, labels
			delete(all, name)
		}
	}
	return all
}

// ask checks that an expression asks for what is exported, and returns the
// metrics that it uses.
func ask(t *testing.T, known map[string][]string, where, expr string) []string {
	t.Helper()
	metrics, labels := namesIn(expr)
	if len(metrics) == 0 {
		t.Errorf("%s asks for nothing: %s", where, expr)
	}
	for _, m := range metrics {
		if known[m] == nil {
			t.Errorf("%s asks for %s, which is not exported", where, m)
		}
		for _, l := range labels {
			if known[m] != nil && !slices.Contains(known[m], l) {
				t.Errorf("%s asks for the label %s, which %s does not have", where, l, m)
			}
		}
	}
	return metrics
}

func TestTheAlertsOfTheHandbookAskForWhatIsExported(t *testing.T) {
	known := exported(t)
	known["db_client_connection_max"] = append(known["db_client_connection_max"], "db_client_connection_state") // of what it divides
	rules := regexp.MustCompile(`(?m)^ +- alert: (\w+).*\n +expr: (.*)$`).FindAllStringSubmatch(document(t, "OPERATING.md"), -1)
	if len(rules) < 9 {
		t.Fatalf("the handbook has %d alerts", len(rules))
	}
	for _, rule := range rules {
		ask(t, known, rule[1], rule[2])
	}
}

func TestTheDashboardAsksForWhatIsExported(t *testing.T) {
	known := exported(t)
	used := map[string]bool{}
	d := readDashboard(t)
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			for _, m := range ask(t, known, p.Title, q.Expr) {
				used[m] = true
			}
		}
	}
	for name := range known {
		if strings.HasPrefix(name, "fluxor_") && !used[name] {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
	for _, v := range d.Templating.List {
		if inner, ok := strings.CutPrefix(v.Query, "label_values("); ok {
			metric, label, _ := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
			if labels := known[strings.TrimSpace(metric)]; !slices.Contains(labels, strings.TrimSpace(label)) {
				t.Errorf("the variable %s asks for %s", v.Name, v.Query)
			}
		}
	}
}

func TestTheDashboardIsWellFormed(t *testing.T) {
	d := readDashboard(t)
	if d.UID == "" || d.Title == "" || len(d.Panels) < 10 {
		t.Errorf("uid %q, title %q, %d panels", d.UID, d.Title, len(d.Panels))
	}
	ids := map[int]bool{}
	for i, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d, %q, stands at %+v", p.ID, p.Title, p.GridPos)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q asks for nothing", p.Title)
		}
		for _, other := range d.Panels[:i] {
			if overlap(p, other) {
				t.Errorf("panels %q and %q overlap", p.Title, other.Title)
			}
		}
	}
}

func overlap(a, b panel) bool {
	x, y := a.GridPos, b.GridPos
	return x.X < y.X+y.W && y.X < x.X+x.W && x.Y < y.Y+y.H && y.Y < x.Y+x.H
}

func TestNamesAreFoundInExpressions(t *testing.T) {
	metrics, labels := namesIn(`histogram_quantile(0.99, sum by (le, a) (rate(x_bucket{b=~"$c", d!="e"}[$__rate_interval]))) or y > bool 2 * on (f) z`)
	if want := []string{"x_bucket", "y", "z"}; !slices.Equal(metrics, want) {
		t.Errorf("metrics %q, want %q", metrics, want)
	}
	if want := []string{"le", "a", "f", "b", "d"}; !slices.Equal(labels, want) {
		t.Errorf("labels %q, want %q", labels, want)
	}
}
