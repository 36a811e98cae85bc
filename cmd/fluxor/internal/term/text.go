// This file makes foreign text fit for a terminal, and measures it.

package term

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Printable writes control characters as Go does, \n and \x1b: a text can
// neither break a table nor command the terminal.
func Printable(s string) string {
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !unprintable(r) {
			b.WriteRune(r)
			continue
		}
		q := fmt.Sprintf("%q", string(r))
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}

// unprintable are control characters, and the ones that turn the direction of
// what follows them.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// Columns is how many columns a terminal gives to s, which is printable: two
// for an East Asian character or an emoji, none for a mark on the one before.
func Columns(s string) int { return ansi.StringWidth(s) }

// Cut returns s, which is printable, in at most width columns: a longer text
// ends with three dots in one column.
func Cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(s, width, "…")
}
