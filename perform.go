// This file runs an operation's calls into the driver on a leased connection, in database/sql's order.

package fluxor

import (
	"context"
	"database/sql/driver"

	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/middleware"
)

// attempt runs o once on the held connection.
func (s *session) attempt(ctx context.Context, o *op) error {
	p := s.held.Value
	p.resetLine()
	o.harmless = true
	bound := guard(p, ctx, s.e.set.NetworkTimeout)
	switch o.Op {
	case middleware.OpQuery:
		return s.query(ctx, p, o, bound)
	case middleware.OpCommit, middleware.OpRollback:
		bound.Stop() // bounded by the transaction's own context
		return s.end(p, o)
	}
	defer bound.Stop()
	switch o.Op {
	case middleware.OpPing:
		return p.ping(ctx)
	case middleware.OpPrepare:
		o.st.write(o.SQL)
		_, err := o.st.on(ctx, p)
		return err
	case middleware.OpBegin:
		return s.begin(ctx, p, o)
	default:
		return s.exec(ctx, p, o)
	}
}

// exec runs a text or a prepared statement that returns no rows.
func (s *session) exec(ctx context.Context, p *physical, o *op) error {
	if o.st == nil && p.canExec() {
		args, err := convertArgs(p, nil, o.freshArgs())
		if err != nil {
			return err
		}
		o.harmless = false
		res, err := p.exec(ctx, o.SQL, args)
		if err != driver.ErrSkip { //nolint:errorlint // the contract of ErrSkip is identity
			o.Result = res
			return err
		}
	}
	si, own, err := s.statement(ctx, p, o)
	if err != nil {
		return err
	}
	if own {
		defer si.Close() //nolint:errcheck // database/sql ignores it too (execDC)
	}
	args, err := convertArgs(p, si, o.freshArgs())
	if err != nil {
		return err
	}
	p.resetLine()
	o.harmless = false
	o.Result, err = execStmt(ctx, si, args)
	return err
}

// query runs a text or a prepared statement that returns rows. The rows keep
// the guard until they are closed.
func (s *session) query(ctx context.Context, p *physical, o *op, bound netshim.Guarding) error {
	r := o.read
	if r.inner != nil { // a middleware asks again and left the first answer open
		_ = r.handle().Close()
	}
	answered := false
	defer func() {
		if !answered {
			bound.Stop()
		}
	}()
	inner, own, err := s.queryInner(ctx, p, o)
	if err != nil {
		return err
	}
	answered = true
	s.open++
	r.inner, r.closeStmt, r.p, r.lastErr = inner, own, p, nil
	r.owner, r.guard, r.closeIn = s, bound, s.e.set.CloseTimeout
	o.Rows = r.handle()
	return nil
}

// queryInner returns the driver's rows and the statement to close after them.
func (s *session) queryInner(ctx context.Context, p *physical, o *op) (driver.Rows, driver.Stmt, error) {
	if o.st == nil && p.canQuery() {
		args, err := convertArgs(p, nil, o.freshArgs())
		if err != nil {
			return nil, nil, err
		}
		o.harmless = false
		r, err := p.query(ctx, o.SQL, args)
		if err != driver.ErrSkip { //nolint:errorlint // the contract of ErrSkip is identity
			return r, nil, err
		}
	}
	si, own, err := s.statement(ctx, p, o)
	if err != nil {
		return nil, nil, err
	}
	var r driver.Rows
	args, err := convertArgs(p, si, o.freshArgs())
	if err == nil {
		p.resetLine()
		o.harmless = false
		r, err = queryStmt(ctx, si, args)
	}
	if !own {
		return r, nil, err
	}
	if err != nil {
		_ = si.Close()
	}
	return r, si, err
}

// statement returns the real statement to run o with, and whether it was made
// for this operation alone.
func (s *session) statement(ctx context.Context, p *physical, o *op) (si driver.Stmt, own bool, err error) {
	o.harmless = true
	p.resetLine()
	if o.st != nil {
		si, err = o.st.on(ctx, p)
		return si, false, err
	}
	si, err = p.prepare(ctx, o.SQL)
	return si, true, err
}

func (s *session) begin(ctx context.Context, p *physical, o *op) error {
	inner, err := p.begin(ctx, o.Options)
	if err != nil {
		return err
	}
	o.tx = inner
	s.inTx = true
	return nil
}

// end commits or rolls back. A commit is bounded by the context of BeginTx,
// else by the network timeout; a rollback by the close timeout.
func (s *session) end(p *physical, o *op) error {
	s.inTx = false
	if o.Op == middleware.OpRollback {
		bound := guard(p, context.Background(), s.e.set.CloseTimeout)
		defer bound.Stop()
		if o.life.Err() != nil && (p.resetter == nil || p.validator == nil) {
			p.broken = true // database/sql would not keep such a connection (Tx.keepConnOnRollback)
		}
		return o.tx.Rollback()
	}
	bound := guard(p, o.life, s.e.set.NetworkTimeout)
	defer bound.Stop()
	o.harmless = false
	return o.tx.Commit()
}
