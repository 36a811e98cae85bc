// This file makes a middleware of an interceptor of ngrok/sqlmw.

// Package sqlmw runs interceptors of github.com/ngrok/sqlmw inside Fluxor, as
// they are:
//
//	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{
//		DSN:        dsn,
//		Middleware: []middleware.Middleware{sqlmw.Use(logging{}), sqlmw.Use(tracing{})},
//	})
//	db := sql.OpenDB(c)
//
// In Middleware an interceptor stands outside all that Fluxor decides: it sees
// what the application asks. In InnerMiddleware it stands next to the session:
// it sees what goes to the database. Of several the first is the outermost, as
// in sqlmw.Driver(sqlmw.Driver(d, second), first).
//
// An interceptor sees the calls that it sees under sqlmw.Driver, in that order:
// where the driver runs a text prepared only (go-sql-driver with arguments),
// ConnExecContext answers driver.ErrSkip, and ConnPrepareContext,
// StmtExecContext and StmtClose follow. Other middlewares of the connector see
// these steps then too. The contexts that an interceptor returns go where sqlmw
// sends them: ConnBeginTx's to TxCommit and TxRollback, ConnPrepareContext's to
// StmtClose, those of a query to RowsNext and RowsClose.
//
// What is different:
//
//   - Arguments arrive as the caller wrote them, sql.Out included: they are
//     converted on the connection, which is chosen later. An interceptor that
//     needs driver.Value calls driver.DefaultParameterConverter, or the
//     value's own driver.Valuer. One that the driver cannot convert is an error
//     of the call, where under sqlmw.Driver the interceptor sees no call.
//   - ConnectorConnect is called when a physical connection is opened: after
//     the call that needs it began, on a goroutine of the pool's, with a context
//     that is not the caller's. Pass that on, or nothing watches the wire.
//   - ConnPing and ConnQueryContext are called also where the driver has no
//     Pinger and no QueryerContext; ConnExecContext answers driver.ErrSkip
//     where sqlmw panics.
//   - A conn, stmt or tx that an interceptor is given works during the call that
//     it is given to, and carries out what that call is about.
//   - ConnBeginTx must begin the transaction, and TxCommit and TxRollback must
//     end it: Fluxor rolls back what is left open, and says so of a Commit.
//     driver.ErrSkip and driver.ErrBadConn of an interceptor's own do not make
//     database/sql repeat a statement that ran.
//   - Rows that scan themselves (pgx, since Go 1.27) do not, as under sqlmw.
package sqlmw

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor/middleware"
)

// Use returns a middleware that calls intr, which must be safe for concurrent
// use: it serves all connections.
func Use(intr sqlmw.Interceptor) middleware.Middleware {
	return func(next middleware.Handler) middleware.Handler { return &handler{intr, next} }
}

var _ middleware.Connecter = (*handler)(nil)

// handler is an interceptor in the chain of one connector.
type handler struct {
	intr sqlmw.Interceptor
	next middleware.Handler
}

// errOver is what a conn, stmt or tx answers that an interceptor kept, or asked
// for something else than it was called for.
var errOver = errors.New("fluxor: an interceptor used what it was given outside the call that it was given to")

// Handle calls the interceptor's method for the operation.
func (h *handler) Handle(ctx context.Context, c *middleware.Call) error {
	switch c.Op {
	case middleware.OpPing:
		return h.ping(ctx, c)
	case middleware.OpPrepare:
		return h.prepare(ctx, c)
	case middleware.OpExec:
		if c.Prepared {
			return h.execPrepared(ctx, c)
		}
		return h.exec(ctx, c)
	case middleware.OpQuery:
		if c.Prepared {
			return h.queryPrepared(ctx, c)
		}
		return h.query(ctx, c)
	case middleware.OpBegin:
		return h.begin(ctx, c)
	case middleware.OpCommit, middleware.OpRollback:
		return h.end(ctx, c)
	}
	return h.next.Handle(ctx, c)
}

// Connect calls the interceptor's ConnectorConnect.
func (h *handler) Connect(ctx context.Context, next driver.Connector) (driver.Conn, error) {
	return h.intr.ConnectorConnect(ctx, next)
}

// turn is one call of an interceptor's: it lets what the interceptor is given
// go on down the chain, until the interceptor returns.
type turn struct {
	next middleware.Handler
	c    *middleware.Call
}

// over reports whether the interceptor has returned, or was called for
// something else.
func (t *turn) over(op middleware.Op) bool { return t.c == nil || t.c.Op != op }

// end makes useless what the interceptor was given.
func (t *turn) end() { t.c = nil }

// pass goes on with what the interceptor made of text and arguments. Those who
// stand outside keep seeing what they passed on.
func (t *turn) pass(ctx context.Context, query string, args []driver.NamedValue) error {
	c, wasQuery, wasArgs := t.c, t.c.SQL, t.c.Args
	c.SQL, c.Args = query, args
	err := t.next.Handle(ctx, c)
	c.SQL, c.Args = wasQuery, wasArgs
	return err
}
