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
	// Identify returns what the server calls a connection, so that no other one is
	// called that: not on a server that has restarted, nor on another one at the
	// same address, nor behind a proxy. ctx carries the connection's netshim.Line.
	Identify func(ctx context.Context, ci driver.Conn) (name string, err error)
	// Kill ends the connection of that name, and what it runs, over another one.
	// That it is gone already is no error; that another connection has its number is
	// one, and nothing is ended.
	Kill func(ctx context.Context, ci driver.Conn, name string) error
}
