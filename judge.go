// This file judges a failed call: whether the caller hears the driver's own error, whether the statement may run again, or whether nobody can know its outcome.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/refusal"
)

// judge says what the caller hears of a failed operation and whether it may be
// run again because nothing of it reached the server.
func (s *session) judge(ctx context.Context, o *op, err error) (heard error, again bool) {
	var bad argError
	if errors.As(err, &bad) {
		return bad.error, false
	}
	p := s.held.Value
	var off brokenOff
	if errors.As(err, &off) {
		s.halved(p, o)
		return off.error, false
	}
	var late timedOut
	if errors.As(err, &late) {
		if late.ended != nil || !lost(s.e.backend.Classify(late.error)) {
			return s.judgeTimeout(ctx, p, o, late), false
		}
		err = late.error
	}
	badConn := errors.Is(err, driver.ErrBadConn)
	if s.e.named(s.e.rules.Evict, err) {
		p.broken = true
		return err, false
	}
	if s.e.named(s.e.rules.Retry, err) {
		o.is.set(worked)
		return err, s.tx == nil && s.pure(o)
	}
	class := s.e.backend.Classify(err)
	if class.Answered() {
		return err, false
	}
	if class == backend.ClassUnavailable && !badConn && !p.cut() {
		p.broken = true // the server is stopping, or leaves its cluster; another connection may lead elsewhere
		return err, false
	}
	if !badConn && !lost(class) && !(p.cut() && !o.is.has(sound)) && !unanswered(ctx, p, err) {
		return err, false
	}
	p.broken, p.lost = true, true
	if p.apart != nil {
		s.doubt(p) // nothing showed on the others either
	}
	if class == backend.ClassFatal {
		return err, o.is.has(harmless) && o.Op != middleware.OpRollback
	}
	if o.Op == middleware.OpRollback {
		return err, false // what was not committed is undone with the connection
	}
	if o.is.has(harmless|toNobody) || !s.reached(p, o, badConn) {
		if ended := ctx.Err(); ended != nil {
			return endedError(err, ended), false
		}
		if p.line == nil && badConn {
			s.doubt(p)
			return err, false // database/sql repeats it, as often as on the bare driver
		}
		return s.quietError(p, err), p.line == nil || p.line.Expired() == nil
	}
	return s.judgeSent(ctx, p, o, err)
}

// judgeSent is judge for an operation that was sent, and whose answer is lost.
func (s *session) judgeSent(ctx context.Context, p *physical, o *op, err error) (heard error, again bool) {
	if s.pure(o) { // nothing could take effect
		if ended := ctx.Err(); ended != nil {
			return endedError(err, ended), false
		}
		if p.line != nil && errors.Is(p.line.Expired(), netshim.ErrQuiet) {
			return s.quietError(p, err), false
		}
		o.is.set(worked)
		again = s.tx == nil && p.line != nil && (s.young() || errors.Is(err, driver.ErrBadConn) && p.unheard())
	}
	return s.indeterminate(ctx, p, o.name(), err), again
}

// judgeTimeout says what the caller hears of a call that its own timeout ended:
// the server may have been done with it.
func (s *session) judgeTimeout(ctx context.Context, p *physical, o *op, late timedOut) error {
	s.halved(p, o)
	if lost(s.e.backend.Classify(late.error)) {
		p.broken = true
	}
	switch {
	case !o.is.has(harmless) && !s.pure(o):
		return s.indeterminate(ctx, p, o.name(), late)
	case late.ended != nil:
		return late.ended
	}
	return late.error
}

// halved gives up the connection of a call that was ended on its way, where a
// part of what it did may be left for the next statement to commit.
func (s *session) halved(p *physical, o *op) {
	if s.tx == nil && p.line.Sent() && arrays(o.Args) {
		p.broken = true
	}
}

// pure reports whether o's text is proven to change nothing.
func (s *session) pure(o *op) bool {
	d := sqltext.ForType(s.e.backend.Type)
	return d != sqltext.Unknown && o.SQL != "" && sqltext.Analyze(d, o.SQL).Verdict == sqltext.Pure
}

// lost reports whether an error of the class means that the connection is gone.
func lost(class backend.Class) bool {
	return class == backend.ClassDead || class == backend.ClassFatal
}

// unanswered reports whether the driver left a statement that it had sent
// because the context ended. pgx closes such a connection only later, in the
// background.
func unanswered(ctx context.Context, p *physical, err error) bool {
	return p.line != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) && p.line.Sent()
}

// reached reports whether the statement may have taken effect. The shim knows
// what was sent; without it the driver's ErrBadConn is believed, unless it is
// known to say so after sending as well. With it, ErrBadConn is believed only
// where it stands for a refusal that came over a sound wire.
func (s *session) reached(p *physical, o *op, badConn bool) bool {
	if p.line == nil {
		return !badConn || s.e.backend.ErrBadConnLies || p.lies
	}
	refused := badConn && s.e.backend.RefusedWhole != nil && p.line.Answered() && !p.line.Failed() &&
		s.e.backend.RefusedWhole(o.SQL)
	return p.line.Sent() && !refused
}

// doubt has the idle connections asked before their next use, or replaced where
// nobody can ask them: one of their kind was dead.
func (s *session) doubt(p *physical) {
	if s.e.asks(p) {
		s.e.pool.Doubt()
		return
	}
	s.e.pool.EvictIdle(time.Now())
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

// judgePure is judgeNext for a text that is proven to change nothing; nil where
// only driver.ErrBadConn tells of the failure, which must not go up as it is.
func (s *session) judgePure(r *reading, err error) error {
	if r.p.line == nil || r.p.line.Expired() == nil {
		return unlessBadConn(err)
	}
	if ended := r.p.line.Expired(); !errors.Is(ended, netshim.ErrQuiet) {
		return endedError(err, ended)
	}
	return s.quietError(r.p, err)
}

// judgeNext says what the caller hears when reading rows failed: the statement
// ran, but how far it got nobody knows once the connection is lost, or once the
// driver left it because the context ended.
func (s *session) judgeNext(r *reading, err error) error {
	return s.queryTimeout(r.p, &r.op, s.judgeRead(r, err))
}

// judgeRead is judgeNext but for the query timeout.
func (s *session) judgeRead(r *reading, err error) error {
	var off brokenOff
	if errors.As(err, &off) {
		return off.error
	}
	var late timedOut
	if errors.As(err, &late) {
		if late.ended != nil || !lost(s.e.backend.Classify(late.error)) {
			return s.judgeTimeout(context.Background(), r.p, &r.op, late)
		}
		err = late.error
	}
	class := s.e.backend.Classify(err)
	if class.Answered() {
		return err
	}
	badConn := errors.Is(err, driver.ErrBadConn)
	ended := r.p.line != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
	if !badConn && !lost(class) && !ended && !r.p.cut() {
		return err
	}
	r.p.broken, r.p.lost = true, true
	if class == backend.ClassFatal {
		return err
	}
	if s.pure(&r.op) {
		if told := s.judgePure(r, err); told != nil {
			return told
		}
	}
	if r.p.line == nil && badConn && !s.e.backend.ErrBadConnLies && !r.p.lies {
		return err
	}
	return s.indeterminate(context.Background(), r.p, "query", err)
}
