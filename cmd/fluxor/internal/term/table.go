// This file writes tables of three columns, and pairs.

package term

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The columns of a table: what is compared, and the two sides.
const (
	firstColumn = 44
	otherColumn = 16
)

// Table writes rows under a head. Texts that do not fit are broken into lines.
func (s *Screen) Table(head [3]string, rows [][3]string) {
	s.write("\n")
	s.tableRow(bold, head)
	s.write("  " + s.style(dim, strings.Repeat("-", Width-4)) + "\n")
	for _, row := range rows {
		s.tableRow(plainStyle, row)
	}
}

func (s *Screen) tableRow(st style, row [3]string) {
	cells := [3][]string{
		wrap(row[0], firstColumn-1), wrap(row[1], otherColumn-1), wrap(row[2], otherColumn-1),
	}
	for i := range max(len(cells[0]), len(cells[1]), len(cells[2])) {
		line := fmt.Sprintf("%-*s%-*s%s", firstColumn, at(cells[0], i), otherColumn, at(cells[1], i), at(cells[2], i))
		s.write("  " + s.style(st, strings.TrimRight(line, " ")) + "\n")
	}
}

// labelColumn is the width of a pair's label.
const labelColumn = 30

// Pair writes a label and what belongs to it, which is broken into lines. A
// label that leaves no room stands alone.
func (s *Screen) Pair(label, text string) {
	if utf8.RuneCountInString(label) >= labelColumn {
		s.write("  " + s.style(bold, label) + "\n")
		label = ""
	}
	for i, line := range wrap(text, Width-2-labelColumn) {
		if i > 0 {
			label = ""
		}
		lead := s.style(bold, fmt.Sprintf("%-*s", labelColumn, label))
		s.write("  " + strings.TrimRight(lead+line, " ") + "\n")
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
