// This file is a line of the screen: spans of text, each with a look, cut to the screen's width.

package top

import (
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

// look is how a span is shown.
type look int

const (
	usual look = iota
	strong
	faint
	good
	doubtful
	bad
)

// span is a text in one look. It holds no control character.
type span struct {
	text string
	look look
}

// line is one line of the screen.
type line []span

// say is a line in the usual look.
func say(text string) line { return line{{text, usual}} }

// clean makes foreign text fit for a line: on one line, without characters that
// command the terminal or that it gives no column.
func clean(text string) string {
	text = term.Printable(strings.Join(strings.Fields(text), " "))
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, text)
}

// cut is the line in at most width columns.
func (l line) cut(width int) line {
	var short line
	for _, s := range l {
		s.text = term.Cut(s.text, width)
		width -= term.Columns(s.text)
		short = append(short, s)
	}
	return short
}

// String is the line without looks.
func (l line) String() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.text)
	}
	return strings.TrimRight(b.String(), " ")
}

// Palette says how looks are shown.
type Palette int

// The palettes.
const (
	// NoCodes shows text alone.
	NoCodes Palette = iota
	// NoColours tells looks apart by bold and faint letters.
	NoColours
	// Colours adds colours.
	Colours
)

// show writes the line for a terminal.
func (p Palette) show(l line) string {
	if p == NoCodes {
		return l.String()
	}
	var b strings.Builder
	for _, s := range l {
		if s.text != "" {
			b.WriteString(p.style(s.look).Render(s.text))
		}
	}
	return b.String()
}

func (p Palette) style(l look) lipgloss.Style {
	st := lipgloss.NewStyle()
	switch l {
	case usual:
		return st
	case faint:
		return st.Faint(true)
	case strong:
		return st.Bold(true)
	}
	st = st.Bold(true)
	if p == Colours {
		st = st.Foreground(map[look]lipgloss.ANSIColor{good: 2, doubtful: 3, bad: 1}[l])
	}
	return st
}
