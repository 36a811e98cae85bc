// This file makes room for the next request while rows are open.

package netdriver

import (
	"database/sql/driver"
	"errors"
	"io"
	"slices"
)

// mostHeld bounds the rows that are held, in bytes.
const mostHeld = 16 << 20

// interfaceSize is what a value takes besides what it points to, in bytes.
const interfaceSize = 16

// errBusy is the error of a request that comes while rows are open of which too
// many are left to be held. Retrying helps once they are read or closed.
var errBusy = errors.New("fluxor: rows are still open on this connection, too many to be held in memory, or several result sets; read or close them first")

// hold reads the rest of the rows into memory and so frees the connection. After
// an error they can be read on.
func (r *rows) hold() error {
	r.cols = slices.Clone(r.cols) // the connection's own serve the next head
	room := mostHeld
	for !r.done {
		if r.over || room < 0 || len(r.cols) == 0 {
			return errBusy
		}
		row, before := make([]driver.Value, len(r.cols)), r.bytes
		switch err := r.read(row); {
		case err == io.EOF:
		case err != nil:
			r.late = err
		default:
			r.held = append(r.held, row...)
		}
		room -= r.bytes - before + interfaceSize*len(row)
	}
	return nil
}
