// This file runs an operation's calls into the driver on a leased connection, in database/sql's order.

package fluxor

import (
	"context"
	"database/sql/driver"

	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/middleware"
)

// attemptKept is attempt with the statement cache. A kept statement that proves
// too old is given up, and the text runs as if it had never been kept.
func (s *session) attemptKept(ctx context.Context, p *physical, o *op) error {
	o.is.unset(byKept | anew)
	s.heed(p, o)
	defer s.told(p, o)
	err := s.attempt(ctx, p, o)
	if err == nil || !o.is.has(byKept) || !s.tooOld(p, o, err) {
		return err
	}
	o.is.unset(byKept)
	o.is.set(anew)
	again := s.attempt(ctx, p, o)
	if aborted := s.e.keeper.aborted; aborted(again) && !aborted(err) {
		return err // which ended a transaction
	}
	return again
}

// attempt runs o once on the held connection.
func (s *session) attempt(ctx context.Context, p *physical, o *op) error {
	p.resetLine()
	o.is.unset(sound | worked)
	o.is.set(harmless)
	switch o.Op {
	case middleware.OpQuery:
		return s.query(ctx, p, o, guard(p, ctx, s.e.set.NetworkTimeout))
	case middleware.OpCommit, middleware.OpRollback:
		return s.end(p, o)
	}
	if p.line == nil {
		return s.call(ctx, p, o)
	}
	return s.callGuarded(ctx, p, o)
}

// callGuarded is call on a wire that is watched.
func (s *session) callGuarded(ctx context.Context, p *physical, o *op) error {
	bound := guard(p, ctx, s.e.set.NetworkTimeout)
	defer bound.Stop()
	return s.call(ctx, p, o)
}

// call runs an operation that is over when the driver returns.
func (s *session) call(ctx context.Context, p *physical, o *op) error {
	switch o.Op {
	case middleware.OpPing:
		return p.ping(ctx)
	case middleware.OpPrepare:
		return o.st.prepare(ctx, p, o.SQL)
	case middleware.OpBegin:
		return s.begin(ctx, p, o)
	default:
		return s.exec(ctx, p, o)
	}
}

// exec runs a text or a prepared statement that returns no rows.
func (s *session) exec(ctx context.Context, p *physical, o *op) error {
	if o.st != nil || !p.canExec() {
		return s.execPrepared(ctx, p, o)
	}
	args, err := p.convert(o.freshArgs())
	if err != nil {
		return err
	}
	if p.kept.runs(o, args) {
		ps, err := s.statementFor(ctx, p, o)
		if err != nil {
			return err
		}
		if ps != nil {
			o.is.unset(harmless)
			o.Result, err = ps.exec(ctx, args)
			return err
		}
	}
	if p.kept.skipped(args) {
		return s.execPrepared(ctx, p, o)
	}
	o.is.unset(harmless)
	res, err := p.exec(ctx, o.SQL, args)
	if err == driver.ErrSkip { //nolint:errorlint // the contract of ErrSkip is identity
		return s.execPrepared(ctx, p, o)
	}
	p.kept.ran(args)
	o.Result = res
	return err
}

// execPrepared runs a prepared statement, which it prepares for a text.
func (s *session) execPrepared(ctx context.Context, p *physical, o *op) error {
	ps, err := s.statement(ctx, p, o)
	if err != nil {
		return err
	}
	if ps == &s.own {
		defer s.closeStmt(p, ps.si) //nolint:errcheck // database/sql ignores it too (execDC)
	}
	args, err := ps.convert(o.freshArgs())
	if err != nil {
		return err
	}
	p.resetLine()
	o.is.unset(harmless)
	o.Result, err = ps.exec(ctx, args)
	o.failed(p, err)
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
	inner, err := s.queryInner(ctx, p, o)
	if err != nil {
		r.of, r.closeStmt = nil, nil
		return err
	}
	answered = true
	s.open++
	if r.of != nil {
		r.of.open++
	}
	r.inner, r.p, r.lastErr, r.nested = inner, p, nil, false
	r.owner, r.guard, r.closeIn, r.span = s, bound, s.e.set.CloseTimeout, p.apart.taken(bound)
	r.tie.bind(s.held)
	o.Rows = r.handle()
	return nil
}

// queryInner returns the driver's rows; the reading learns of the statement
// that they are read from, and of one to close after them.
func (s *session) queryInner(ctx context.Context, p *physical, o *op) (driver.Rows, error) {
	if o.st == nil && p.canQuery() {
		r, err := s.queryText(ctx, p, o)
		if err != driver.ErrSkip { //nolint:errorlint // the contract of ErrSkip is identity
			return r, err
		}
	}
	ps, err := s.statement(ctx, p, o)
	if err != nil {
		return nil, err
	}
	var r driver.Rows
	args, err := ps.convert(o.freshArgs())
	if err == nil {
		p.resetLine()
		o.is.unset(harmless)
		r, err = ps.query(ctx, args)
		o.failed(p, err)
	}
	switch own := ps == &s.own; {
	case own && err != nil:
		_ = s.closeStmt(p, ps.si)
	case own:
		o.read.closeStmt = ps.si
	default:
		o.read.of = ps
	}
	return r, err
}

// queryText runs a text, with the statement kept for it where there is one;
// driver.ErrSkip says that it has to be prepared.
func (s *session) queryText(ctx context.Context, p *physical, o *op) (driver.Rows, error) {
	args, err := p.convert(o.freshArgs())
	if err != nil {
		return nil, err
	}
	if p.kept.runs(o, args) {
		ps, err := s.statementFor(ctx, p, o)
		if err != nil {
			return nil, err
		}
		if ps != nil {
			o.is.unset(harmless)
			o.read.of = ps
			return ps.query(ctx, args)
		}
	}
	if p.kept.skipped(args) {
		return nil, driver.ErrSkip
	}
	o.is.unset(harmless)
	r, err := p.query(ctx, o.SQL, args)
	if err != driver.ErrSkip { //nolint:errorlint // the contract of ErrSkip is identity
		p.kept.ran(args)
	}
	return r, err
}

// statement returns the real statement to run o with: the one that a virtual
// statement refers to, one that is kept, or &s.own, which is made for this
// operation alone.
func (s *session) statement(ctx context.Context, p *physical, o *op) (*prepared, error) {
	o.is.set(harmless)
	p.resetLine()
	if o.st != nil {
		return o.st.on(ctx, p)
	}
	if ps, err := s.statementFor(ctx, p, o); ps != nil || err != nil {
		return ps, err
	}
	if o.MaySkip {
		return nil, driver.ErrSkip // a middleware wants to see the steps
	}
	si, err := p.prepare(ctx, o.SQL)
	if err != nil {
		return nil, err
	}
	s.own = p.describe("", si)
	return &s.own, nil
}

func (s *session) begin(ctx context.Context, p *physical, o *op) error {
	inner, err := p.begin(ctx, o.Options)
	if err != nil {
		return err
	}
	o.tx = inner
	s.tx = p
	return nil
}

// end commits or rolls back. A commit is bounded by the context of BeginTx,
// else by the network timeout; a rollback by the close timeout.
func (s *session) end(p *physical, o *op) error {
	s.tx = nil
	defer p.kept.settled()
	if o.Op == middleware.OpRollback {
		bound := guard(p, context.Background(), s.e.set.CloseTimeout)
		defer bound.Stop()
		if o.life.Err() != nil && (p.resetter == nil || p.validator == nil) {
			p.broken = true // database/sql would not keep such a connection (Tx.keepConnOnRollback)
		}
		return p.rollback(o.tx)
	}
	bound := guard(p, o.life, s.e.set.NetworkTimeout)
	defer bound.Stop()
	o.is.unset(harmless)
	return p.commit(o.tx)
}
