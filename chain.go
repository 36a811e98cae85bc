// This file is the order of the chain, in one list.

package fluxor

import (
	"context"
	"database/sql/driver"
	"slices"

	"github.com/fluxor-db/fluxor/middleware"
)

// The order in which an operation meets what Fluxor decides, the outermost first:
//
//   - record.go: counts it and logs a slow one, the waits included, as its caller saw it;
//   - the user's Middleware: sees each operation once, whatever happens below;
//   - cache_read.go: answers a query that it can, which then needs no connection and asks nobody;
//   - the user's InnerMiddleware: sees what goes to the session;
//   - admission.go: breaker, then rate, then operations at once. They belong to the
//     lease, which only the session knows the end of: who holds one is not asked;
//   - retry.go: repeats below, so that a call counts once for breaker and limits;
//   - clock.go: the query timeout, one budget for all repeats, after the lease is there;
//   - session.go: lease, run.

// chain composes what every operation passes, the outermost first, and what
// the opening of a physical connection passes before it comes to inner. It runs
// once per connector. The handlers are nil where nothing stands there: within is
// what stands below the query cache, and without a cache part of the other.
func chain(set settings, inner driver.Connector) (h, within middleware.Handler, outer driver.Connector) {
	above := set.Middleware      // the user's own: outside whatever Fluxor decides, so it sees each operation once
	below := set.InnerMiddleware // the user's own: inside whatever Fluxor decides, so it sees what reaches the session and nothing else
	if set.Cache == cacheOff {
		above, below = slices.Concat(above, below), nil
	}
	within, inner = composed(below, inner)
	h, inner = composed(above, inner)
	if h == nil && within != nil {
		h = middleware.Chain() // whoever stands below is cared for as whoever stands above
	}
	return h, within, inner
}

// composed puts handlers before the session, and before the opening of a
// connection those of them that take part in it.
func composed(ms []middleware.Middleware, inner driver.Connector) (middleware.Handler, driver.Connector) {
	if len(ms) == 0 {
		return nil, inner
	}
	h := middleware.Chain() // inside it the session: lease, run
	for _, m := range slices.Backward(ms) {
		h = m(h)
		if c, ok := h.(middleware.Connecter); ok {
			inner = connecting{c, inner}
		}
	}
	return h, inner
}

// connecting is a connector with a handler before it.
type connecting struct {
	before middleware.Connecter
	next   driver.Connector
}

func (c connecting) Connect(ctx context.Context) (driver.Conn, error) {
	return c.before.Connect(ctx, c.next)
}

func (c connecting) Driver() driver.Driver { return c.next.Driver() }
