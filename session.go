// This file is the session: it leases a physical connection when an operation first needs one, runs the driver's calls on it, and judges what a failure means.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/internal/pool"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/refusal"
)

// maxRepeats is how often an operation of which provably nothing was sent is
// tried again on another connection.
const maxRepeats = 3

// lease is a physical connection as the pool hands it out.
type lease = pool.Conn[*physical]

// session is the part of a virtual connection that talks to the database.
// database/sql serialises its calls.
type session struct {
	e     *engine
	held  *lease // nil between uses
	last  *lease // held last time; preferred next time, for the state it carries
	inTx  bool
	open  int                 // rows not yet closed
	saved []driver.NamedValue // the caller's arguments of the present operation
	free  *reading            // for queries to come
}

// carry runs o on the lease, taking one if none is held. When nothing of o
// reached the server it is repeated on a fresh connection, unless the session
// had a life before o: then its state is lost and the caller has to hear it.
func (s *session) carry(ctx context.Context, o *op) error {
	settled := s.held != nil
	if o.tx != nil && o.Op != middleware.OpBegin && !settled {
		return driver.ErrBadConn // the transaction's connection is gone
	}
	for attempt := 0; ; attempt++ {
		if err := s.acquire(ctx); err != nil {
			return err
		}
		err := s.attempt(ctx, o)
		if err == nil {
			return nil
		}
		err, again := s.judge(ctx, o, err)
		if !again || settled || attempt == maxRepeats {
			return err
		}
		s.drop()
	}
}

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
		_, err := o.st.on(ctx, p)
		return err
	case middleware.OpBegin:
		return s.begin(ctx, p, o)
	default:
		return s.exec(ctx, p, o)
	}
}

// acquire makes sure that a lease is held: waits for it, brings the driver's
// session to a fresh start, and closes the statements left for it.
func (s *session) acquire(ctx context.Context) error {
	for s.held == nil {
		l, err := s.e.pool.Acquire(ctx, s.last)
		if err != nil {
			return err
		}
		if err := s.welcome(ctx, l); err != nil {
			l.Discard()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		s.held, s.last = l, l
	}
	return nil
}

// welcome readies a connection that somebody used before. Only ErrBadConn
// counts, as in database/sql (DB.conn ignores any other error of ResetSession).
func (s *session) welcome(ctx context.Context, l *lease) error {
	p := l.Value
	if l.Fresh() {
		return nil
	}
	bound := guard(p, ctx, s.e.set.NetworkTimeout)
	defer bound.Stop()
	if p.resetter != nil {
		if err := p.resetter.ResetSession(ctx); errors.Is(err, driver.ErrBadConn) {
			return err
		}
	}
	for _, si := range p.takeDoomed() {
		_ = si.Close()
	}
	if p.line != nil && p.line.Broken() {
		return driver.ErrBadConn
	}
	return nil
}

// release ends the lease. It is idempotent.
func (s *session) release() {
	l := s.held
	if l == nil {
		return
	}
	s.held = nil
	if s.inTx || s.open > 0 || !l.Value.sound() {
		s.inTx, s.open = false, 0
		discard(l)
		return
	}
	l.Release()
}

// drop ends the lease and the connection.
func (s *session) drop() {
	if l := s.held; l != nil {
		s.held, s.inTx, s.open = nil, false, 0
		discard(l)
	}
}

func discard(l *lease) {
	l.Value.closed.Store(true)
	l.Discard()
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
	inner, own, err := s.queryInner(ctx, p, o)
	if err != nil {
		bound.Stop()
		return err
	}
	s.open++
	r := o.read
	r.inner, r.closeStmt, r.p, r.lastErr = inner, own, p, nil
	r.owner, r.guard, r.closeIn = s, bound, s.e.set.CloseTimeout
	o.Rows = r.handle()
	o.Args = o.work // saved serves the next operation while the rows are read
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
	o.tx.inner, o.tx.ctx = inner, ctx
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
		if o.tx.ctx.Err() != nil && (p.resetter == nil || p.validator == nil) {
			p.broken = true // database/sql would not keep such a connection (Tx.keepConnOnRollback)
		}
		return o.tx.inner.Rollback()
	}
	bound := guard(p, o.tx.ctx, s.e.set.NetworkTimeout)
	defer bound.Stop()
	o.harmless = false
	return o.tx.inner.Commit()
}

// judge says what the caller hears of a failed operation and whether it may be
// run again because nothing of it reached the server.
func (s *session) judge(ctx context.Context, o *op, err error) (heard error, again bool) {
	var bad argError
	if errors.As(err, &bad) {
		return bad.error, false
	}
	p := s.held.Value
	badConn := errors.Is(err, driver.ErrBadConn)
	class := s.e.backend.Classify(err)
	if class == backend.ClassVerdict {
		return err, false
	}
	cut := p.line != nil && p.line.Broken()
	if !badConn && !cut && class != backend.ClassDead && class != backend.ClassFatal {
		return err, false
	}
	p.broken = true
	if class == backend.ClassFatal {
		return err, o.harmless && o.Op != middleware.OpRollback
	}
	if o.Op == middleware.OpRollback {
		return err, false // what was not committed is undone with the connection
	}
	if o.harmless || !s.reached(p, badConn) {
		if ended := ctx.Err(); ended != nil {
			return endedError(err, ended), false
		}
		return s.quietError(p, err), p.line == nil || p.line.Expired() == nil
	}
	return s.indeterminate(ctx, p, o.name(), err), false
}

// reached reports whether the statement may have reached the server. The shim
// knows; without it the driver's ErrBadConn is believed, unless it is known to
// say so after sending as well.
func (s *session) reached(p *physical, badConn bool) bool {
	if badConn && !s.e.backend.ErrBadConnLies {
		return false
	}
	return p.line == nil || p.line.Sent()
}

// endedError is err where it already tells of the context's end, else the end.
func endedError(err, ended error) error {
	if errors.Is(err, ended) {
		return err
	}
	return ended
}

// quietError is err, or where a timeout of Fluxor's own cut the wire, that.
func (s *session) quietError(p *physical, err error) error {
	if p.line == nil || !errors.Is(p.line.Expired(), netshim.ErrQuiet) {
		return err
	}
	return &refusal.Error{
		Policy:   "network",
		Reason:   "the server did not answer within fluxor_network_timeout; nothing took effect",
		Sentinel: refusal.ErrNetworkTimeout,
		Cause:    unlessBadConn(err),
	}
}

// indeterminate is the error for a statement that was sent and whose answer
// was lost.
func (s *session) indeterminate(ctx context.Context, p *physical, name string, err error) error {
	out := &refusal.IndeterminateError{Op: name, Cause: unlessBadConn(err)}
	if p.line != nil && errors.Is(p.line.Expired(), netshim.ErrQuiet) {
		out.Sentinel = refusal.ErrNetworkTimeout
	}
	ended := ctx.Err()
	if ended == nil && p.line != nil && out.Sentinel == nil {
		ended = p.line.Expired()
	}
	if ended != nil && !errors.Is(out.Cause, ended) {
		out.Cause = errors.Join(ended, out.Cause)
	}
	return out
}

func unlessBadConn(err error) error {
	if errors.Is(err, driver.ErrBadConn) {
		return nil
	}
	return err
}

// judgeNext says what the caller hears when reading rows failed: the statement
// ran, but how far it got nobody knows once the connection is lost.
func (s *session) judgeNext(r *reading, err error) error {
	class := s.e.backend.Classify(err)
	if class == backend.ClassVerdict {
		return err
	}
	badConn := errors.Is(err, driver.ErrBadConn)
	cut := r.p.line != nil && r.p.line.Broken()
	if !badConn && !cut && class != backend.ClassDead && class != backend.ClassFatal {
		return err
	}
	r.p.broken = true
	if class == backend.ClassFatal {
		return err
	}
	if r.p.line == nil && badConn && !s.e.backend.ErrBadConnLies {
		return err
	}
	return s.indeterminate(context.Background(), r.p, "query", err)
}

// rowsClosed ends the operation that opened r and keeps r for another.
func (s *session) rowsClosed(r *reading) {
	if s.held != nil && s.held.Value == r.p && s.open > 0 {
		s.open--
	}
	eager := r.eager
	s.keep(r)
	if eager && s.open == 0 && !s.inTx {
		s.release()
	}
}

// reading returns a query's state to fill.
func (s *session) reading() *reading {
	r := s.free
	if r == nil {
		return &reading{}
	}
	s.free, r.next = r.next, nil
	return r
}

// keep puts a query's state back, without what it referred to.
func (s *session) keep(r *reading) {
	r.inner, r.closeStmt, r.p, r.guard, r.watch, r.lastErr = nil, nil, nil, netshim.Guarding{}, nil, nil
	r.Reset()
	r.st, r.work = nil, nil
	r.next, s.free = s.free, r
}

// closeBound bounds the closing of a statement.
func (s *session) closeBound(p *physical) netshim.Guarding {
	return guard(p, context.Background(), s.e.set.CloseTimeout)
}
