// This file is the physical connection: the driver's own connection, what it can do, and the wire under it.

package fluxor

import (
	"context"
	"database/sql/driver"
	"sync"
	"sync/atomic"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/internal/pool"
)

// lease is a physical connection as the pool hands it out.
type lease = pool.Conn[*physical]

// physical is one connection of the wrapped driver. One session at a time
// uses it; its statements' users and the closed flag alone are touched by
// others.
type physical struct {
	ci    driver.Conn
	line  *netshim.Line // nil where the driver takes no dialer of ours
	apart *detached     // how it makes its calls where they cannot be interrupted; else nil

	// What ci implements, looked up once: an interface assertion per call is
	// what the chain would otherwise pay most for.
	execer     driver.ExecerContext
	queryer    driver.QueryerContext
	oldExecer  driver.Execer  //lint:ignore SA1019 drivers without contexts are supported as database/sql does
	oldQueryer driver.Queryer //lint:ignore SA1019 as above
	preparer   driver.ConnPrepareContext
	beginner   driver.ConnBeginTx
	pinger     driver.Pinger
	checker    driver.NamedValueChecker
	resetter   driver.SessionResetter
	validator  driver.Validator

	user *pool.Claim[*physical] // the one by which it was leased last

	name string // what the server calls it, where that is asked for; else ""

	nameless error // why it has no name although it was asked for
	broken   bool  // set by the session that leases it; such a connection is never reused
	lost     bool  // as broken, because a call found it gone
	looks    bool  // its ResetSession looks at the socket (go-sql-driver, checkConnLiveness)
	closed   atomic.Bool

	scope scope // what the query cache knows of its state

	kept *kept // the statements kept for texts; nil where none are

	lies bool // its ErrBadConn says nothing of what was sent

	mu    sync.Mutex  // protects doing, stmts and what prepared says; a leaf lock, nothing is called under it
	doing string      // the last statement, where leaks are looked for
	stmts []*prepared // the real statements that are not closed
	dooms atomic.Bool // whether one of them is to be closed, readable without mu
}

func newPhysical(ci driver.Conn, line *netshim.Line) *physical {
	p := &physical{ci: ci}
	if line.Attached() {
		p.line = line
	} else {
		p.lies = backend.Lies(ci)
	}
	p.execer, _ = ci.(driver.ExecerContext)
	p.queryer, _ = ci.(driver.QueryerContext)
	p.oldExecer, _ = ci.(driver.Execer)   //lint:ignore SA1019 see the field
	p.oldQueryer, _ = ci.(driver.Queryer) //lint:ignore SA1019 see the field
	p.preparer, _ = ci.(driver.ConnPrepareContext)
	p.beginner, _ = ci.(driver.ConnBeginTx)
	p.pinger, _ = ci.(driver.Pinger)
	p.checker, _ = ci.(driver.NamedValueChecker)
	p.resetter, _ = ci.(driver.SessionResetter)
	p.validator, _ = ci.(driver.Validator)
	return p
}

func (p *physical) canExec() bool  { return p.execer != nil || p.oldExecer != nil }
func (p *physical) canQuery() bool { return p.queryer != nil || p.oldQueryer != nil }

// resetLine starts a new count of sent bytes.
func (p *physical) resetLine() {
	if p.line != nil {
		p.line.Reset()
	}
}

// cut reports whether the wire is seen to be of no further use.
func (p *physical) cut() bool { return p.line != nil && p.line.Broken() }

// over reports whether nobody will use the connection any more, as far as that is
// known before it goes back.
func (p *physical) over() bool {
	if p.broken || p.cut() {
		return true
	}
	return p.apart == nil && p.validator != nil && !p.validator.IsValid()
}

// unheard reports whether nothing at all came back of a call that found the
// connection broken: no answer, and on a wire no word of the server's either. A
// session that an administrator ends says so, and a statement that he ended with
// it must not come back.
func (p *physical) unheard() bool {
	if p.apart != nil {
		return p.apart.foundDead()
	}
	return !p.line.Answered() && p.line.Expired() == nil
}

// sound reports whether the connection may be used by another session. It
// asks the driver's IsValid, so it is called exactly once per lease: for
// pooled Oracle sessions IsValid gives the session back (godror conn.go).
func (p *physical) sound() bool {
	if p.broken || p.cut() {
		return false
	}
	return p.validator == nil || p.validator.IsValid()
}

// convert converts args for a text that needs no statement.
func (p *physical) convert(args []driver.NamedValue) ([]driver.NamedValue, error) {
	return convertArgs(converter{want: -1, checker: p.checker}, args)
}

// The functions below follow database/sql's ctxutil.go (Go 1.26): a driver
// without the context form of a call gets the old form, and the context is
// looked at where database/sql looks at it.

func (p *physical) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if p.apart != nil {
		return p.execApart(ctx, args, func(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
			return p.execHere(ctx, query, args)
		})
	}
	return p.execHere(ctx, query, args)
}

func (p *physical) execHere(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if p.execer != nil {
		return p.execer.ExecContext(ctx, query, args)
	}
	vals, err := plainValues(ctx, args)
	if err != nil {
		return nil, err
	}
	return p.oldExecer.Exec(query, vals)
}

func (p *physical) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if p.apart != nil {
		return p.queryApart(ctx, args, func(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
			return p.queryHere(ctx, query, args)
		})
	}
	return p.queryHere(ctx, query, args)
}

func (p *physical) queryHere(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if p.queryer != nil {
		return p.queryer.QueryContext(ctx, query, args)
	}
	vals, err := plainValues(ctx, args)
	if err != nil {
		return nil, err
	}
	return p.oldQueryer.Query(query, vals)
}

func (p *physical) prepare(ctx context.Context, query string) (driver.Stmt, error) {
	if p.preparer != nil {
		return p.preparer.PrepareContext(ctx, query)
	}
	si, err := p.ci.Prepare(query)
	if err == nil && ctx.Err() != nil {
		_ = si.Close()
		return nil, ctx.Err()
	}
	return si, err
}

func (p *physical) begin(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if p.apart != nil {
		return apart(ctx, p, func(ctx context.Context) (driver.Tx, error) { return p.beginHere(ctx, opts) })
	}
	return p.beginHere(ctx, opts)
}

func (p *physical) beginHere(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if p.beginner != nil {
		return p.beginner.BeginTx(ctx, opts)
	}
	if err := plainTxOptions(opts); err != nil {
		return nil, err
	}
	tx, err := p.ci.Begin() //lint:ignore SA1019 drivers without contexts are supported as database/sql does
	if err == nil && ctx.Err() != nil {
		_ = tx.Rollback()
		return nil, ctx.Err()
	}
	return tx, err
}

func (p *physical) ping(ctx context.Context) error {
	if p.pinger == nil {
		return nil
	}
	if p.apart != nil {
		_, err := apart(ctx, p, func(ctx context.Context) (any, error) { return nil, p.pinger.Ping(ctx) })
		return err
	}
	return p.pinger.Ping(ctx)
}
