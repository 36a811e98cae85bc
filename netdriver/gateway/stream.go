// This file sends rows: a small answer in one write, a large one in messages that the client's credit allows.

package gateway

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// stream is an answer with rows. A session keeps one for all.
type stream struct {
	s    *session
	c    *call
	cols []wire.Column
	dest []driver.Value
	enc  wire.RowsEncoder

	set     int64 // number of the result set
	numbers bool  // a column holds numbers as texts
	left    int64 // rows that may still come; -1 is any number
	body    int   // where the open message of rows begins in the buffer; -1 without one
	nested  []driver.Rows
	end     wire.End // what the next end tells besides
}

// run sends all result sets but the end of the last one.
func (t *stream) run(s *session, c *call, rows driver.Rows, most int64) error {
	t.s, t.c, t.set, t.left, t.body = s, c, 0, -1, -1
	if most > 0 {
		t.left = most
	}
	defer t.clear()
	for {
		if err := t.all(rows); err != nil {
			return err
		}
		if err := t.cursors(); err != nil {
			return err
		}
		more, err := t.another(rows)
		if err != nil || !more {
			return err
		}
		if err := t.next(); err != nil {
			return err
		}
	}
}

// stopped reports whether it was the gateway that ended a stream: then there may be
// more of it.
func stopped(err error) bool {
	var ours refused
	return errors.As(err, &ours) || errors.Is(err, errNoCredit) || errors.Is(err, errGone) || errors.Is(err, errMemory) || errors.Is(err, errUnfit)
}

// cut reports whether the answer ended at the rows that it may have.
func (t *stream) cut() bool { return t.left == 0 }

// keptColumns is room for how many columns stays with a session that is idle.
const keptColumns = 256

// clear forgets what the answer referred to.
func (t *stream) clear() {
	for _, rows := range t.nested {
		_ = rows.Close()
	}
	clear(t.dest)
	clear(t.cols)
	if t.enc.Reset(nil, 0); cap(t.cols) > keptColumns {
		t.cols, t.dest = nil, nil
	}
	t.s, t.c, t.nested, t.end = nil, nil, nil, wire.End{}
}

// follow sends cursors as result sets behind an end, which numbers them.
func (t *stream) follow(s *session, c *call, end wire.End, cursors []driver.Rows) error {
	t.s, t.c, t.set, t.left, t.body, t.nested, t.end = s, c, 0, -1, -1, cursors, end
	defer t.clear()
	return t.cursors()
}

// cursors sends the rows within rows, as result sets of their own.
func (t *stream) cursors() error {
	for len(t.nested) > 0 {
		rows := t.nested[0]
		t.nested = t.nested[1:]
		err := t.next()
		if err == nil {
			err = t.all(rows)
		}
		_ = rows.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// another goes on to the next result set.
func (t *stream) another(rows driver.Rows) (bool, error) {
	sets, ok := rows.(driver.RowsNextResultSet)
	if !ok || t.left == 0 || !sets.HasNextResultSet() {
		return false, nil
	}
	err := sets.NextResultSet()
	if err == io.EOF { //nolint:errorlint // the contract of driver.Rows is identity
		return false, nil
	}
	if err != nil {
		_ = t.next() // it is the next one that fails
	}
	return err == nil, err
}

// next ends a result set that another one follows.
func (t *stream) next() error {
	end := t.end
	t.end = wire.End{}
	end.More, end.Tx, end.Pin, end.MS = true, t.s.lease.state(), t.s.lease.pin, t.c.ms()
	t.set++
	return t.s.out.put(wire.TypeEnd, t.c.id, &end)
}

// all sends one result set. Its head waits for the first row, whose values say
// what the columns hold, and comes before the error of one that fails: the query
// itself went well.
func (t *stream) all(rows driver.Rows) error {
	names := rows.Columns()
	if len(names) > wire.MaxColumns {
		return refused{wire.ErrorTooLarge, fmt.Sprintf("the result has %d columns, a client takes %d", len(names), wire.MaxColumns)}
	}
	if cap(t.dest) < len(names) {
		t.dest = make([]driver.Value, len(names))
	}
	t.dest = t.dest[:len(names)]
	t.cols = columnsOf(t.cols[:0], rows, names)
	t.numbers = slices.ContainsFunc(t.cols, number)
	more, err := t.fetch(rows)
	if more {
		see(t.cols, t.dest)
	}
	out := t.s.out
	if err := out.put(wire.TypeHead, t.c.id, &wire.Head{Columns: t.cols, Set: t.set}); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	t.enc.Reset(t.cols, out.Form(wire.TypeRows, out.codec))
	for more {
		if err = t.send(); err != nil {
			break
		}
		if more, err = t.fetch(rows); err != nil {
			break
		}
	}
	t.closeMessage()
	return err
}

// fetch reads a row; false after the last.
func (t *stream) fetch(rows driver.Rows) (bool, error) {
	if t.left == 0 {
		return false, nil
	}
	if t.c.ctx.Err() != nil {
		return false, t.c.cause()
	}
	err := rows.Next(t.dest)
	if err == io.EOF { //nolint:errorlint // as above
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if t.left > 0 {
		t.left--
	}
	for i, v := range t.dest {
		if t.dest[i], err = t.value(v); err != nil {
			return false, err
		}
	}
	return true, nil
}

// value is a value as it goes out; rows go behind this result set, and what is to
// be read is read.
func (t *stream) value(v driver.Value) (driver.Value, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, []byte:
		return v, nil
	case driver.Rows:
		t.nested = append(t.nested, v)
		return wire.Cursor(t.set + int64(len(t.nested))), nil
	case io.Reader:
		return t.s.server.readAll(v)
	}
	return carried(v), nil
}

// send puts a row into the open message, and a full one on its way.
func (t *stream) send() (err error) {
	out := t.s.out
	if t.body < 0 {
		if err := t.openMessage(); err != nil {
			return err
		}
	}
	if t.numbers {
		t.decimals()
	}
	before := len(out.B)
	if out.B, err = t.enc.AppendRow(out.B, t.dest); err != nil {
		return unfit(err)
	}
	size := len(out.B) - before
	if size > mostBody { // the message may hold others already, of less than RowsTarget
		out.B = out.B[:before]
		return refused{wire.ErrorTooLarge, fmt.Sprintf("a row has %d bytes, a client takes %d", size, mostBody)}
	}
	if err := t.c.within(t.s.bounds, size); err != nil {
		out.B = out.B[:before]
		return err
	}
	if err := out.account(); err != nil {
		return err
	}
	if len(out.B)-t.body < wire.RowsTarget {
		return nil
	}
	t.closeMessage()
	return t.flush()
}

// decimals turns the texts of columns of numbers into decimals.
func (t *stream) decimals() {
	for i, v := range t.dest {
		if text, ok := v.(string); ok && number(t.cols[i]) {
			t.dest[i] = decimal(text)
		}
	}
}

func (t *stream) flush() error {
	if err := t.s.out.flush(); err != nil {
		return errGone
	}
	return nil
}

// openMessage begins a message of rows, once the client has room for it.
func (t *stream) openMessage() error {
	out := t.s.out
	if !out.Line && !t.s.in.spend(0) {
		if err := t.flush(); err != nil {
			return err
		}
		if err := t.s.in.awaitCredit(t.c.ctx, t.s.server.cfg.Timeouts.StreamIdle); err != nil {
			return err
		}
	}
	out.Begin(wire.TypeRows, out.Form(wire.TypeRows, out.codec).Flags(), t.c.id)
	t.body = len(out.B)
	out.B = t.enc.Open(out.B)
	return nil
}

// closeMessage ends the open message of rows, if there is one.
func (t *stream) closeMessage() {
	if t.body < 0 {
		return
	}
	out := t.s.out
	out.B = t.enc.Close(out.B)
	t.s.in.spend(len(out.B) - t.body)
	t.body = -1
	out.End()
}
