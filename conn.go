// This file is the virtual connection that database/sql holds: made without dialing, a session when an operation needs one, nothing between uses.

package fluxor

import (
	"context"
	"database/sql/driver"

	"github.com/fluxor-db/fluxor/middleware"
)

var (
	_ driver.Conn               = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.Execer             = (*conn)(nil) //lint:ignore SA1019 callers of sql.Conn.Raw assert it (go-sql-driver result.go)
	_ driver.Queryer            = (*conn)(nil) //lint:ignore SA1019 as above
	_ driver.Pinger             = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
)

// conn is a virtual connection. database/sql serialises all calls on it.
type conn struct {
	session
	op  op // the present operation, unless it is a query
	tx  transaction
	raw bool // inside Raw: Close without IsValid means that the function failed

	shared *sharedConnector // set when a wrapper opened the connection by DSN

	txHome     origin
	layer      layer
	foreignOps int
}

func newConn(e *engine) *conn {
	c := &conn{session: session{e: e}}
	c.tx.c = c
	return c
}

// run sends the connection's present operation down the chain.
func (c *conn) run(ctx context.Context) error {
	c.op.InTx = c.inTx
	err := c.e.chain.Handle(ctx, &c.op.Call)
	c.op.Finish(err)
	c.forget()
	return err
}

// forget drops the caller's arguments, so that an idle connection keeps no
// large value alive.
func (c *conn) forget() {
	clear(c.saved)
	if cap(c.saved) > keepArgs {
		c.saved = nil
	}
	c.op.Args, c.op.work = nil, nil
}

// keepArgs is the longest argument list whose memory a connection keeps.
const keepArgs = 64

// execute runs a text, or st where it is not nil, that returns no rows.
func (c *conn) execute(ctx context.Context, st *stmt, text string, args []driver.NamedValue) (driver.Result, error) {
	who := c.caller(st)
	c.saved = c.op.begin(c, middleware.OpExec, text, args, c.saved)
	c.op.st, c.op.Prepared = st, st != nil
	err := c.run(ctx)
	res := c.op.Result
	c.op.Result = nil
	c.ended(who)
	if err != nil {
		return nil, err
	}
	return res, nil
}

// ask runs a text, or st where it is not nil, that returns rows.
func (c *conn) ask(ctx context.Context, st *stmt, text string, args []driver.NamedValue) (driver.Rows, error) {
	who := c.caller(st)
	r := c.reading()
	r.eager = who == originDB
	c.saved = r.begin(c, middleware.OpQuery, text, args, c.saved)
	r.st, r.Prepared, r.read, r.InTx = st, st != nil, r, c.inTx
	err := c.e.chain.Handle(ctx, &r.Call)
	if err != nil {
		r.Finish(err)
		r.turn++
		c.keep(r)
	}
	c.forget()
	if err != nil {
		c.ended(who)
		return nil, err
	}
	return r.Rows, nil
}

// caller says who an operation belongs to; a statement belongs to whoever
// prepared it.
func (c *conn) caller(st *stmt) origin {
	who := c.enter()
	if st != nil && st.home == originKept {
		return originKept
	}
	return who
}

// ExecContext runs a statement.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.execute(ctx, nil, query, args)
}

// QueryContext runs a query.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.ask(ctx, nil, query, args)
}

// Exec serves callers of sql.Conn.Raw.
//
// Deprecated: database/sql calls ExecContext.
func (c *conn) Exec(query string, args []driver.Value) (driver.Result, error) {
	return c.execute(context.Background(), nil, query, namedValues(args))
}

// Query serves callers of sql.Conn.Raw.
//
// Deprecated: database/sql calls QueryContext.
func (c *conn) Query(query string, args []driver.Value) (driver.Rows, error) {
	return c.ask(context.Background(), nil, query, namedValues(args))
}

// PrepareContext prepares now and returns a statement that outlives the lease.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.prepareStmt(ctx, query)
}

// Prepare serves callers of sql.Conn.Raw.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.prepareStmt(context.Background(), query)
}

// BeginTx begins a transaction now: BEGIN is never put off.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.txHome = c.enter()
	c.saved = c.op.begin(c, middleware.OpBegin, "", nil, c.saved)
	c.op.tx, c.op.Options = &c.tx, opts
	if err := c.run(ctx); err != nil {
		c.ended(c.txHome)
		return nil, err
	}
	return &c.tx, nil
}

// Begin serves callers of sql.Conn.Raw.
//
// Deprecated: database/sql calls BeginTx.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// Ping asks the database over a real connection; with a driver that has no
// Pinger, a connection is all that is asked for, as in database/sql.
func (c *conn) Ping(ctx context.Context) error {
	who := c.enter()
	c.saved = c.op.begin(c, middleware.OpPing, "", nil, c.saved)
	err := c.run(ctx)
	c.ended(who)
	return err
}

// CheckNamedValue accepts every value untouched; the real connection or
// statement converts it after the lease (see args.go).
func (c *conn) CheckNamedValue(*driver.NamedValue) error { return nil }

// ResetSession has nothing to do: the driver's own runs when the next lease
// begins. It must exist, or database/sql would not keep the connection after a
// rolled-back transaction (Tx.keepConnOnRollback).
func (c *conn) ResetSession(context.Context) error { return nil }

// IsValid ends the lease: database/sql calls it whenever it takes the
// connection back. A virtual connection itself is always valid.
func (c *conn) IsValid() bool {
	c.layer = layerValidator
	c.release()
	return true
}

// Close ends the lease. Without IsValid before it, database/sql closes a
// connection whose user said that it is bad or panicked, and the physical one
// goes with it, unless a wrapper swallowed IsValid.
func (c *conn) Close() error {
	if c.raw || c.layer != layerForeign {
		c.drop()
	}
	c.release()
	if sh := c.shared; sh != nil {
		c.shared = nil
		return sh.leave()
	}
	return nil
}

// closeNow closes a statement on the connection held right now.
func (c *conn) closeNow(b binding) error {
	bound := c.closeBound(b.p)
	defer bound.Stop()
	return b.si.Close()
}
