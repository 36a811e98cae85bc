// This file is the rows handed to database/sql: the driver's rows, untouched, and the end of the operation that opened them.

package fluxor

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"
	"time"

	"github.com/fluxor-db/fluxor/internal/netshim"
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

// rowsOwner is told what happens to the rows it opened.
type rowsOwner interface {
	// judgeNext says what the caller hears of a failed Next.
	judgeNext(r *rows, err error) error
	// rowsClosed runs once, after the driver's rows are closed.
	rowsClosed(r *rows, err error)
}

// valueObserver sees each row before database/sql does. It must copy what it
// keeps: drivers reuse the memory.
type valueObserver interface {
	observe(columns []string, dest []driver.Value)
}

// rows is the answer of a query and carries its operation, so that the whole
// query costs one allocation more than the bare driver's.
type rows struct {
	op

	inner     driver.Rows
	owner     rowsOwner
	p         *physical
	closeStmt driver.Stmt      // a statement prepared for this query alone
	guard     netshim.Guarding // runs from the query to Close
	watch     valueObserver
	closeIn   time.Duration // how long Close may wait without progress
	lastErr   error
	done      bool
	eager     bool // the lease ends with these rows (see origin.go)
}

func (r *rows) Columns() []string { return r.inner.Columns() }

func (r *rows) Next(dest []driver.Value) error {
	err := r.inner.Next(dest)
	if err != nil && err != io.EOF { //nolint:errorlint // the contract of driver.Rows is identity
		err = r.owner.judgeNext(r, err)
		r.lastErr = err
	}
	if r.watch != nil && err == nil {
		r.watch.observe(r.inner.Columns(), dest)
	}
	return err
}

// Close closes the driver's rows, then the statement made for them, as
// database/sql does. It is idempotent, and bounded by the close timeout where
// the query's own context bounds nothing.
func (r *rows) Close() error {
	if r.done {
		return nil
	}
	r.done = true
	bound := guard(r.p, context.Background(), r.closeIn)
	err := r.inner.Close()
	if r.closeStmt != nil {
		_ = r.closeStmt.Close()
	}
	bound.Stop()
	r.guard.Stop()
	r.owner.rowsClosed(r, err)
	if r.lastErr == nil {
		r.lastErr = err
	}
	r.Finish(r.lastErr)
	return err
}

func (r *rows) HasNextResultSet() bool {
	next, ok := r.inner.(driver.RowsNextResultSet)
	return ok && next.HasNextResultSet()
}

func (r *rows) NextResultSet() error {
	next, ok := r.inner.(driver.RowsNextResultSet)
	if !ok {
		return io.EOF
	}
	err := next.NextResultSet()
	if err != nil && err != io.EOF { //nolint:errorlint // as in Next
		err = r.owner.judgeNext(r, err)
		r.lastErr = err
	}
	return err
}

// The answers for a driver that has none are database/sql's own
// (rowsColumnInfoSetupConnLocked in sql.go).

func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	if t, ok := r.inner.(driver.RowsColumnTypeScanType); ok {
		return t.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	if t, ok := r.inner.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return t.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

func (r *rows) ColumnTypeLength(i int) (int64, bool) {
	if t, ok := r.inner.(driver.RowsColumnTypeLength); ok {
		return t.ColumnTypeLength(i)
	}
	return 0, false
}

func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if t, is := r.inner.(driver.RowsColumnTypeNullable); is {
		return t.ColumnTypeNullable(i)
	}
	return false, false
}

func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if t, is := r.inner.(driver.RowsColumnTypePrecisionScale); is {
		return t.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}

// cancelGrace is how long a driver may take to bring its own cancellation home
// after the context ended; then the wire is cut. Every call on a frozen server
// thus returns within a quarter of a second of its context's end.
const cancelGrace = 200 * time.Millisecond

// guard bounds what the driver does on p's wire: by ctx, and where ctx sets no
// deadline by quiet, the longest wait without progress (0 = none).
func guard(p *physical, ctx context.Context, quiet time.Duration) netshim.Guarding { //nolint:revive // p owns the wire
	if p == nil || p.line == nil {
		return netshim.Guarding{}
	}
	if _, bounded := ctx.Deadline(); bounded {
		quiet = 0
	}
	return p.line.Guard(ctx, cancelGrace, quiet)
}
