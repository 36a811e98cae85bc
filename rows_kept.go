// This file is the rows of an answer that is in memory: whole, or as far as it was read before the driver's rows go on.

package fluxor

import (
	"database/sql/driver"
	"io"
	"reflect"

	"github.com/fluxor-db/fluxor/internal/cache"
)

var (
	_ driver.RowsColumnTypeScanType         = (*keptRows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*keptRows)(nil)
	_ driver.RowsColumnTypeLength           = (*keptRows)(nil)
	_ driver.RowsColumnTypeNullable         = (*keptRows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*keptRows)(nil)
	_ driver.RowsNextResultSet              = (*readRows)(nil)
)

// keptRows are the rows of a whole answer. They need no connection, and are the
// one allocation of a query that finds its answer.
type keptRows struct {
	answer  *cache.Answer
	next    int
	closing error     // what closing the driver's rows came to
	names   []string  // the columns', once somebody asked
	few     [4]string // room for them
}

// Columns returns names that belong to these rows: database/sql hands them to the
// caller, who may write into them.
func (r *keptRows) Columns() []string {
	if r.names == nil {
		r.names = append(r.few[:0], r.answer.Names()...)
	}
	return r.names
}

func (r *keptRows) Close() error {
	r.next = r.answer.Rows()
	return r.closing
}

func (r *keptRows) Next(dest []driver.Value) error {
	if r.next >= r.answer.Rows() {
		return io.EOF
	}
	r.answer.Row(r.next, dest)
	r.next++
	return nil
}

// What the driver said of the columns is kept with the answer; where it was
// silent, the answer has what database/sql says then.

func (r *keptRows) ColumnTypeScanType(i int) reflect.Type { return r.answer.Columns()[i].ScanType }

func (r *keptRows) ColumnTypeDatabaseTypeName(i int) string {
	return r.answer.Columns()[i].DatabaseType
}

func (r *keptRows) ColumnTypeLength(i int) (int64, bool) {
	c := &r.answer.Columns()[i]
	return c.Length, c.HasLength
}

func (r *keptRows) ColumnTypeNullable(i int) (nullable, ok bool) {
	c := &r.answer.Columns()[i]
	return c.Nullable, c.HasNullable
}

func (r *keptRows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	c := &r.answer.Columns()[i]
	return c.Precision, c.Scale, c.HasDecimal
}

// readRows are rows of which some were read ahead: those come first, then what
// the driver said next, an error or a row that does not fit, then its other rows.
// Until then its columns are what they were before the first row: of some drivers
// they change with it.
type readRows struct {
	driver.Rows // Fluxor's own handle on the driver's rows

	head keptRows
	row  []driver.Value // that did not fit; nil once it was handed out
	err  error          // what came in the place of a row; nil where the driver goes on
	live bool           // the driver's rows go on
}

func (r *readRows) Next(dest []driver.Value) error {
	if r.live {
		return r.Rows.Next(dest)
	}
	if err := r.head.Next(dest); err == nil {
		return nil
	}
	switch {
	case r.row != nil:
		copy(dest, r.row) // the driver's memory, which is valid until its next row
		r.row, r.live = nil, true
		return nil
	case r.err != nil:
		return r.err
	}
	r.live = true
	return r.Rows.Next(dest)
}

func (r *readRows) Close() error {
	_ = r.head.Close() // it has nothing to close
	r.row, r.err, r.live = nil, io.EOF, false
	return r.Rows.Close()
}

func (r *readRows) HasNextResultSet() bool {
	sets, ok := r.Rows.(driver.RowsNextResultSet)
	return ok && sets.HasNextResultSet()
}

func (r *readRows) NextResultSet() error {
	sets, ok := r.Rows.(driver.RowsNextResultSet)
	if !ok {
		return io.EOF
	}
	r.row, r.err, r.live = nil, nil, true
	return sets.NextResultSet()
}

func (r *readRows) ColumnTypeScanType(i int) reflect.Type {
	if !r.live {
		return r.head.ColumnTypeScanType(i)
	}
	if t, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return t.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

func (r *readRows) ColumnTypeDatabaseTypeName(i int) string {
	if !r.live {
		return r.head.ColumnTypeDatabaseTypeName(i)
	}
	if t, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return t.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

func (r *readRows) ColumnTypeLength(i int) (int64, bool) {
	if !r.live {
		return r.head.ColumnTypeLength(i)
	}
	if t, ok := r.Rows.(driver.RowsColumnTypeLength); ok {
		return t.ColumnTypeLength(i)
	}
	return 0, false
}

func (r *readRows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if !r.live {
		return r.head.ColumnTypeNullable(i)
	}
	if t, is := r.Rows.(driver.RowsColumnTypeNullable); is {
		return t.ColumnTypeNullable(i)
	}
	return false, false
}

func (r *readRows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if !r.live {
		return r.head.ColumnTypePrecisionScale(i)
	}
	if t, is := r.Rows.(driver.RowsColumnTypePrecisionScale); is {
		return t.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}

// ahead is what reading ahead came to.
type ahead struct {
	answer *cache.Answer // the whole answer; nil where it cannot be kept
	rows   driver.Rows   // what the caller gets in its place; nil where it is whole
	fit    cache.Fit     // why it cannot be kept, where the rows do not fit
	err    error         // that the driver said
}

// readAhead reads rows to their end, as long as they can be kept.
func readAhead(rows driver.Rows, limits cache.Limits) ahead {
	rec := cache.NewRecorder(cache.Columns(rows), limits)
	dest := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(dest)
		if err == nil {
			if fit := rec.Add(dest); fit != cache.Fits {
				return ahead{rows: &readRows{Rows: rows, head: keptRows{answer: rec.Answer()}, row: dest}, fit: fit}
			}
			continue
		}
		head := rec.Answer()
		sets, several := rows.(driver.RowsNextResultSet)
		if err == io.EOF && !(several && sets.HasNextResultSet()) { //nolint:errorlint // the contract of driver.Rows is identity
			return ahead{answer: head}
		}
		out := ahead{rows: &readRows{Rows: rows, head: keptRows{answer: head}, err: err}}
		if err != io.EOF { //nolint:errorlint // as above
			out.err = err
		}
		return out
	}
}
