// This file writes CSV as RFC 4180 has it, but for the line ends.

package result

import (
	"encoding/csv"
	"fmt"
	"io"
)

// comma writes each result set with a head of its own, an empty line between.
type comma struct {
	out   io.Writer
	w     *csv.Writer
	notes io.Writer
	null  string
	sets  int
}

func newCSV(o Options) *comma {
	return &comma{out: o.Out, w: csv.NewWriter(o.Out), notes: o.Notes, null: o.null("")}
}

func (c *comma) Begin(columns []Column) error {
	if c.sets++; c.sets > 1 {
		if _, err := io.WriteString(c.out, "\n"); err != nil {
			return err
		}
	}
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = column.Name
	}
	return c.record(names)
}

func (c *comma) Row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = c.null
		if v != nil {
			cells[i] = text(v)
		}
	}
	return c.record(cells)
}

// record writes one line at once: who follows the output sees each row as it
// comes. A lone empty cell is quoted, because readers pass over empty lines.
func (c *comma) record(cells []string) error {
	if len(cells) == 1 && cells[0] == "" {
		_, err := io.WriteString(c.out, "\"\"\n")
		return err
	}
	if err := c.w.Write(cells); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

func (c *comma) End(n Count) error { return note(c.notes, n.cutNote()) }

func (c *comma) Affected(n Count) error { return note(c.notes, n.affectedNote()) }

func (c *comma) Close(Outcome) error { return nil }

// note says what is not data, where there is something to say.
func note(w io.Writer, text string) error {
	if text == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "fluxor: %s\n", text)
	return err
}
