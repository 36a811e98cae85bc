// This file says what somebody should look at, and what to do about it.

package admin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/health"
)

// The severities of findings, the worst first.
const (
	// Error: calls fail, or what they hear is wrong.
	Error = "error"
	// Warn: calls may fail, or are slower than they need to be.
	Warn = "warn"
	// Info is good to know.
	Info = "info"
)

// Finding is something that somebody should look at.
type Finding struct {
	// ID is FX and a number, the same for ever; docs/ADMIN.md has a row for each.
	ID string `json:"id"`
	// Severity is "error", "warn" or "info".
	Severity string `json:"severity"`
	// Connector is the name of the connector.
	Connector string `json:"connector"`
	// Text says what is so, Detail what was seen, Cure what to do about it.
	Text   string `json:"text"`
	Detail string `json:"detail"`
	Cure   string `json:"cure"`
}

// sign is what all findings of one id share. seen returns the detail, "" where
// there is nothing to find.
type sign struct {
	id, severity string
	text, cure   string
	seen         func(c Connector) string
}

// signs is the one list, in the order in which findings of a severity are shown.
// docs/ADMIN.md has it as a table; a test ties both. An id is never used again
// for something else.
var signs = []sign{
	{
		"FX-3001", Error, "The circuit breaker refuses calls.",
		"Read the last error and look at the database. Nothing need be done here: the database is asked again by itself, and the first good answer closes the breaker.",
		Connector.breakerOpen,
	},
	{
		"FX-3002", Error, "Somebody has forced the circuit breaker open, so all calls are refused.",
		"Set it to automatic when the work at the database is done.",
		Connector.forcedOpen,
	},
	{
		"FX-3003", Error, "The database was asked and did not answer.",
		"Look at the database, and at what stands between it and this program.",
		Connector.unanswered,
	},
	{
		"FX-3004", Error, "Most operations are lost.",
		"Read the last errors: they say whether connections end, time runs out, or no connection is to be had.",
		Connector.failing,
	},
	{
		"FX-3005", Error, "Rows were dropped without Close, so their connections never come back.",
		"Close the rows where the stack says that they were asked for, and restart the program.",
		Connector.dropped,
	},
	{
		"FX-3006", Error, "The query cache has answered what the database would not have.",
		"Somebody changes tables without this connector: let those writes go through it, give such tables a short time in the rules, or leave them out of the cache.",
		Connector.mismatched,
	},
	{
		"FX-3101", Warn, "It is not known whether some writes took effect.",
		"Look up whether they did before they are sent again; docs/ERRORS.md says how.",
		Connector.unknownOutcomes,
	},
	{
		"FX-3102", Warn, "Callers wait for lack of room, or are refused.",
		"First look at leaks and at the slowest statements. If there are none, raise fluxor_max_open_conns as far as the database has room, or the limit that is reached.",
		Connector.saturated,
	},
	{
		"FX-3103", Warn, "Connections are held for too long.",
		"Look where the stack says that they were borrowed: rows that are not closed, a transaction that is not ended, or a sql.Conn that is kept. Without a stack, set fluxor_leak_stack=always.",
		Connector.leaking,
	},
	{
		"FX-3104", Warn, "Many queries fail.",
		"Read the last errors; the errors by kind of operation say whether the database or the network made them.",
		Connector.erring,
	},
	{
		"FX-3105", Warn, "Somebody has forced the circuit breaker closed, so a sick database makes all callers wait.",
		"Set it to automatic, unless that is meant.",
		Connector.forcedClosed,
	},
	{
		"FX-3106", Warn, "The query cache keeps nothing, because it does not know the schema.",
		"Let the user read the catalog, or set fluxor_cache_catalog=0; docs/CACHE.md says what follows from that.",
		Connector.schemaUnknown,
	},
	{
		"FX-3201", Info, "Queries take as long as fluxor_slow_query_threshold or longer.",
		"Look at the slowest statements, and let the database explain the first.",
		Connector.slow,
	},
	{
		"FX-3202", Info, "The query cache gives up answers for lack of memory.",
		"Raise fluxor_cache_size if the hit ratio is lower than it should be.",
		Connector.crampedCache,
	},
}

var severities = []string{Error, Warn, Info}

// findingsOf are those of all connectors, the worst first.
func findingsOf(connectors []Connector) []Finding {
	found := []Finding{}
	for _, c := range connectors {
		for _, s := range signs {
			if detail := s.seen(c); detail != "" {
				found = append(found, Finding{s.id, s.severity, c.Name, s.text, shorten(detail), s.cure})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity))
	})
	return found
}

func (c Connector) breakerOpen() string {
	if b := c.Breaker; b.Override != "forced open" && (b.State == health.BreakerOpen || b.State == health.BreakerHalfOpen) {
		return c.down()
	}
	return ""
}

func (c Connector) forcedOpen() string {
	if c.Breaker.Override == "forced open" {
		return c.down()
	}
	return ""
}

func (c Connector) forcedClosed() string {
	if c.Breaker.Override == "forced closed" {
		return fmt.Sprintf("for %s", c.Breaker.Seconds)
	}
	return ""
}

// unanswered is for who asks while the breaker lets calls through.
func (c Connector) unanswered() string {
	if c.breakerOpen() != "" || c.forcedOpen() != "" {
		return ""
	}
	return c.down()
}

func (c Connector) dropped() string {
	var places []string
	n := 0
	for _, l := range c.Leaks {
		if !l.Dropped {
			continue
		}
		if n++; l.Place != "" && !slices.Contains(places, l.Place) {
			places = append(places, l.Place)
		}
	}
	return counted(n, "connection", places)
}

func (c Connector) leaking() string {
	var places []string
	n := 0
	for _, l := range c.Leaks {
		if l.Dropped {
			continue
		}
		if n++; l.Place != "" && !slices.Contains(places, l.Place) {
			places = append(places, l.Place)
		}
	}
	return counted(n, "connection", places)
}

// counted is a number of things and where they came from; "" of none.
func counted(n int, thing string, places []string) string {
	if n == 0 {
		return ""
	}
	if n > 1 {
		thing += "s"
	}
	text := fmt.Sprintf("%d %s", n, thing)
	if len(places) > 0 {
		text += ", borrowed at " + strings.Join(places, ", ")
	}
	return text
}

func (c Connector) mismatched() string {
	if n := c.Total.Cache.Mismatches; n > 0 {
		return fmt.Sprintf("%d of %d answers that were compared were not the database's, since the start", n, c.Total.Cache.Audits)
	}
	return ""
}

func (c Connector) unknownOutcomes() string {
	if n := c.Recent.Indeterminate; n > 0 {
		return fmt.Sprintf("%d in the last %s, %d since the start", n, c.Recent.Seconds, c.Total.Indeterminate)
	}
	return ""
}

// erring is when a tenth of the queries fails, and three at least, and it is not
// said already that most are lost.
func (c Connector) erring() string {
	q := c.Recent.Queries
	if q.Failed < few || 10*q.Failed < q.Count || c.failing() != "" || c.down() != "" {
		return ""
	}
	last := ""
	if len(c.LastErrors) > 0 {
		last = c.LastErrors[0].Text
	}
	return fmt.Sprintf("%d of %d in the last %s%s", q.Failed, q.Count, c.Recent.Seconds, because(last))
}

func (c Connector) schemaUnknown() string {
	if c.Cache.Schema != "unknown" {
		return ""
	}
	return c.Cache.SchemaFault // none after a change, until somebody asks for what may be cached
}

func (c Connector) slow() string {
	if n := c.Recent.SlowQueries; n > 0 {
		return fmt.Sprintf("%d of %d in the last %s", n, c.Recent.Queries.Count, c.Recent.Seconds)
	}
	return ""
}

func (c Connector) crampedCache() string {
	if n := c.Recent.Cache.Evictions; n > 0 {
		return fmt.Sprintf("%d in the last %s; %d of %d bytes are used", n, c.Recent.Seconds, c.Cache.Bytes, c.Cache.BudgetBytes)
	}
	return ""
}
