// This file is the circuit breaker of an engine: when it opens, how it asks the database, and what its refusal says.

package fluxor

import (
	"context"
	"errors"
	"fmt"
	"time"

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
		Probe:           e.probe,
		OnStateChange:   e.breakerChanged,
		Disabled:        pinned,
	})
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
		Sentinel: refusal.ErrCircuitOpen, Cause: unlessBadConn(now.LastError),
	}
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
