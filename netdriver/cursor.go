// This file reads the cursors that come back in out parameters.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"reflect"
	"slices"
	"unsafe"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

var cursorType = reflect.TypeFor[driver.Rows]()

// cursorName is the type of an out parameter that is a cursor.
const cursorName = "cursor"

// Querier is a *sql.DB, a *sql.Conn or a *sql.Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// WrapRows makes *sql.Rows of a cursor that came back in an sql.Out whose Dest is a
// *driver.Rows. The rows came with the statement's answer, at most 16 MiB for all
// its cursors together: nothing is sent, and q may be any of this driver's. They are
// read once, by one goroutine at a time.
func WrapRows(ctx context.Context, q Querier, cursor driver.Rows) (*sql.Rows, error) {
	return q.QueryContext(ctx, "", cursor)
}

// wrapped are the rows that WrapRows passes; nil where args are those of a
// statement.
func wrapped(args []driver.NamedValue) driver.Rows {
	if len(args) != 1 {
		return nil
	}
	if r, ok := args[0].Value.(*rows); ok {
		return r
	}
	return nil
}

// cursors reads the result sets behind the end of an exec, and puts them in the
// places of the numbers that its out parameters have for them.
func (c *conn) cursors() error {
	affected, lastID, values := c.end.Affected, c.end.LastID, slices.Clone(c.end.Out)
	sets, err := c.sets()
	if err != nil {
		return err
	}
	for i, v := range values {
		n, ok := v.Value.(wire.Cursor)
		if !ok {
			continue
		}
		if n < 1 || int(n) > len(sets) {
			return c.fail(refuse("an out parameter names a result set that did not come"))
		}
		values[i].Value = sets[n-1]
	}
	c.end.Affected, c.end.LastID, c.end.Out = affected, lastID, values
	return nil
}

// sets reads result sets to the end of the answer.
func (c *conn) sets() (all []*rows, err error) {
	room := mostHeld
	for more := true; more; {
		r := &rows{c: c}
		if err := r.begin(); err != nil {
			return nil, err
		}
		if room -= r.bytes + setSize + columnSize*len(r.cols); room < 0 {
			return nil, r.overflow()
		}
		if room, err = r.keep(room); err != nil {
			return nil, err
		}
		more, r.more, r.done, r.lent = r.more, false, true, false // another connection's lock may guard its Close
		all = append(all, r)
	}
	return all, nil
}

// What a result set takes besides what came of it, and each of its columns, in bytes.
const (
	setSize    = int(unsafe.Sizeof(rows{}))
	columnSize = int(unsafe.Sizeof(wire.Column{}))
)

// keep reads a result set into memory, of which there is room, and returns what is
// left of that.
func (r *rows) keep(room int) (int, error) {
	for {
		row, before := make([]driver.Value, len(r.cols)), r.bytes
		switch err := r.read(row); {
		case err == io.EOF: //nolint:errorlint // the contract of driver.Rows is identity
			return room, nil
		case err != nil:
			return 0, err
		}
		r.held = append(r.held, row...)
		if room -= r.bytes - before + interfaceSize*len(row); room < 0 {
			return 0, r.overflow()
		}
	}
}

// overflow is the error of cursors that are too many to be held.
func (r *rows) overflow() error {
	op := r.c.call.op
	r.cancel()
	return &Error{
		Kind: string(wire.ErrorTooLarge), Op: op, Applied: AppliedYes,
		Message: "fluxor: " + op + ": the rows of its cursors are too many to be held in memory",
	}
}
