// This file declares the chain that every operation passes: Call, Handler, Middleware, Chain, Doner and Connecter.

// Package middleware is the chain between database/sql and the session that
// talks to the database.
//
// A [Middleware] wraps a [Handler] once, when a connector is made; afterwards
// each operation is one *[Call] handed down the composed handlers, without an
// allocation of the chain's own:
//
//	func logSlow(next middleware.Handler) middleware.Handler {
//		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
//			start := time.Now()
//			err := next.Handle(ctx, c)
//			slog.Info("sql", "op", c.Op, "took", time.Since(start))
//			return err
//		})
//	}
//
// A handler runs on the caller's goroutine and many run at once, one per
// connection: what it shares it must guard. A *Call belongs to one operation;
// keep neither it nor its slices after the operation is done.
package middleware

import (
	"context"
	"database/sql/driver"
	"io"
)

// Op is the kind of an operation.
type Op uint8

// The operations that pass the chain. Rows.Next, Rows.Close and Stmt.Close
// follow an operation that passed already and do not pass again: a middleware
// that wants to see them puts its own around Call.Rows and Call.Stmt.
const (
	// OpPing is db.Ping.
	OpPing Op = iota + 1
	// OpPrepare is db.Prepare, on whichever handle.
	OpPrepare
	// OpExec is an Exec of a text or, with Call.Prepared, of a prepared statement.
	OpExec
	// OpQuery is a Query of a text or, with Call.Prepared, of a prepared statement.
	OpQuery
	// OpBegin is db.BeginTx.
	OpBegin
	// OpCommit is tx.Commit.
	OpCommit
	// OpRollback is tx.Rollback, also the one database/sql sends when a context ends.
	OpRollback
)

// String returns the operation's name in lower case.
func (o Op) String() string {
	names := [...]string{"unknown", "ping", "prepare", "exec", "query", "begin", "commit", "rollback"}
	if int(o) >= len(names) {
		o = 0
	}
	return names[o]
}

// Handler carries out one operation. It returns nil when the answer stands in
// the call (Result for OpExec, Rows for OpQuery), and otherwise the error that
// the caller receives, as it is. With Call.MaySkip it may be driver.ErrSkip,
// which is neither a success nor a failure.
type Handler interface {
	Handle(ctx context.Context, c *Call) error
}

// HandlerFunc lets a function be a [Handler].
type HandlerFunc func(ctx context.Context, c *Call) error

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, c *Call) error { return f(ctx, c) }

// Middleware puts a handler of its own before the next one. It runs once, when
// the connector is made; the handlers it returns run for every operation.
type Middleware func(next Handler) Handler

// Doner is told when an operation is over: an Exec when it returned, a Query
// when its rows are closed or when it failed. Done runs exactly once, on the
// goroutine that ends the operation, which for rows of an ended context is one
// of database/sql's own. Rows that a handler put in the place of the driver's
// do not delay it: the operation is then over when the first handler returns.
type Doner interface {
	Done(c *Call, err error)
}

// Connecter is a Handler that also takes part in the opening of physical
// connections. Connect opens one through next, on a goroutine of the pool's and
// for whoever is first in line by then. The context carries the watch on the
// connection's wire: pass it on. Of several, the outermost is called first.
type Connecter interface {
	Handler
	Connect(ctx context.Context, next driver.Connector) (driver.Conn, error)
}

// Call is one operation on its way down the chain and its answer on the way
// up. Handlers may change Op-independent inputs (SQL, Args, Options) before
// they call the next handler and the answer after it.
type Call struct {
	// Op is the kind of operation.
	Op Op
	// Prepared says that the operation runs a prepared statement.
	Prepared bool
	// InTx says that a transaction is open on the session.
	InTx bool
	// SQL is the statement's text; "" for OpPing, OpBegin, OpCommit and
	// OpRollback. With Prepared it is what was prepared, changes included, and
	// changing it has no effect.
	SQL string
	// Args are the caller's values before the driver converts them.
	Args []driver.NamedValue
	// Options are the transaction's options for OpBegin.
	Options driver.TxOptions
	// Rows is the answer of an OpQuery.
	Rows driver.Rows
	// Result is the answer of an OpExec, the driver's own value.
	Result driver.Result
	// Stmt closes the statement of an OpPrepare and of operations with
	// Prepared. A middleware may put its own around it when OpPrepare comes
	// back; it then finds that one in the operations that run the statement,
	// and takes it off for as long as the next handler works. database/sql
	// closes statements also under a lock of its own: Close must not run
	// anything on the same *sql.DB.
	Stmt io.Closer
	// Tx is nil, or what a middleware put here when OpBegin came back. It
	// finds that in the OpCommit or OpRollback, and takes it off for as long
	// as the next handler works.
	Tx any
	// MaySkip asks for the steps of a text that the driver runs prepared only:
	// it is answered with driver.ErrSkip, and OpPrepare and the operation with
	// Prepared follow on the same connection, as under the bare driver.
	// Without it the session takes these steps itself. It is set before the
	// next handler is called.
	MaySkip bool

	session Handler
	doners  []Doner
}

// Bind sets the handler at the end of the chain that carries the call out. The
// driver calls it once per operation; a middleware has no use for it.
func (c *Call) Bind(session Handler) { c.session = session }

// OnDone asks that d.Done is called when the operation is over. Doners are
// called in reverse order of their registration.
func (c *Call) OnDone(d Doner) { c.doners = append(c.doners, d) }

// Finish calls the registered doners and forgets them. The driver calls it
// when the operation is over; a middleware has no use for it.
func (c *Call) Finish(err error) {
	if len(c.doners) > 0 {
		c.finish(err)
	}
}

func (c *Call) finish(err error) {
	for i := len(c.doners) - 1; i >= 0; i-- {
		c.doners[i].Done(c, err)
		c.doners[i] = nil
	}
	c.doners = c.doners[:0]
}

// Chain composes the middlewares, the outermost first, around the end that
// hands each call to the session bound to it.
func Chain(ms ...Middleware) Handler {
	var h Handler = end{}
	for i := len(ms) - 1; i >= 0; i-- {
		h = ms[i](h)
	}
	return h
}

// end is the innermost handler.
type end struct{}

func (end) Handle(ctx context.Context, c *Call) error { return c.session.Handle(ctx, c) }
