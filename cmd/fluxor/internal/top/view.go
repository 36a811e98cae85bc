// This file lays the screen out: a function from documents and a size to lines.

package top

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/admin"
)

// Frame is what a screen shows.
type Frame struct {
	// Document is the present, Before the one before it; nil where there is none.
	Document, Before *admin.Document
	// Chosen is the number of the connector whose parts are shown.
	Chosen int
	// Lost says that the handler does not answer, since when and why; "" where
	// it does.
	Lost string
	// Status stands at the screen's foot.
	Status string
	// Help shows the keys and what the figures are.
	Help bool
}

// view returns the lines of a screen: at most height of at most width columns,
// what is most important first.
func view(f Frame, width, height int) []line {
	if width < 1 || height < 1 {
		return nil
	}
	var lines []line
	room := height
	if f.Status != "" && height > 3 {
		room--
	}
	switch {
	case f.Help:
		lines = slices.Clip(first(helpLines, room))
	case f.Document == nil:
		lines = []line{{{"asking ...", faint}}}
	default:
		lines = f.body(width, room)
	}
	if room < height {
		for len(lines) < room {
			lines = append(lines, nil)
		}
		lines = append(lines, line{{f.Status, faint}})
	}
	cut := make([]line, len(lines)) // the help's are everybody's
	for i, l := range lines {
		cut[i] = l.cut(width)
	}
	return cut
}

// body are the states and the chosen connector's parts.
func (f Frame) body(width, room int) []line {
	var lines []line
	if f.Lost != "" {
		lines = append(lines, line{{"NO ANSWER", bad}, {" " + f.Lost, usual}})
	}
	if len(f.Document.Connectors) == 0 {
		return first(append(lines, say("the handler shows no connector")), room)
	}
	chosen := f.Chosen % len(f.Document.Connectors)
	lines = append(lines, states(f.Document.Connectors, chosen, max(room/4, 1))...)
	if len(lines) >= room {
		return first(lines, room)
	}
	c := &f.Document.Connectors[chosen]
	return append(lines, fill(sectionsOf(c, find(f.Before, c.Name), width), room-len(lines))...)
}

// first are at most n lines.
func first(lines []line, n int) []line { return lines[:min(len(lines), n)] }

// states has a line for each connector, or where that is more than most for the
// chosen one and for all together.
func states(list []admin.Connector, chosen, most int) []line {
	var lines []line
	if len(list) == 1 {
		return []line{stateLine(list[0], "")}
	}
	if len(list) > most {
		lines = []line{stateLine(list[chosen], clean(list[chosen].Name)+"  ")}
		if most > 1 {
			lines = append(lines, line{{tally(list), faint}})
		}
		return lines
	}
	for i, c := range list {
		mark := "  "
		if i == chosen {
			mark = "> "
		}
		lines = append(lines, stateLine(c, mark+clean(c.Name)+"  "))
	}
	return lines
}

// tally counts connectors by state.
func tally(list []admin.Connector) string {
	counts := map[string]int{}
	for _, c := range list {
		counts[c.State]++
	}
	text := fmt.Sprintf("%d connectors", len(list))
	for _, state := range []string{admin.Down, admin.Failing, admin.Saturated, admin.Healthy} {
		if counts[state] > 0 {
			text += fmt.Sprintf(", %d %s", counts[state], state)
		}
	}
	return text
}

// stateLine is the state in words; what is not well stands in capitals.
func stateLine(c admin.Connector, lead string) line {
	word, l := strings.ToUpper(clean(c.State)), bad
	switch c.State {
	case admin.Healthy:
		word, l = c.State, good
	case admin.Saturated:
		l = doubtful
	}
	summary := clean(c.Summary)
	mark := ": "
	if strings.HasPrefix(summary, "for ") {
		mark = " "
	}
	return line{{lead, strong}, {word, l}, {mark + summary, usual}}
}

// fill puts sections into room lines: of each what it needs at least, in their
// order, and then more of each. With room to spare blank lines part them.
func fill(sections []section, room int) []line {
	total := len(sections)
	for _, s := range sections {
		total += len(s.lines)
	}
	parted := total <= room
	share := make([]int, len(sections))
	take := func(i, want int) {
		n := min(want-share[i], room)
		share[i], room = share[i]+n, room-n
	}
	for i, s := range sections {
		take(i, min(s.least, len(s.lines)))
	}
	for i, s := range sections {
		take(i, len(s.lines))
	}
	var lines []line
	for i, s := range sections {
		if parted {
			lines = append(lines, nil)
		}
		lines = append(lines, s.lines[:share[i]]...)
	}
	return lines
}

var helpLines = []line{
	{{"fluxor top", strong}},
	say("q, Ctrl-C   quit"),
	say("p, space    pause and go on"),
	say("tab         next connector"),
	say("?           this page, and back"),
	nil,
	say("per s       between the last two documents"),
	say("p50 ... max of the last seconds, as the head of the table says"),
	say("cache       of the last seconds; memory now, wrong answers since the start"),
	say("statements  since the start, most time together first"),
	say("dials, waits, refused ... since the start"),
	nil,
	say("docs/ADMIN.md explains every figure."),
}

// Plain is a view of all connectors for an output that is no terminal.
func Plain(d *admin.Document, width int) string {
	lines := states(d.Connectors, -1, len(d.Connectors))
	if len(lines) == 0 {
		lines = []line{say("the handler shows no connector")}
	}
	for i := range d.Connectors {
		c := &d.Connectors[i]
		lines = append(lines, nil, line{{clean(c.Name), strong}, {": " + clean(c.Database), usual}})
		for _, s := range sectionsOf(c, nil, width) {
			lines = append(lines, s.lines...)
		}
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.cut(width).String() + "\n")
	}
	return b.String()
}

// Lines has a line for each connector: time, name, state.
func Lines(d *admin.Document) string {
	var b strings.Builder
	for _, c := range d.Connectors {
		b.WriteString(d.Time.Local().Format(time.TimeOnly) + "  " + clean(c.Name) + "  " + stateLine(c, "").String() + "\n")
	}
	return b.String()
}
