// This file reads the cursors that come back in out parameters.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"reflect"
	"slices"

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
		r.cols = slices.Clone(r.cols)
		if room, err = r.keep(room); err != nil {
			return nil, err
		}
		more, r.more, r.done = r.more, false, true
		all = append(all, r)
	}
	return all, nil
}

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
			op := r.c.call.op
			r.cancel()
			return 0, &Error{
				Kind: string(wire.ErrorTooLarge), Op: op, Applied: AppliedYes,
				Message: "fluxor: " + op + ": the rows of its cursors are too many to be held in memory",
			}
		}
	}
}
