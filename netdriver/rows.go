// This file reads the rows of a query off its answer.

package netdriver

import (
	"database/sql/driver"
	"io"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

var (
	_ driver.Rows              = (*rows)(nil)
	_ driver.RowsNextResultSet = (*rows)(nil)
)

// rows is the answer to a query: one result set after the other. It is the
// connection's only answer while it is open.
type rows struct {
	c    *conn
	st   *stmt // nil for a text
	outs outs

	cols  []wire.Column // the head's
	lent  bool          // they are the connection's, which gets them back from Close
	body  bool          // c.cells is within a message of rows
	bytes int           // of heads and rows that came
	taken int           // those of them that were not credited
	over  bool          // the result set is
	more  bool          // and another one follows
	done  bool          // all are; the connection has nothing to do with it any more
	quit  bool          // the request is canceled

	// held is what hold read ahead: rows, and their weight in bytes. late is the
	// error behind them, or of a set that was passed over, and not told yet.
	held   []driver.Value
	weight int
	late   error
}

// begin takes the head of a result set. Where it fails no other one follows.
func (r *rows) begin() error {
	r.body, r.over, r.more = false, false, false
	m, err := r.c.expect(wire.TypeHead)
	if err != nil {
		r.done = true
		return err
	}
	h := &r.c.head
	if err := h.Decode(m.Body, m.Codec()); err != nil {
		return r.fail(err)
	}
	r.bytes += len(m.Body)
	r.c.speak()
	if h.Same == "" {
		r.cols, r.lent, h.Columns = h.Columns, true, nil
		r.st.learn(h.Hash, r.cols)
		return nil
	}
	known, ok := r.st.known(h.Same)
	if !ok {
		return r.fail(refuse("the answer has columns that were not told"))
	}
	r.cols, r.lent = known, false
	return nil
}

func (r *rows) fail(cause error) error {
	r.done = true
	return r.c.fail(cause)
}

// Columns implements driver.Rows.
func (r *rows) Columns() []string {
	names := make([]string, len(r.cols))
	for i := range r.cols {
		names[i] = r.cols[i].Name
	}
	return names
}

// Next implements driver.Rows. The values are copies.
func (r *rows) Next(dest []driver.Value) error {
	if len(r.held) > 0 {
		r.take(dest)
		return nil
	}
	if err := r.owed(); err != nil {
		return err
	}
	return r.read(dest)
}

// owed is the error that was not told yet; nil once it was.
func (r *rows) owed() error {
	err := r.late
	r.late = nil
	return err
}

// read reads the next row off the wire.
func (r *rows) read(dest []driver.Value) error {
	for {
		if r.over || r.done {
			return io.EOF
		}
		if r.body {
			if ok, err := r.row(dest); ok || err != nil {
				return err
			}
		}
		if err := r.advance(); err != nil {
			return err
		}
	}
}

// row reads a row off the message that was read last; false after its last.
func (r *rows) row(dest []driver.Value) (bool, error) {
	ok, err := r.c.cells.Next(dest)
	if err != nil {
		return false, r.fail(err)
	}
	if r.body = ok; ok {
		plain(dest)
	}
	return ok, nil
}

// plain puts what any program knows in the place of the protocol's own types.
func plain(row []driver.Value) {
	for i, v := range row {
		switch v := v.(type) {
		case wire.Decimal:
			row[i] = string(v)
		case wire.Cursor:
			row[i] = int64(v)
		}
	}
}

// advance takes the next message: rows, or the set's end.
func (r *rows) advance() error {
	if err := r.credit(); err != nil {
		return err
	}
	m, err := r.c.next()
	if err != nil {
		r.done = err != errLeft //nolint:errorlint // it is nobody else's
		return err
	}
	switch m.Type {
	case wire.TypeRows:
		r.c.cells.Reset(r.cols, m.Codec(), m.Body)
		r.body = true
		r.c.speak()
		r.bytes += len(m.Body)
		r.taken += len(m.Body)
		return nil
	case wire.TypeEnd:
		return r.ended(m)
	}
	return r.fail(refuse("a " + m.Type.String() + " came among rows"))
}

// credit allows more rows, once half the window was taken: the client's own, or
// the smallest that the gateway may have made of it.
func (r *rows) credit() error {
	if r.quit || r.taken < min(r.c.c.cfg.Window, wire.LeastWindow)/2 {
		return nil
	}
	if err := r.c.steer(wire.TypeCredit, &wire.Credit{N: int64(r.taken)}, r.c.c.cfg.NetworkTimeout); err != nil {
		return r.fail(err)
	}
	r.taken = 0
	return nil
}

// ended takes the end of a result set.
func (r *rows) ended(m wire.Message) error {
	end := &r.c.end
	if err := end.Decode(m.Body, m.Codec()); err != nil {
		return r.fail(err)
	}
	r.c.pinned = end.Pin != ""
	r.over, r.more = true, end.More
	if !end.More {
		r.done = true
		r.c.finish()
	}
	err := r.outs.assign(end.Out)
	clear(end.Out)
	return err
}

// HasNextResultSet implements driver.RowsNextResultSet. What is left of the
// present set is passed over, because only its end tells.
func (r *rows) HasNextResultSet() bool {
	for !r.over && !r.done && r.late == nil {
		r.body, r.late = false, r.advance()
	}
	return r.more || r.late != nil
}

// NextResultSet implements driver.RowsNextResultSet. Rows that are held are of the
// set that ends here, and go with it.
func (r *rows) NextResultSet() error {
	r.held, r.weight = nil, 0
	if !r.HasNextResultSet() {
		return io.EOF
	}
	if err := r.owed(); err != nil {
		return err
	}
	return r.begin()
}

// Close implements driver.Rows. It reads the rest, as the direct drivers do: to
// cancel a statement could undo what it changed, or the transaction, and no text
// shows for certain that it changes nothing. It ends with its context, or when
// nothing comes for NetworkTimeout, which costs the connection. Its error is that of
// the rows which nobody read, also where they were held.
func (r *rows) Close() error {
	r.held, r.weight = nil, 0
	defer r.giveBack()
	for !r.done {
		r.c.bound(r.c.c.cfg.NetworkTimeout)
		if err := r.pass(); err != nil {
			return err
		}
	}
	return r.owed()
}

// giveBack lets the next head have the memory of the columns.
func (r *rows) giveBack() {
	if r.lent && len(r.cols) <= mostKept {
		r.c.head.Columns = r.cols
	}
	r.lent, r.cols = false, nil
}

// cancel cancels the rest of a request that took effect, and passes over what is
// on its way. Its errors concern nobody: the rows were not wanted.
func (r *rows) cancel() {
	r.quit = true
	asked := r.c.unwatch()
	r.c.bound(cancelTimeout)
	for !r.done {
		if !asked && r.c.r.Buffered() == 0 { // else the end may be there
			asked = true
			_ = r.c.steer(wire.TypeCancel, &wire.Empty{}, cancelGrace) // where it fails, the deadline ends it
		}
		if r.pass() != nil {
			return
		}
	}
}

// pass takes one message and looks at it no further than it must.
func (r *rows) pass() error {
	if r.over {
		return r.begin()
	}
	r.body = false
	return r.advance()
}
