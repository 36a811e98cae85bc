// This file serves each part of the page as JSON, with the page's filters.

package admin

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// View is the answer of a view: what a section of the page shows.
type View struct {
	// SchemaVersion is [SchemaVersion], Time the moment.
	SchemaVersion int       `json:"schema_version"`
	Time          time.Time `json:"time"`
	// Rows are the section's, each with the name of its connector where it has one.
	Rows []any `json:"rows"`
}

// viewOf makes the rows of a section.
type viewOf func(h *Handler, d Document) []any

// views are the sections by their path.
var views = map[string]viewOf{
	"/findings.json":   func(_ *Handler, d Document) []any { return each(d.Findings, asAny) },
	"/connectors.json": perConnector(func(c Connector) []any { return []any{summary{c.Name, c.Database, c.State, c.Summary, c.Health}} }),
	"/traffic.json":    perConnector(func(c Connector) []any { return []any{traffic{c.Name, c.ActiveTransactions, c.Recent, c.Total}} }),
	"/pool.json":       perConnector(func(c Connector) []any { return []any{pooled{c.Name, c.Pool, c.Limits}} }),
	"/breaker.json":    perConnector(func(c Connector) []any { return []any{guarded{c.Name, c.Breaker}} }),
	"/cache.json":      perConnector(func(c Connector) []any { return []any{cached{c.Name, c.Cache, c.Recent.Cache, c.Total.Cache}} }),
	"/statements.json": perConnector(statementRows),
	"/leaks.json":      perConnector(func(c Connector) []any { return each(c.Leaks, func(l Leak) any { return leakRow{c.Name, l} }) }),
	"/errors.json":     perConnector(func(c Connector) []any { return each(c.LastErrors, func(f Failure) any { return errorRow{c.Name, f} }) }),
	"/options.json":    perConnector(optionRows),
	"/history.json":    historyRows,
	"/clients.json":    func(h *Handler, _ Document) []any { return each(h.allClients(), asAny) },
}

// viewPaths are the paths of the views.
func viewPaths() []string { return slices.Sorted(maps.Keys(views)) }

func asAny[T any](row T) any { return row }

// perConnector makes the rows of each connector.
func perConnector(rows func(Connector) []any) viewOf {
	return func(_ *Handler, d Document) []any {
		all := []any{}
		for _, c := range d.Connectors {
			all = append(all, rows(c)...)
		}
		return all
	}
}

// The rows of views, each with its connector's name.
type (
	summary struct {
		Connector string `json:"connector"`
		Database  string `json:"database"`
		State     string `json:"state"`
		Summary   string `json:"summary"`
		Health    Health `json:"health"`
	}
	traffic struct {
		Connector          string   `json:"connector"`
		ActiveTransactions int64    `json:"active_transactions"`
		Recent             Interval `json:"recent"`
		Total              Interval `json:"total"`
	}
	pooled struct {
		Connector string  `json:"connector"`
		Pool      Pool    `json:"pool"`
		Limits    []Limit `json:"limits"`
	}
	guarded struct {
		Connector string  `json:"connector"`
		Breaker   Breaker `json:"breaker"`
	}
	cached struct {
		Connector string      `json:"connector"`
		Cache     Cache       `json:"cache"`
		Recent    CacheCounts `json:"recent"`
		Total     CacheCounts `json:"total"`
	}
	statementRow struct {
		Connector string `json:"connector"`
		Statement
	}
	leakRow struct {
		Connector string `json:"connector"`
		Leak
	}
	errorRow struct {
		Connector string `json:"connector"`
		Failure
	}
	historyRow struct {
		Connector string `json:"connector"`
		Sample
	}
	optionRow struct {
		Connector string `json:"connector"`
		Name      string `json:"name"`
		Value     string `json:"value"`
	}
)

// statementRows are the statements that took most time together, then those that
// ran most often and are not among them.
func statementRows(c Connector) []any {
	rows := []any{}
	for _, s := range c.Statements {
		rows = append(rows, statementRow{c.Name, s})
	}
	for _, s := range c.Frequent {
		if !slices.ContainsFunc(c.Statements, func(other Statement) bool { return other.Fingerprint == s.Fingerprint }) {
			rows = append(rows, statementRow{c.Name, s})
		}
	}
	return rows
}

// historyRows are the samples of each connector, the oldest first.
func historyRows(h *Handler, d Document) []any {
	return perConnector(func(c Connector) []any {
		return each(h.options.History.of(c.Name), func(s Sample) any { return historyRow{c.Name, s} })
	})(h, d)
}

func optionRows(c Connector) []any {
	rows := []any{}
	for _, name := range slices.Sorted(maps.Keys(c.Config)) {
		rows = append(rows, optionRow{c.Name, name, c.Config[name]})
	}
	return rows
}

// serveView answers with the rows that the query lets through: connector is the
// name of one, q a text that a row has somewhere, in whichever case.
func (h *Handler) serveView(v viewOf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		connector, q := r.URL.Query().Get("connector"), strings.ToLower(r.URL.Query().Get("q"))
		d := h.Document()
		if connector != "" {
			other := func(name string) bool { return name != connector }
			d.Connectors = slices.DeleteFunc(d.Connectors, func(c Connector) bool { return other(c.Name) })
			d.Findings = slices.DeleteFunc(d.Findings, func(f Finding) bool { return other(f.Connector) })
		}
		view := View{SchemaVersion: d.SchemaVersion, Time: d.Time, Rows: []any{}}
		for _, row := range v(h, d) {
			if q == "" || strings.Contains(strings.ToLower(textOf(row)), q) {
				view.Rows = append(view.Rows, row)
			}
		}
		answer(w, http.StatusOK, view)
	}
}

// textOf is all that stands in a row, a text per line.
func textOf(row any) string {
	var tree any
	body, _ := json.Marshal(row) // finite numbers and texts cannot fail
	_ = json.Unmarshal(body, &tree)
	var b strings.Builder
	write(&b, tree)
	return b.String()
}

func write(b *strings.Builder, tree any) {
	switch t := tree.(type) {
	case string:
		b.WriteString(t + "\n")
	case []any:
		for _, item := range t {
			write(b, item)
		}
	case map[string]any:
		for _, item := range t {
			write(b, item)
		}
	}
}
