// This file judges a failed call: whether the caller hears the driver's own error, whether the statement may run again, or whether nobody can know its outcome.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/netshim"
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

// reached reports whether the statement may have taken effect. The shim knows
// what was sent; without it the driver's ErrBadConn is believed, unless it is
// known to say so after sending as well. With it, ErrBadConn is believed of
// such a driver where it follows an answer: go-sql-driver's rejectReadOnly
// says so that the server refused the statement.
func (s *session) reached(p *physical, badConn bool) bool {
	believed := badConn && !s.e.backend.ErrBadConnLies
	if p.line == nil {
		return !believed
	}
	return p.line.Sent() && !(believed && p.line.Answered())
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
