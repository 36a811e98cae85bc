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

	caller
	onClose func() error // set when a wrapper opened the connection by DSN
}

func newConn(e *engine) *conn {
	return &conn{session: session{e: e}}
}

// run sends the connection's present operation down the chain.
func (c *conn) run(ctx context.Context) error {
	c.op.InTx = c.inTx
	err := c.pass(ctx, &c.op)
	c.op.Finish(err)
	c.forget()
	return err
}

// pass sends o down the chain, where there is one.
func (c *conn) pass(ctx context.Context, o *op) error {
	if c.e.chain == nil {
		o.asIs = true // nobody changes the arguments on their way
		return c.carry(ctx, o)
	}
	return c.e.chain.Handle(ctx, &o.Call)
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
	who := c.owner(st)
	c.saved = c.op.begin(c, middleware.OpExec, text, args, c.saved)
	if st != nil {
		c.op.st, c.op.Prepared = st, true
	}
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
	who := c.owner(st)
	r := c.reading()
	r.eager = who == originDB
	c.saved = r.begin(c, middleware.OpQuery, text, args, c.saved)
	r.read, r.InTx = r, c.inTx
	if st != nil {
		r.st, r.Prepared = st, true
	}
	err := c.pass(ctx, &r.op)
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

// owner says who an operation belongs to; a statement belongs to whoever
// prepared it.
func (c *conn) owner(st *stmt) origin {
	who := c.enter(c.e.warnForeign)
	if st != nil && st.home == originKept {
		return originKept
	}
	return who
}

// ended ends the lease after an operation of a *sql.DB under a wrapper that
// hides IsValid.
func (c *conn) ended(who origin) {
	if who == originDB && c.layer == layerForeign && c.open == 0 && !c.inTx {
		c.release()
	}
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
// A syntax error surfaces here as on the bare driver, and a COPY begins where
// lib/pq begins it.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	st := &stmt{c: c, text: query, home: c.enter(c.e.warnForeign)}
	c.saved = c.op.begin(c, middleware.OpPrepare, query, nil, c.saved)
	c.op.st = st
	err := c.run(ctx)
	c.ended(st.home)
	if err != nil {
		return nil, err
	}
	return st, nil
}

// Prepare serves callers of sql.Conn.Raw.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// BeginTx begins a transaction now: BEGIN is never put off.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	home := c.enter(c.e.warnForeign)
	c.saved = c.op.begin(c, middleware.OpBegin, "", nil, c.saved)
	c.op.Options = opts
	if err := c.run(ctx); err != nil {
		c.ended(home)
		return nil, err
	}
	c.tx = transaction{c: c, inner: c.op.tx, life: ctx, home: home}
	return &c.tx, nil
}

func (c *conn) endTx(tx *transaction, k middleware.Op) error {
	c.saved = c.op.begin(c, k, "", nil, c.saved)
	c.op.tx, c.op.life = tx.inner, tx.life
	err := c.run(tx.life)
	tx.inner = nil
	c.ended(tx.home)
	return err
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
	who := c.enter(c.e.warnForeign)
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
	c.e.pool.Drop(&c.claim)
	if f := c.onClose; f != nil {
		c.onClose = nil
		return f()
	}
	return nil
}

func (c *conn) closeHere(p *physical, si driver.Stmt) (held bool, err error) {
	if c.held == nil || c.held.Value != p {
		return false, nil
	}
	bound := c.closeBound(p)
	defer bound.Stop()
	return true, si.Close()
}
