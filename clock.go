// This file is the query timeout's part in an operation: when its clock runs, and what is said when it was over.

package fluxor

import (
	"context"
	"errors"
	"fmt"

	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/refusal"
)

// timeable reports whether the query timeout counts for o. A transaction's
// context outlives its beginning, so BEGIN is bounded by the wire alone.
func (o *op) timeable() bool {
	switch o.Op {
	case middleware.OpExec, middleware.OpQuery, middleware.OpPing, middleware.OpPrepare:
		return true
	}
	return false
}

// clock starts the clock and returns o's context under the query timeout; a
// repeat goes on with it.
func (o *op) clock(ctx context.Context, s *session) *timed {
	if o.timing {
		o.timed.work()
		return o.timed
	}
	if o.timed == nil {
		o.timed = newTimed(s.e.set.QueryTimeout)
	}
	o.timed.start(ctx)
	o.timing = true
	return o.timed
}

// context is what the driver sees of o's context.
func (o *op) context(ctx context.Context) context.Context {
	if o.timing {
		return o.timed
	}
	return ctx
}

// unclock ends the clock's service for o.
func (o *op) unclock() {
	if !o.timing {
		return
	}
	o.timing = false
	if !o.timed.stop() {
		o.timed.retire()
		o.timed = nil
	}
}

// attemptTimed is attemptWatched under the query timeout.
func (s *session) attemptTimed(ctx context.Context, o *op, settled bool) error {
	if s.e.set.QueryTimeout == 0 || !o.timeable() {
		return s.attemptWatched(ctx, o, settled)
	}
	c := o.clock(ctx, s)
	err := s.attemptWatched(c, o, settled)
	if err != nil || o.Op == middleware.OpQuery {
		c.rest(err == nil)
	} // else unclock is next, and stops it
	return err
}

// queryTimeout returns what the caller hears of err where the query timeout was over:
// that, and in it what the server made of it.
func (s *session) queryTimeout(p *physical, o *op, err error) error {
	if err == nil || !o.timing || !o.timed.expired() || !s.endsSo(err) {
		return err
	}
	if p != nil && p.broken {
		s.e.kill(p)
	}
	var lost *refusal.IndeterminateError
	if errors.As(err, &lost) {
		return &refusal.IndeterminateError{Op: lost.Op, Cause: lost.Cause, Sentinel: refusal.ErrQueryTimeout}
	}
	if err == context.DeadlineExceeded { //nolint:errorlint // the sentinel says the same
		err = nil
	}
	return &refusal.Error{
		Policy:   "timeout",
		Reason:   fmt.Sprintf("the database took longer than fluxor_query_timeout (%v); nothing took effect", s.e.set.QueryTimeout),
		Sentinel: refusal.ErrQueryTimeout,
		Cause:    unlessBadConn(err),
	}
}

// endsSo reports whether a call that was cancelled may end with err: any other
// verdict of the server's came before the cancellation did.
func (s *session) endsSo(err error) bool {
	if !s.e.backend.Classify(err).Answered() {
		return true
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState() == "57014" || state.SQLState() == "08007"
	}
	return s.e.backend.Type == "sqlite" // interrupted; its other errors come at once
}
