// This file is the virtual connection that database/sql holds: made without dialing, a session when an operation needs one, nothing between uses.

package fluxor

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

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
	txn transaction

	below bool // its operations have passed Middleware before
	caller
	onClose func() error // set when a wrapper opened the connection by DSN
}

// errNoAnswer is what a middleware's silence means: database/sql would call
// methods of nil.
var errNoAnswer = errors.New("fluxor: a middleware returned neither an error nor an answer; it must call the next handler, or set Call.Rows for a query")

// errPanicked is what a Doner hears of an operation that a panic ended.
var errPanicked = errors.New("fluxor: a panic ended the operation")

func newConn(e *engine) *conn {
	return &conn{session: session{e: e}}
}

// run sends the connection's present operation down the chain.
func (c *conn) run(ctx context.Context) error {
	c.op.InTx = c.tx != nil
	err := c.pass(ctx, &c.op)
	c.op.Finish(err)
	c.forget()
	return err
}

// pass carries o out and counts it.
func (c *conn) pass(ctx context.Context, o *op) error {
	if !c.e.timed {
		return c.passUntimed(ctx, o)
	}
	began := c.e.now()
	c.began, c.over = began, time.Time{}
	err := c.send(ctx, o)
	c.record(o, began, err)
	return err
}

// passUntimed is pass where nobody asks how long operations take.
func (c *conn) passUntimed(ctx context.Context, o *op) error {
	err := c.send(ctx, o)
	if err != nil && err != driver.ErrSkip { //nolint:errorlint // the contract of ErrSkip is identity
		c.e.failed(c.e.outcomeOf(err), c.e.now(), err)
	}
	return err
}

// send sends o down the chain, where there is one.
func (c *conn) send(ctx context.Context, o *op) error {
	if c.e.chain == nil || c.below {
		o.is.set(asIs) // nobody changes the arguments on their way
		err := c.arrive(ctx, o)
		if err == nil {
			return nil
		}
		return unskipped(err)
	}
	err := o.finally(c.through(ctx, o))
	if err == nil || o.skips(err) {
		return err
	}
	return unskipped(err)
}

// through sends o down the chain. If a handler panics, the operation is over
// all the same.
func (c *conn) through(ctx context.Context, o *op) error {
	settled, over := c.held != nil, false
	defer func() {
		if over {
			return
		}
		if o.Op == middleware.OpBegin && o.tx != nil {
			c.drop() // nobody will end the transaction
		}
		c.abandon(settled)
		if o.read != nil {
			c.lost(&o.read.change) // nobody will close the rows
		}
		o.Finish(errPanicked)
	}()
	err := c.e.chain.Handle(ctx, &o.Call)
	over = true
	return err
}

// forget drops the caller's text and arguments, so that an idle connection
// keeps nothing large alive.
func (c *conn) forget() {
	c.saved = wiped(c.saved)
	c.op.clear()
}

// execute runs a text, or st where it is not nil, that returns no rows.
func (c *conn) execute(ctx context.Context, st *stmt, text string, args []driver.NamedValue) (driver.Result, error) {
	who := c.owner(st)
	c.saved = c.op.begin(c, middleware.OpExec, text, args, c.saved)
	if st != nil {
		c.op.st, c.op.Prepared = st, true
		c.show(&c.op, st)
	}
	err := c.run(ctx)
	res := c.op.Result
	c.op.Result = nil
	c.op.unshow()
	c.ended(who)
	if err != nil {
		return nil, err
	}
	if res == nil && c.e.chain != nil {
		res = driver.ResultNoRows // a middleware answered and said nothing
	}
	return res, nil
}

// ask runs a text, or st where it is not nil, that returns rows.
func (c *conn) ask(ctx context.Context, st *stmt, text string, args []driver.NamedValue) (driver.Rows, error) {
	who := c.owner(st)
	r := c.reading()
	r.eager = who == originDB
	r.saved = r.begin(c, middleware.OpQuery, text, args, r.saved)
	r.read, r.InTx, r.passing = r, c.tx != nil, true
	if st != nil {
		r.st, r.Prepared = st, true
		c.show(&r.op, st)
	}
	err := c.pass(ctx, &r.op)
	r.passing = false
	answer := r.Rows
	if err == nil && answer == nil {
		err = errNoAnswer
	}
	if err == nil && r.inner != nil {
		return answer, nil // the operation ends when they are closed
	}
	if r.inner != nil { // a middleware refused what the database answered
		r.passing = true
		_ = r.handle().Close()
		r.passing = false
	}
	r.Finish(err)
	r.turn++
	c.keep(r)
	c.ended(who)
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// show gives the middlewares the statement that o runs.
func (c *conn) show(o *op, st *stmt) {
	if c.e.chain != nil {
		o.Stmt = st.shown
	}
}

// owner says who an operation belongs to; a statement belongs to whoever
// prepared it.
func (c *conn) owner(st *stmt) origin {
	if c.layer == layerValidator {
		return originKept
	}
	who := c.enter(c.e.warnForeign)
	if st != nil && st.home == originKept {
		return originKept
	}
	return who
}

// ended ends the lease after an operation of a *sql.DB under a wrapper that
// hides IsValid.
func (c *conn) ended(who origin) {
	if who == originDB && c.layer == layerForeign && c.open == 0 && c.tx == nil {
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
	st := newStmt(c, query, c.enter(c.e.warnForeign))
	c.saved = c.op.begin(c, middleware.OpPrepare, query, nil, c.saved)
	c.op.st, c.op.Stmt = st, st.shown
	err := c.run(ctx)
	if c.op.Stmt != nil {
		st.shown, c.op.Stmt = c.op.Stmt, nil
	}
	if err != nil {
		_ = st.giveUp() // a middleware may have refused what was prepared
	}
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
	err := c.run(ctx)
	begun, shown := c.op.tx, c.op.Tx
	c.op.tx, c.op.Tx = nil, nil
	if err == nil && begun == nil {
		err = errNoAnswer
	}
	if err != nil {
		if begun != nil {
			c.undo(ctx, begun)
		}
		c.ended(home)
		return nil, err
	}
	c.txn = transaction{c: c, inner: begun, life: ctx, home: home, shown: shown}
	return &c.txn, nil
}

func (c *conn) endTx(tx *transaction, k middleware.Op) error {
	if tx.inner == nil {
		return sql.ErrTxDone
	}
	c.saved = c.op.begin(c, k, "", nil, c.saved)
	c.op.tx, c.op.life, c.op.Tx = tx.inner, tx.life, tx.shown
	err := c.run(tx.life)
	if c.tx != nil {
		c.undo(tx.life, tx.inner)
		if err == nil && k == middleware.OpCommit {
			err = errNoAnswer
		}
	}
	tx.inner, tx.life, tx.shown = nil, nil, nil
	c.op.tx, c.op.life, c.op.Tx = nil, nil, nil
	c.ended(tx.home)
	return err
}

// undo rolls back a transaction that a middleware did not let begin or end:
// for database/sql it is over, and later statements must not run in it.
func (c *conn) undo(ctx context.Context, tx driver.Tx) {
	c.saved = c.op.begin(c, middleware.OpRollback, "", nil, c.saved)
	c.op.tx, c.op.life = tx, ctx
	_ = c.carry(ctx, &c.op)
	c.tx, c.op.tx, c.op.life = nil, nil, nil
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

// ResetSession has next to nothing to do: the driver's own runs when the next
// lease begins. It must exist, or database/sql would not keep the connection after a
// rolled-back transaction (Tx.keepConnOnRollback).
func (c *conn) ResetSession(context.Context) error {
	if c.held == nil {
		c.tx = nil // one that the last user began within Raw and left; database/sql has none under way
	}
	return nil
}

// IsValid ends the lease: database/sql calls it whenever it takes the
// connection back. A virtual connection itself is always valid.
func (c *conn) IsValid() bool {
	c.layer = layerValidator
	c.release()
	return true
}

// Continues reports whether the last lease began on the connection of the one
// before, and nobody had that in between: what was left there is still the
// session's own.
func (c *conn) Continues() bool { return c.same }

// Aside says that what runs until Aside(false) sets the session alone, and is taken
// back the same way before the lease ends, or the connection closed; in between
// every query has NoCache. The query cache then need not take the connection's
// state for another than it was.
func (c *conn) Aside(on bool) { c.aside = on }

// OnWait has f called whenever an operation begins to wait for a connection, with
// true, and when it waits no more, with false. It must be set between operations.
// f is called by the operation and must not wait.
func (c *conn) OnWait(f func(waits bool)) { c.claim.OnWait = f }

// Close ends the lease. Where it is still held, no IsValid came before:
// database/sql closes a connection whose user said that it is bad or panicked,
// and the physical one goes with it, as the bare driver's would.
func (c *conn) Close() error {
	c.drop()
	c.leave()
	c.e.pool.Drop(&c.claim)
	c.op.timed.retire()
	c.retire()
	if f := c.onClose; f != nil {
		c.onClose = nil
		return f()
	}
	return nil
}
