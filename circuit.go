// This file is the circuit breaker of an engine: when it opens, how it asks the database, and what its refusal says.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/breaker"
	"github.com/fluxor-db/fluxor/refusal"
)

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
		Probe:           func(ctx context.Context) error { return e.prober.ask(ctx) },
		OnStateChange:   e.breakerChanged,
		Disabled:        pinned,
	})
}

// circuitOpen is the refusal while the database is found sick.
func (e *engine) circuitOpen(after time.Duration) error {
	now := e.breaker.Snapshot()
	reason, cause := "the circuit breaker is open: the database failed", driversWord(now.LastError)
	if now.Override == breaker.ForcedOpen {
		reason, cause = "the circuit breaker is forced open", nil // what failed once is not why
	}
	if after > 0 {
		reason += fmt.Sprintf("; it is asked again in %v", after.Round(time.Millisecond))
	}
	return &refusal.Error{
		Policy: "breaker", Reason: reason, RetryAfter: after,
		Sentinel: refusal.ErrCircuitOpen, Cause: cause,
	}
}

// breakerHealth is the breaker for those who watch.
func (e *engine) breakerHealth() health.Breaker {
	s := e.breaker.Snapshot()
	b := health.Breaker{
		State: s.State.String(), Why: s.Why, Since: s.Since,
		Failures: s.Failures, Opened: int64(s.Opened), Refused: int64(s.Refused),
	}
	if s.Override != breaker.Automatic {
		b.Override = s.Override.String()
	}
	if s.LastError != nil {
		b.LastError = e.shown(s.LastError)
	}
	if !s.NextProbe.IsZero() {
		b.NextProbe = max(time.Until(s.NextProbe), 0)
	}
	return b
}

// driversWord is what a driver said in an error that somebody else heard; nil where
// there is no such thing. An unknown outcome, an ended context and a timeout were
// that one's own.
func driversWord(err error) error {
	var lost *refusal.IndeterminateError
	var refused *refusal.Error
	switch {
	case errors.As(err, &lost):
		err = lost.Cause
	case errors.As(err, &refused):
		err = refused.Cause
	}
	if err == nil || errors.Is(err, driver.ErrBadConn) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// breakerChanged logs a change of the breaker's, and tells the application.
func (e *engine) breakerChanged(c breaker.Change) {
	level := slog.LevelWarn
	if c.To == breaker.Closed {
		level = slog.LevelInfo
	}
	attrs := []slog.Attr{slog.String("why", c.Why)}
	if c.Cause != nil {
		attrs = append(attrs, slog.String("error", e.shown(c.Cause)))
	}
	e.log.LogAttrs(context.Background(), level, "the circuit breaker is "+c.To.String(), attrs...)
	if tell := e.set.OnStateChange; tell != nil {
		tell(StateChange{From: c.From.String(), To: c.To.String(), Reason: c.Why, At: c.At})
	}
}
