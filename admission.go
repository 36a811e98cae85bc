// This file decides whether an operation may have a connection at all, and tells the breaker what became of it.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/breaker"
	"github.com/fluxor-db/fluxor/refusal"
)

// Admission is per lease, not per call: an operation on a session that holds its
// lease already, a commit and a rollback are never refused, but the breaker
// learns of them, too.

// admit asks for an operation whether it may begin; one on a lease may. The time
// is when it asked to, zero for now. An error is Fluxor's refusal.
func (s *session) admit(ctx context.Context, asked time.Time) (breaker.Ticket, error) {
	e := s.e
	if s.held != nil {
		return e.breaker.Enter(), nil
	}
	ticket, after, ok := e.breaker.Allow()
	if !ok {
		return ticket, e.circuitOpen(after)
	}
	if e.rate != nil {
		if asked.IsZero() {
			asked = e.now()
		}
		if err := e.rate.Wait(ctx, asked); err != nil {
			return ticket, e.rateLimited(err)
		}
	}
	if e.crowd != nil && !s.counted {
		if err := e.crowd.Acquire(ctx); err != nil {
			return ticket, e.overloaded(err)
		}
		s.counted = true
	}
	return ticket, nil
}

// asked is about when the operation that is being carried out asked to begin: where
// nothing stands before the session, when it was counted as begun, since another
// look at the clock would cost a twentieth of a short call. Elsewhere it is zero.
func (s *session) asked() time.Time {
	if s.e.chain != nil {
		return time.Time{}
	}
	return s.began
}

// leave gives up the place that admit took; its lease is over. It is idempotent.
func (s *session) leave() {
	if s.counted {
		s.counted = false
		s.e.crowd.Release()
	}
}

// report tells the breaker what became of an operation.
func (s *session) report(ticket breaker.Ticket, began time.Time, err error) {
	if !s.e.judged {
		return
	}
	now := s.e.now()
	s.over = now
	if !s.busy.IsZero() {
		began = s.busy
	}
	s.e.breaker.Report(ticket, breaker.Result{Outcome: s.outcome(err), Took: now.Sub(began), End: now, Err: err})
}

// outcome is what an operation's end says about the database.
func (s *session) outcome(err error) breaker.Outcome {
	switch {
	case err == nil:
		return breaker.Success
	case err == driver.ErrSkip, errors.Is(err, context.Canceled): //nolint:errorlint // the contract of ErrSkip is identity
		return breaker.Ignored
	case s.e.named(s.e.rules.Ignore, err):
		return breaker.Ignored
	case errors.Is(err, refusal.ErrQueryTimeout), errors.Is(err, refusal.ErrNetworkTimeout):
		return breaker.Failure
	case errors.Is(err, refusal.ErrAcquireTimeout):
		if s.claim.Unanswered {
			return breaker.Failure
		}
		return breaker.Ignored // others have the connections
	case errors.Is(err, context.DeadlineExceeded):
		if s.held == nil || s.held.Value.broken || s.held.Value.cut() {
			return breaker.Failure // not even the cancellation was answered
		}
		return breaker.Ignored
	}
	switch s.e.backend.Classify(err) {
	case backend.ClassVerdict:
		return breaker.Success
	case backend.ClassDead, backend.ClassFatal, backend.ClassTooMany, backend.ClassUnavailable, backend.ClassSick:
		return breaker.Failure
	}
	var lost *refusal.IndeterminateError
	if errors.As(err, &lost) {
		return breaker.Failure
	}
	return breaker.Ignored
}
