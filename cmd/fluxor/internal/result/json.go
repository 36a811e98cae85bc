// This file writes JSON: one document, or one object per line.

package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// document is one JSON object, written as the rows come:
//
//	{"results": [
//	  {"columns": [{"name": "n", "type": "INT8"}], "rows": [
//	    [1],
//	    [2]
//	  ], "row_count": 2, "cut": false},
//	  {"rows_affected": 3}
//	], "error": "", "meaning": "", "next_steps": []}
//
// A row is an array, since two columns may bear one name. row_count counts what
// the statement returned, more than rows where cut is true. rows_affected is
// null where nobody said.
type document struct {
	w       io.Writer
	results int
	rows    int
	open    bool // a result set is begun
	columns []Column
}

func (d *document) Begin(columns []Column) error {
	d.columns, d.rows, d.open = columns, 0, true
	head, err := json.Marshal(columns)
	if err != nil {
		return err
	}
	return d.write("%s\n  {\"columns\": %s, \"rows\": [", d.next(), head)
}

// next separates a result from the one before and counts it.
func (d *document) next() string {
	d.results++
	if d.results == 1 {
		return `{"results": [`
	}
	return ","
}

func (d *document) Row(values []any) error {
	var b bytes.Buffer
	if d.rows++; d.rows > 1 {
		b.WriteByte(',')
	}
	b.WriteString("\n    [")
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.Write(asJSON(v, d.columns[i]))
	}
	b.WriteByte(']')
	_, err := d.w.Write(b.Bytes())
	return err
}

func (d *document) End(c Count) error {
	d.open = false
	return d.write("%s], \"row_count\": %d, \"cut\": %t}", d.gap(), c.Total, c.Rows < c.Total)
}

func (d *document) gap() string {
	if d.rows > 0 {
		return "\n  "
	}
	return ""
}

func (d *document) Affected(c Count) error {
	return d.write("%s\n  {\"rows_affected\": %s}", d.next(), affected(c))
}

func affected(c Count) string {
	if c.Affected < 0 {
		return "null"
	}
	return strconv.FormatInt(c.Affected, 10)
}

// Close ends the document, so that it can be read whatever happened.
func (d *document) Close(o Outcome) error {
	begun := "\n"
	switch {
	case d.open:
		begun = d.gap() + "]}\n"
	case d.results == 0:
		begun = `{"results": [`
	}
	return d.write("%s], \"error\": %s, \"meaning\": %s, \"next_steps\": %s}\n", begun, quoted(o.Error), quoted(o.Meaning), list(o.NextSteps))
}

// list is a JSON array of strings.
func list(texts []string) []byte {
	items := make([][]byte, len(texts))
	for i, text := range texts {
		items[i] = quoted(text)
	}
	return slices.Concat([]byte("["), bytes.Join(items, []byte(", ")), []byte("]"))
}

func (d *document) write(format string, args ...any) error {
	_, err := fmt.Fprintf(d.w, format, args...)
	return err
}

// lines writes one object per row, with the columns' names as keys.
type lines struct {
	w, notes io.Writer
	columns  []Column
	keys     [][]byte
}

// Begin makes each key unique: the second column n is n_2.
func (l *lines) Begin(columns []Column) error {
	l.columns, l.keys = columns, nil
	taken := make(map[string]bool)
	for _, c := range columns {
		key := c.Name
		for n := 2; taken[key]; n++ {
			key = c.Name + "_" + strconv.Itoa(n)
		}
		taken[key] = true
		l.keys = append(l.keys, quoted(key))
	}
	return nil
}

func (l *lines) Row(values []any) error {
	b := []byte("{")
	for i, v := range values {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, l.keys[i]...), ": "...)
		b = append(b, asJSON(v, l.columns[i])...)
	}
	_, err := l.w.Write(append(b, "}\n"...))
	return err
}

func (l *lines) End(c Count) error { return note(l.notes, c.cutNote()) }

// Affected is a line of its own, so that each statement leaves something.
func (l *lines) Affected(c Count) error {
	_, err := fmt.Fprintf(l.w, "{\"rows_affected\": %s}\n", affected(c))
	return err
}

func (l *lines) Close(Outcome) error { return nil }
