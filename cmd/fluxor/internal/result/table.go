// This file writes aligned tables: a first window of rows decides how wide the columns are.

package result

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

// window is how many rows are looked at before the first is written.
const window = 200

// table keeps the window, then writes row after row. A later value that is
// wider than its column pushes its own row out of line.
type table struct {
	w       io.Writer
	null    string
	columns []Column
	rows    [][]string // the window, while it fills
	widths  []int
	words   []bool // columns in which not every value so far is a number
	flowing bool   // the window is written
	sets    int    // that were begun
}

func (t *table) Begin(columns []Column) error {
	*t = table{w: t.w, null: t.null, sets: t.sets + 1, columns: slices.Clone(columns), widths: make([]int, len(columns)), words: make([]bool, len(columns))}
	for i, c := range columns {
		t.columns[i].Name = term.Printable(c.Name)
		t.widths[i] = term.Columns(t.columns[i].Name)
	}
	if t.sets > 1 {
		return t.write("\n")
	}
	return nil
}

func (t *table) Row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = t.null
		if v != nil {
			cells[i] = term.Printable(text(v))
		}
		if !t.flowing {
			t.widths[i] = max(t.widths[i], term.Columns(cells[i]))
			t.words[i] = t.words[i] || v != nil && !isNumber(v, t.columns[i])
		}
	}
	if t.flowing {
		return t.line(cells)
	}
	t.rows = append(t.rows, cells)
	if len(t.rows) < window {
		return nil
	}
	return t.flow()
}

// flow writes the head and the window.
func (t *table) flow() error {
	t.flowing = true
	names, rules := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i], rules[i] = c.Name, strings.Repeat("-", t.widths[i])
	}
	for _, cells := range append([][]string{names, rules}, t.rows...) {
		if err := t.line(cells); err != nil {
			return err
		}
	}
	t.rows = nil
	return nil
}

func (t *table) line(cells []string) error {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		fill := strings.Repeat(" ", max(0, t.widths[i]-term.Columns(cell)))
		if t.words[i] {
			b.WriteString(cell + fill)
			continue
		}
		b.WriteString(fill + cell)
	}
	return t.write(strings.TrimRight(b.String(), " ") + "\n")
}

func (t *table) End(c Count) error {
	if err := t.settle(); err != nil {
		return err
	}
	note := fmt.Sprintf("%d rows", c.Total)
	if c.Total == 1 {
		note = "1 row"
	}
	if cut := c.cutNote(); cut != "" {
		note = cut
	}
	return t.write("(" + note + ")\n")
}

func (t *table) settle() error {
	if t.flowing || t.columns == nil {
		return nil
	}
	return t.flow()
}

func (t *table) Affected(c Count) error { return t.write("(" + c.affectedNote() + ")\n") }

// Close writes the rows that came before an error.
func (t *table) Close(o Outcome) error {
	if o.Error == "" {
		return nil
	}
	return t.settle()
}

func (t *table) write(s string) error {
	_, err := io.WriteString(t.w, s)
	return err
}
