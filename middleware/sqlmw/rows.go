// This file is the rows of a query under an interceptor: Next and Close ask it, what describes the columns comes from the driver.

package sqlmw

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"

	"github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor/middleware"
)

var (
	_ driver.Rows                           = (*rows)(nil)
	_ driver.RowsNextResultSet              = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*rows)(nil)
)

// rows asks the interceptor.
type rows struct {
	intr   sqlmw.Interceptor
	ctx    context.Context // what the interceptor returned with the rows
	parent driver.Rows
}

// answer makes what the interceptor returned the call's answer.
func (r *rows) answer(ctx context.Context, c *middleware.Call, parent driver.Rows, err error) error {
	c.Rows = nil
	if err != nil || parent == nil {
		return err
	}
	r.ctx, r.parent = ctx, parent
	c.Rows = r
	return nil
}

// Columns names the columns.
func (r *rows) Columns() []string { return r.parent.Columns() }

// Next asks the interceptor.
func (r *rows) Next(dest []driver.Value) error { return r.intr.RowsNext(r.ctx, r.parent, dest) }

// Close asks the interceptor.
func (r *rows) Close() error { return r.intr.RowsClose(r.ctx, r.parent) }

// optional finds a method that rows may lack: in those that the interceptor
// returned, else in those that it wrapped.
func optional[T any](r driver.Rows) (T, bool) {
	for {
		if t, ok := r.(T); ok {
			return t, true
		}
		u, ok := r.(sqlmw.RowsUnwrapper)
		if !ok {
			var none T
			return none, false
		}
		r = u.Unwrap()
	}
}

// The answers for rows that have none are database/sql's own
// (rowsColumnInfoSetupConnLocked in sql.go).

// HasNextResultSet reports whether another result set follows.
func (r *rows) HasNextResultSet() bool {
	next, ok := optional[driver.RowsNextResultSet](r.parent)
	return ok && next.HasNextResultSet()
}

// NextResultSet goes on to the next result set.
func (r *rows) NextResultSet() error {
	next, ok := optional[driver.RowsNextResultSet](r.parent)
	if !ok {
		return io.EOF
	}
	return next.NextResultSet()
}

// ColumnTypeScanType is the type to scan column i into.
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	if t, ok := optional[driver.RowsColumnTypeScanType](r.parent); ok {
		return t.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

// ColumnTypeDatabaseTypeName is the database's name for the type of column i.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	if t, ok := optional[driver.RowsColumnTypeDatabaseTypeName](r.parent); ok {
		return t.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

// ColumnTypeLength is the length of column i.
func (r *rows) ColumnTypeLength(i int) (int64, bool) {
	if t, ok := optional[driver.RowsColumnTypeLength](r.parent); ok {
		return t.ColumnTypeLength(i)
	}
	return 0, false
}

// ColumnTypeNullable reports whether column i may be null.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if t, is := optional[driver.RowsColumnTypeNullable](r.parent); is {
		return t.ColumnTypeNullable(i)
	}
	return false, false
}

// ColumnTypePrecisionScale is the precision and scale of column i.
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if t, is := optional[driver.RowsColumnTypePrecisionScale](r.parent); is {
		return t.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}
