// This file says what a result is made of and who can write it.

// Package result writes the results of a statement row by row: as an aligned
// table, as CSV, as one JSON document, or as a JSON object per line. No writer
// keeps more than a window of rows.
package result

import (
	"fmt"
	"io"
)

// Column is one column of a result set.
type Column struct {
	// Name is the column's, as the driver tells it.
	Name string `json:"name"`
	// Type is the database's name of its type; "" where the driver knows none.
	Type string `json:"type,omitempty"`
}

// Count is how a result set or a statement without one ended.
type Count struct {
	// Rows were written of Total that came.
	Rows, Total int64
	// Affected is how many rows a statement without a result changed; -1 where
	// nobody said.
	Affected int64
}

// Sink takes the results of one statement. For each result set come Begin, the
// rows and End; Affected stands for a statement that returned none; Close comes
// last, with the outcome. A Sink belongs to one goroutine.
type Sink interface {
	// Begin starts a result set.
	Begin(columns []Column) error
	// Row writes one row; it keeps nothing of values.
	Row(values []any) error
	// End ends a result set.
	End(Count) error
	// Affected says that a statement returned no rows.
	Affected(Count) error
	// Close ends the output. It does not write the outcome where a person reads
	// it elsewhere.
	Close(Outcome) error
}

// Outcome is how a statement ended; empty where all went well.
type Outcome struct {
	// Error is what ended it, Meaning whether repeating helps.
	Error, Meaning string
	// NextSteps are commands that may help.
	NextSteps []string
}

// WriteError is the output's own error, in contrast to the statement's.
// Repeating helps once there is room, or somebody reads.
type WriteError struct{ Err error }

// Error is the writer's own text.
func (e *WriteError) Error() string { return e.Err.Error() }

// Unwrap returns the writer's error.
func (e *WriteError) Unwrap() error { return e.Err }

// output makes each error a *WriteError.
type output struct{ w io.Writer }

func (o output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		err = &WriteError{err}
	}
	return n, err
}

// Options shape the output.
type Options struct {
	// Format is one of Formats.
	Format string
	// Null stands for NULL in a table and in CSV; nil means NULL in a table
	// and nothing in CSV.
	Null *string
	// Out is where the result goes, and Notes where CSV and JSON lines, whose
	// readers are programs, say what is not data.
	Out, Notes io.Writer
}

// Formats are the formats, the default first.
var Formats = []string{"table", "csv", "json", "jsonl"}

// New returns the sink for a format. What its writers refuse is a *WriteError.
func New(o Options) (Sink, error) {
	o.Out, o.Notes = output{o.Out}, output{o.Notes}
	switch o.Format {
	case "table":
		return &table{w: o.Out, null: o.null("NULL")}, nil
	case "csv":
		return newCSV(o), nil
	case "json":
		return &document{w: o.Out}, nil
	case "jsonl":
		return &lines{w: o.Out, notes: o.Notes}, nil
	}
	return nil, fmt.Errorf("no such format: %s", o.Format)
}

func (o Options) null(unset string) string {
	if o.Null != nil {
		return *o.Null
	}
	return unset
}

// cutNote says that rows were left out; "" if none were.
func (c Count) cutNote() string {
	if c.Rows == c.Total {
		return ""
	}
	return fmt.Sprintf("cut: %d of %d rows shown", c.Rows, c.Total)
}

// affectedNote says what a statement without rows did.
func (c Count) affectedNote() string {
	switch {
	case c.Affected < 0:
		return "done, no rows; how many were affected is not known"
	case c.Affected == 1:
		return "1 row affected"
	}
	return fmt.Sprintf("%d rows affected", c.Affected)
}
