// This file asks a query again on behalf of the query cache, behind its caller.

package fluxor

import (
	"context"
	"database/sql/driver"
)

// askAgain runs a query as any caller does who is below Middleware, which the text
// has passed, and reads its answer to the end: the cache keeps it.
func askAgain(ctx context.Context, e *engine, text string, args []driver.NamedValue) {
	c := newConn(e)
	c.below = true
	defer c.Close() //nolint:errcheck // it has nothing left to close
	defer c.IsValid()
	rows, err := c.ask(ctx, nil, text, args)
	if err != nil {
		return // who asks next hears it
	}
	dest := make([]driver.Value, len(rows.Columns()))
	for err == nil {
		err = rows.Next(dest)
	}
	_ = rows.Close()
}
