// This file writes what is known of a connector, part by part.

package top

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
	"github.com/fluxor-db/fluxor/health"
)

// section is a part of the screen. When there is little room it has the first
// least of its lines.
type section struct {
	lines []line
	least int
}

// labelWidth is how wide the column of names is.
const labelWidth = 12

// facts is a section of a name and its lines.
func facts(name string, texts ...string) section {
	var s section
	for i, text := range texts {
		if i > 0 {
			name = ""
		}
		s.lines = append(s.lines, line{label(name), {text, usual}})
	}
	s.least = 1
	return s
}

// none is a section with nothing in it, the first to go.
func none(name string) section {
	return section{lines: []line{{label(name), {"none", faint}}}}
}

func label(name string) span { return span{fmt.Sprintf("%-*s", labelWidth, name), strong} }

// sectionsOf are the parts of a connector, the most important first.
func sectionsOf(c, before *admin.Connector, width int) []section {
	return []section{
		poolSection(c.Pool), breakerSection(c.Breaker), limitsSection(c.Limits), latencySection(c, before, width),
		cacheSection(c), statementsSection(c.Statements), leaksSection(c.Leaks), errorsSection(c.LastErrors),
	}
}

func poolSection(p admin.Pool) section {
	used := fmt.Sprintf("%d used", p.Used)
	if p.MaxOpen > 0 {
		used = fmt.Sprintf("%d of %d used", p.Used, p.MaxOpen)
	}
	return facts("pool",
		fmt.Sprintf("%s, %d idle, %d waiting, %d dialing; most used %d", used, p.Idle, p.Waiting, p.Dialing, p.MaxUsed),
		fmt.Sprintf("%s waited %v, %s gave up; dials %s, failed %s, lost %s, broken %s",
			count(p.Waits), p.WaitSeconds, count(p.Timeouts), count(p.Dials), count(p.DialErrors), count(p.Discarded), count(p.Invalid)))
}

func breakerSection(b admin.Breaker) section {
	text := clean(b.State)
	if b.Override != "" {
		text += " (" + clean(b.Override) + ")"
	}
	if b.State != health.BreakerClosed {
		text += fmt.Sprintf(" for %v", b.DownSeconds)
	}
	if b.NextProbeSeconds != nil {
		text += fmt.Sprintf(", next probe in %v", *b.NextProbeSeconds)
	}
	text += fmt.Sprintf("; %d failures in a row, opened %s times, refused %s", b.Failures, count(b.Opened), count(b.Refused))
	if b.LastError == "" {
		return facts("breaker", text)
	}
	return facts("breaker", text, "last error: "+clean(b.LastError))
}

func limitsSection(limits []admin.Limit) section {
	var texts []string
	for _, l := range limits {
		text := fmt.Sprintf("%s: %d", clean(l.Name), l.Limit)
		if l.Name == health.LimitAtOnce {
			text = fmt.Sprintf("%s: %d of %d", clean(l.Name), l.InUse, l.Limit)
		}
		text += fmt.Sprintf(", %d queued, %s refused; %s", l.Queued, count(l.Refused), clean(l.Mode))
		if l.TimeoutSeconds > 0 {
			text += " " + l.TimeoutSeconds.String()
		}
		texts = append(texts, text)
	}
	if texts == nil {
		return none("limits")
	}
	return facts("limits", texts...)
}

// column is a column of the latency table.
type column struct {
	name string
	rank int // in which order columns stay where the screen is narrow
	of   func(o admin.Operation, rate admin.Rate) string
}

const columnWidth = 9

var columns = []column{
	{"per s", 1, func(_ admin.Operation, r admin.Rate) string { return r.String() }},
	{"failed", 3, func(o admin.Operation, _ admin.Rate) string { return count(o.Failed) }},
	{"p50", 4, func(o admin.Operation, _ admin.Rate) string { return timed(o, o.P50Seconds) }},
	{"p95", 5, func(o admin.Operation, _ admin.Rate) string { return timed(o, o.P95Seconds) }},
	{"p99", 2, func(o admin.Operation, _ admin.Rate) string { return timed(o, o.P99Seconds) }},
	{"max", 6, func(o admin.Operation, _ admin.Rate) string { return timed(o, o.MaxSeconds) }},
}

func latencySection(c, before *admin.Connector, width int) section {
	operations := c.Recent.Operations
	if len(operations) == 0 {
		return none("latency")
	}
	fitting := (width - labelWidth) / columnWidth
	head, rows := line{label("latency")}, make([]line, len(operations))
	for i, o := range operations {
		rows[i] = line{{fmt.Sprintf("  %-*s", labelWidth-2, term.Cut(clean(o.Operation), labelWidth-3)), usual}}
	}
	for _, column := range columns {
		if column.rank > fitting {
			continue
		}
		head = append(head, span{right(column.name, columnWidth), faint})
		for i, o := range operations {
			rows[i] = append(rows[i], span{right(column.of(o, rateOf(o, c, before)), columnWidth), usual})
		}
	}
	head = append(head, span{fmt.Sprintf("   last %v", c.Recent.Seconds), faint})
	return section{lines: append([]line{head}, rows...), least: 3}
}

// timed is a duration; where all were refused there is none.
func timed(o admin.Operation, s admin.Seconds) string {
	if o.MaxSeconds == 0 {
		return "-"
	}
	return s.String()
}

// right puts a text, which has a column per character, at the right of its
// column, with a blank before it however long it is.
func right(text string, width int) string { return fmt.Sprintf(" %*s", width-1, text) }

// statementWidth is how wide a column of figures is before a statement.
const statementWidth = 8

func statementsSection(list []admin.Statement) section {
	if len(list) == 0 {
		return none("statements")
	}
	head := line{label("statements"), {right("count", statementWidth-2) + right("failed", statementWidth) + right("mean", statementWidth) + right("max", statementWidth), faint}}
	s := section{lines: []line{head}, least: 3}
	for _, st := range list {
		figures := right(count(st.Count), labelWidth+statementWidth-2) + right(count(st.Failed), statementWidth) +
			right(st.MeanSeconds.String(), statementWidth) + right(st.MaxSeconds.String(), statementWidth)
		s.lines = append(s.lines, say(figures+"  "+clean(st.Fingerprint)))
	}
	return s
}

func leaksSection(list []admin.Leak) section {
	var texts []string
	for _, l := range list {
		text := fmt.Sprintf("held %v", l.HeldSeconds)
		if l.Place != "" {
			text += "  " + clean(l.Place)
		}
		texts = append(texts, text+"  "+clean(l.Fingerprint))
	}
	if texts == nil {
		return none("leaks")
	}
	s := facts("leaks", texts...)
	s.lines[0][0].look = doubtful
	return s
}

// errorsSection has a line for all errors that differ in their numbers alone, and
// says when the newest of them came: an outage would leave room for no other.
func errorsSection(list []admin.Failure) section {
	var kinds []string
	newest, times := map[string]admin.Failure{}, map[string]int{}
	for _, f := range list {
		kind := strings.Map(withoutDigits, f.Text)
		if times[kind]++; times[kind] == 1 {
			kinds, newest[kind] = append(kinds, kind), f
		}
	}
	if kinds == nil {
		return none("errors")
	}
	var texts []string
	for _, kind := range kinds {
		f := newest[kind]
		texts = append(texts, fmt.Sprintf("%s %3dx  %s", f.Time.Local().Format(time.TimeOnly), times[kind], clean(f.Text)))
	}
	return facts("errors", texts...)
}

func withoutDigits(r rune) rune {
	if unicode.IsDigit(r) {
		return -1
	}
	return r
}
