// This file declares how a statement is ended on the server whose connection is given up.

package backend

import (
	"context"
	"database/sql/driver"
)

// Killing is for a driver that ends a call by closing its connection, of which
// the server learns only when it wants to send something: what runs there runs
// on. Both functions make a round trip and keep to ctx.
type Killing struct {
	// Identify returns the server's number of a connection.
	Identify func(ctx context.Context, ci driver.Conn) (id uint64, err error)
	// Kill ends the connection with that number, and what it runs, over another
	// one. That it is gone already is no error.
	Kill func(ctx context.Context, ci driver.Conn, id uint64) error
}
