// This file takes down everything that database/sql shows of a query, as one text.

package difffuzz

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// answer is what a query told.
type answer struct {
	text string // columns, types and rows of all results; "" after an error
	rows int
	err  error
}

// String is all of it.
func (a answer) String() string {
	if a.err != nil {
		return "error " + a.err.Error()
	}
	return a.text
}

// answerOf reads a query to its end. Without an order the rows are sorted: the
// database may give them in any.
func answerOf(rows *sql.Rows, err error, inOrder bool) (a answer) {
	if err != nil {
		return answer{err: err}
	}
	defer rows.Close()
	var b strings.Builder
	for set := true; set; set = rows.NextResultSet() {
		if err := columnsOf(&b, rows); err != nil {
			return answer{err: err}
		}
		lines, err := linesOf(rows)
		if err != nil {
			return answer{err: err}
		}
		if !inOrder {
			slices.Sort(lines)
		}
		a.rows += len(lines)
		b.WriteString(strings.Join(lines, ""))
	}
	if err := rows.Err(); err != nil {
		return answer{err: err}
	}
	a.text, a.err = b.String(), rows.Close()
	return a
}

// columnsOf takes down all that is known of the columns.
func columnsOf(b *strings.Builder, rows *sql.Rows) error {
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	for _, t := range types {
		length, hasLength := t.Length()
		nullable, knowsNull := t.Nullable()
		precision, scale, decimal := t.DecimalSize()
		fmt.Fprintf(b, "column %q type %q length %d %t nullable %t %t decimal %d %d %t scan %v\n", t.Name(),
			t.DatabaseTypeName(), length, hasLength, nullable, knowsNull, precision, scale, decimal, t.ScanType())
	}
	return nil
}

// linesOf takes down the rows of one result.
func linesOf(rows *sql.Rows) (lines []string, err error) {
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		vals, ptrs := make([]any, len(names)), make([]any, len(names))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return nil, err
		}
		var b strings.Builder
		for _, v := range vals {
			b.WriteString(show(v) + " | ")
		}
		lines = append(lines, b.String()+"\n")
	}
	return lines, rows.Err()
}

// show writes a value with its Go type.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case time.Time:
		return fmt.Sprintf("time(%s in %q)", v.Format(time.RFC3339Nano), v.Location())
	case []byte:
		if v == nil {
			return "bytes(nil)"
		}
		return fmt.Sprintf("bytes(%q)", v)
	case string:
		return fmt.Sprintf("string(%q)", v)
	}
	return fmt.Sprintf("%T(%v)", v, v)
}

// differs reports whether an answer of the cache is not the database's own. An
// error of which nobody can say whether it comes again tells nothing. Of others
// the database's code counts: words and types depend on whether the driver was
// describing the statement or running it.
func (d *database) differs(cached, own answer) bool {
	switch {
	case d.passing(cached.err), d.passing(own.err):
		return false
	case cached.err != nil && own.err != nil:
		if one, other := code(cached.err), code(own.err); one != "" && other != "" {
			return one != other && !d.aborted(own.err) && !d.aborted(cached.err)
		}
		if unencoded(cached.err) && unencoded(own.err) {
			return false
		}
	}
	return cached.String() != own.String()
}

// unencoded reports whether pgx found no way to send an argument. It names the type
// that the parameter had when that connection prepared the text, which was perhaps
// before somebody changed the table.
func unencoded(err error) bool { return strings.Contains(err.Error(), "unable to encode") }
