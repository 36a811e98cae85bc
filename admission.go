// This file decides whether an operation may have a connection at all, and tells the breaker what became of it.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/breaker"
	"github.com/fluxor-db/fluxor/refusal"
)

// Admission is per lease, not per call: an operation on a session that holds its
// lease already, a commit and a rollback are never refused, but the breaker
// learns of them, too.

// newBreaker returns the breaker of an engine. A database that lives in its
// connections is never asked on one of its own, and cannot be gone.
func newBreaker(e *engine, pinned bool) *breaker.Breaker {
	set := e.set
	return breaker.New(breaker.Config{
		MaxFailures:     set.CircuitBreakerMaxFailures,
		FailureTime:     set.CircuitBreakerFailureTime,
		ErrorRate:       float64(set.CircuitBreakerErrorRate),
		SlowRate:        float64(set.CircuitBreakerSlowRate),
		SlowCall:        set.CircuitBreakerSlowCall,
		Window:          set.CircuitBreakerWindow,
		ResetTimeout:    set.CircuitBreakerResetTimeout,
		HalfOpenTimeout: set.CircuitBreakerHalfOpenTimeout,
		Probe:           e.probe,
		OnStateChange:   e.breakerChanged,
		Disabled:        pinned,
	})
}

// admit asks for an operation that needs a lease. An error is Fluxor's refusal.
func (s *session) admit(ctx context.Context) (breaker.Ticket, error) {
	ticket, after, ok := s.e.breaker.Allow()
	if !ok {
		return ticket, s.e.circuitOpen(after)
	}
	return ticket, nil
}

// circuitOpen is the refusal while the database is found sick.
func (e *engine) circuitOpen(after time.Duration) error {
	now := e.breaker.Snapshot()
	reason := "the circuit breaker is open: the database failed"
	if now.Override == breaker.ForcedOpen {
		reason = "the circuit breaker is forced open"
	}
	if after > 0 {
		reason += fmt.Sprintf("; it is asked again in %v", after.Round(time.Millisecond))
	}
	return &refusal.Error{
		Policy: "breaker", Reason: reason, RetryAfter: after,
		Sentinel: refusal.ErrCircuitOpen, Cause: presentable(now.LastFailure),
	}
}

// presentable is err as the cause of an error of Fluxor's own.
func presentable(err error) error { return unlessBadConn(err) }

// report tells the breaker what became of an operation that took so long.
func (s *session) report(ctx context.Context, ticket breaker.Ticket, began time.Time, err error) {
	now := time.Now()
	s.e.breaker.Report(ticket, breaker.Result{Outcome: s.outcome(ctx, err), Took: now.Sub(began), End: now, Err: err})
}

// outcome is what an operation's end says about the database.
func (s *session) outcome(ctx context.Context, err error) breaker.Outcome {
	switch {
	case err == nil:
		return breaker.Success
	case err == driver.ErrSkip, errors.Is(err, context.Canceled): //nolint:errorlint // the contract of ErrSkip is identity
		return breaker.Ignored
	case errors.Is(err, refusal.ErrQueryTimeout), errors.Is(err, refusal.ErrNetworkTimeout):
		return breaker.Failure
	case errors.Is(err, context.DeadlineExceeded):
		if s.held == nil || s.held.Value.broken || s.held.Value.cut() {
			return breaker.Failure // not even the cancellation was answered
		}
		return breaker.Ignored
	}
	switch s.e.backend.Classify(err) {
	case backend.ClassVerdict:
		return breaker.Success
	case backend.ClassDead, backend.ClassFatal, backend.ClassTooMany, backend.ClassUnavailable:
		return breaker.Failure
	}
	var lost *refusal.IndeterminateError
	if errors.As(err, &lost) {
		return breaker.Failure
	}
	return breaker.Ignored
}

// probe asks the database on a connection of its own. Where the driver does not
// keep to the context it is left behind, and nobody asks again before it returns.
func (e *engine) probe(ctx context.Context) error {
	if !e.asking.CompareAndSwap(false, true) {
		return errStillAsking
	}
	answer := make(chan error, 1)
	go func() {
		defer e.asking.Store(false)
		answer <- e.ask(ctx)
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errStillAsking = errors.New("fluxor: the driver has not returned from the last probe")

// ask opens a connection, pings and closes it.
func (e *engine) ask(ctx context.Context) error {
	p, err := e.dial(ctx)
	if err != nil {
		return err
	}
	return errors.Join(e.validate(ctx, p), e.closePhysical(p))
}

// breakerChanged logs a change of the breaker's, and tells the application.
func (e *engine) breakerChanged(c breaker.Change) {
	level := e.log.Warn
	if c.To == breaker.Closed {
		level = e.log.Info
	}
	level("the circuit breaker is "+c.To.String(), "engine", e.name, "why", c.Why, "error", c.Cause)
}
