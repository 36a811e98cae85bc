// This file makes room for the next request while rows are open.

package netdriver

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"os"
	"time"
)

// mostHeld bounds the rows that are held, in bytes.
const mostHeld = 16 << 20

// interfaceSize is what a value takes besides what it points to, in bytes.
const interfaceSize = 16

// errBusy is the error of a request that comes while rows are open of which too
// many are left to be held. Retrying helps once they are read or closed.
var errBusy = errors.New("fluxor: rows are still open on this connection, too many to be held in memory, or several result sets; read or close them first")

// errLeft says that whoever waited for rows to be held waits no more; they can be
// read on.
var errLeft = errors.New("fluxor: nobody waits for the rows any more")

// longAgo is a deadline that ends a read at once.
var longAgo = time.Unix(1, 0)

// hold reads the rest of the rows into memory and so frees the connection. It ends
// with ctx, that of the request which waits for it. After an error the rows can be
// read on.
func (r *rows) hold(ctx context.Context) error {
	defer r.c.waits(ctx)()
	for !r.done {
		if r.over || r.weight > mostHeld || r.body && len(r.cols) == 0 { // rows without values cannot be held
			return errBusy
		}
		row, before := make([]driver.Value, len(r.cols)), r.bytes
		switch err := r.ahead(row); {
		case err == io.EOF: //nolint:errorlint // the contract of driver.Rows is identity
		case err == errLeft: //nolint:errorlint // it is nobody else's
			return ctx.Err()
		case err != nil:
			r.late = err
		default:
			r.held = append(r.held, row...)
		}
		r.weight += r.bytes - before + interfaceSize*len(row)
	}
	return nil
}

// ahead is read for hold, which does not take a row where there are no columns: those
// of a statement that has no rows end at once.
func (r *rows) ahead(row []driver.Value) error {
	if len(row) == 0 {
		return r.advance()
	}
	return r.read(row)
}

// take takes the next row of those that are held.
func (r *rows) take(dest []driver.Value) {
	r.weight -= int(int64(r.weight) * int64(len(dest)) / int64(len(r.held))) // one as heavy as the other
	r.held = r.held[copy(dest, r.held):]
}

// waits lets the end of ctx, that of a request which waits for the one under way,
// end its reads; done ends that. Where there are no deadlines it costs the connection.
func (c *conn) waits(ctx context.Context) (done func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	k, over := &c.call, make(chan struct{})
	k.beside = ctx
	stop := context.AfterFunc(ctx, func() {
		defer close(over)
		k.turn.Lock()
		err := c.net.SetReadDeadline(longAgo)
		k.turn.Unlock()
		if err != nil { // nothing else ends the read
			c.cut()
		}
	})
	return func() {
		k.beside = nil
		if stop() {
			return
		}
		<-over
		k.turn.Lock()
		defer k.turn.Unlock()
		deadline := time.Time{}
		if k.fired {
			deadline = k.until
		}
		_ = c.net.SetReadDeadline(deadline)
	}
}

// abandoned says whether it was the end of a request which waits for this one's
// rows that ended a read.
func (k *call) abandoned(err error) bool {
	return k.beside != nil && errors.Is(err, os.ErrDeadlineExceeded) && k.beside.Err() != nil
}
