// This file is the rows handed to database/sql: the driver's rows, untouched, and the end of the operation that opened them.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
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
	// judgeNext says what the caller hears of a failed Next or Close.
	judgeNext(r *reading, err error) error
	// rowsClosed runs once, when the driver's rows are closed and the
	// operation is over; r is the owner's again.
	rowsClosed(r *reading)
}

// valueObserver sees each row before database/sql does. It must copy what it
// keeps: drivers reuse the memory.
type valueObserver interface {
	observe(columns []string, dest []driver.Value)
}

// rows is what database/sql holds: a handle on the query that its connection
// carries out. It is the one allocation that a query costs over the bare
// driver's. A handle whose query is over touches nothing, whatever the
// connection reads by then.
type rows struct {
	r    *reading
	turn uint64
}

// reading is a query under way with its operation. Its connection uses it
// again for a later query.
type reading struct {
	op

	inner     driver.Rows
	owner     rowsOwner
	p         *physical
	of        *prepared        // what a virtual statement's rows are read from
	closeStmt driver.Stmt      // a statement prepared for this query alone
	nested    bool             // a row delivered rows, which database/sql closes later
	guard     netshim.Guarding // runs from the query to Close
	span      *span            // of the query and its rows where calls are made apart; else nil
	watch     valueObserver
	closeIn   time.Duration // how long Close may wait without progress
	lastErr   error
	count     int64 // of the rows that were read
	eager     bool  // the lease ends with these rows (see origin.go)
	passing   bool  // the chain still has the call: it is not over, whatever becomes of the rows

	saved []driver.NamedValue // the caller's arguments; serves the queries to come

	fetching *fetching // a call apart to Next
	tie      *tie      // to the lease; nil where leaks are not reported

	question cacheQuestion // for the query cache
	change   announced     // what the query changes, until its rows are closed

	turn uint64   // counts the queries it served; a handle knows its own
	next *reading // in the connection's list of free ones
}

// handle returns what database/sql gets.
func (r *reading) handle() driver.Rows { return present(rows{r, r.turn}) }

// drain forgets the driver's rows.
func (r *reading) drain() {
	r.inner, r.of, r.closeStmt, r.p, r.guard, r.lastErr, r.span = nil, nil, nil, nil, netshim.Guarding{}, nil, nil
	r.tie.loose()
}

// errRowsClosed is what reading from closed rows answers; database/sql never
// does it.
var errRowsClosed = errors.New("fluxor: the rows are closed")

func (h *rows) open() bool { return h.turn == h.r.turn }

// ended is what rows refer to once they are closed: who keeps them keeps nothing
// of their connection's, and above all not the query that it carries out by then
// (see tie). Nobody changes it.
var ended = &reading{turn: 1}

func (h *rows) Columns() []string {
	if !h.open() {
		return nil
	}
	return h.r.inner.Columns()
}

func (h *rows) Next(dest []driver.Value) error {
	if !h.open() {
		return errRowsClosed
	}
	r := h.r
	err := r.fetch(dest)
	if err != nil && err != io.EOF { //nolint:errorlint // the contract of driver.Rows is identity
		return r.failed(err)
	}
	if err == nil {
		r.count++
		if r.watch != nil {
			r.watch.observe(r.inner.Columns(), dest)
		}
	}
	if r.closeStmt != nil {
		r.nested = r.nested || holdsRows(dest)
	}
	return err
}

// fetch reads a row.
func (r *reading) fetch(dest []driver.Value) error {
	if r.timing {
		r.timed.work()
		defer r.timed.rest(true)
	}
	if r.span == nil {
		return r.inner.Next(dest)
	}
	return r.nextApart(dest)
}

// holdsRows reports whether a value is itself rows: a cursor.
func holdsRows(dest []driver.Value) bool {
	for _, v := range dest {
		switch v := v.(type) {
		case nil, int64, float64, bool, []byte, string, time.Time:
		case driver.Rows:
			return v != nil
		}
	}
	return false
}

// failed returns what the caller hears of err.
func (r *reading) failed(err error) error {
	r.lastErr = r.owner.judgeNext(r, err)
	return r.lastErr
}

// Close closes the driver's rows, then the statement made for them, as
// database/sql does. It is idempotent, and bounded by the close timeout where
// the query's own context bounds nothing.
func (h *rows) Close() error {
	if !h.open() {
		return nil
	}
	r := h.r
	h.r, h.turn = ended, 0
	r.turn++
	bound := guard(r.p, context.Background(), r.closeIn)
	err := r.closeInner()
	if err != nil {
		err = r.owner.judgeNext(r, err)
	}
	if r.of != nil {
		r.of.open--
	}
	switch {
	case r.closeStmt == nil:
	case r.nested:
		r.p.doom(r.closeStmt) // the rows within its rows are closed before it
	case r.p.apart.left():
		r.p.apart.calls.Later(closing(r.closeStmt))
	default:
		_ = r.closeStmt.Close()
	}
	bound.Stop()
	r.guard.Stop()
	r.unclock()
	if r.lastErr == nil {
		r.lastErr = err
	}
	if !r.passing {
		r.Finish(r.lastErr)
	}
	r.owner.rowsClosed(r)
	return err
}

func (h *rows) HasNextResultSet() bool {
	if !h.open() {
		return false
	}
	next, ok := h.r.inner.(driver.RowsNextResultSet)
	return ok && next.HasNextResultSet()
}

func (h *rows) NextResultSet() error {
	if !h.open() {
		return errRowsClosed
	}
	r := h.r
	next, ok := r.inner.(driver.RowsNextResultSet)
	if !ok {
		return io.EOF
	}
	err := r.nextResultSet(next)
	if err != nil && err != io.EOF { //nolint:errorlint // as in Next
		return r.failed(err)
	}
	return err
}

// nextResultSet goes on to the next answer.
func (r *reading) nextResultSet(next driver.RowsNextResultSet) error {
	if r.span == nil {
		return next.NextResultSet()
	}
	_, err := within(r.span, r.p, func(context.Context) (any, error) { return nil, next.NextResultSet() })
	return err
}

// closeInner closes the driver's rows, or has that done once a call that was
// left returns.
func (r *reading) closeInner() error {
	if r.span == nil {
		return r.inner.Close()
	}
	r.span.close()
	if r.p.apart.left() {
		r.p.apart.calls.Later(closing(r.inner))
		return nil
	}
	return r.inner.Close()
}

// The answers for a driver that has none are database/sql's own
// (rowsColumnInfoSetupConnLocked in sql.go).

func (h *rows) ColumnTypeScanType(i int) reflect.Type {
	if t, ok := h.r.inner.(driver.RowsColumnTypeScanType); ok && h.open() {
		return t.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

func (h *rows) ColumnTypeDatabaseTypeName(i int) string {
	if t, ok := h.r.inner.(driver.RowsColumnTypeDatabaseTypeName); ok && h.open() {
		return t.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

func (h *rows) ColumnTypeLength(i int) (int64, bool) {
	if t, ok := h.r.inner.(driver.RowsColumnTypeLength); ok && h.open() {
		return t.ColumnTypeLength(i)
	}
	return 0, false
}

func (h *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if t, is := h.r.inner.(driver.RowsColumnTypeNullable); is && h.open() {
		return t.ColumnTypeNullable(i)
	}
	return false, false
}

func (h *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if t, is := h.r.inner.(driver.RowsColumnTypePrecisionScale); is && h.open() {
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
