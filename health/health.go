// This file says whether a database is fit for use, from one question to it and from what is known without asking.

// Package health watches a database: [Check] asks it once, a [Monitor] asks at
// intervals over a connection of its own, remembers the answer for readiness
// probes and tells callbacks, and [Diagnostics] is a text to paste in a ticket.
// Package health/handler serves /livez and /readyz.
//
// The package knows no engine: what it watches is a [Target]. A
// *fluxor.Connector and a *fluxor.DBRuntime are targets.
package health

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Target is a database to be watched. Its methods may be called from several
// goroutines.
type Target interface {
	// Probe asks the database whether it answers, over a connection that no
	// caller of the application waits for. It returns when ctx ends.
	Probe(ctx context.Context) error
	// State is what is known without asking: it neither dials nor waits.
	State() State
}

// State is what is known of a database without asking it.
type State struct {
	// Breaker is the circuit breaker's state: "closed", "open", "half-open".
	Breaker string
	// Pool are the physical connections.
	Pool Pool
}

// The states of a circuit breaker.
const (
	BreakerClosed   = "closed"
	BreakerOpen     = "open"
	BreakerHalfOpen = "half-open"
)

// Reason says in a word why a database is or is not fit for use.
type Reason string

// The reasons.
const (
	// ReasonOK: the database answered.
	ReasonOK Reason = "ok"
	// ReasonUnasked: nobody asked yet.
	ReasonUnasked Reason = "not asked yet"
	// ReasonNoAnswer: the database was asked and did not answer, or refused.
	ReasonNoAnswer Reason = "no answer"
	// ReasonBreaker: the circuit breaker refuses calls.
	ReasonBreaker Reason = "circuit breaker open"
	// ReasonStale: the last answer is too old to say anything.
	ReasonStale Reason = "answer too old"
)

// Status is the health of a database.
type Status struct {
	// Healthy says whether calls are likely to succeed.
	Healthy bool
	// Reason says why in a word, fit for anybody's eyes.
	Reason Reason
	// Message says it in a sentence, with what the driver said.
	Message string
	// Err is what the driver said; nil where the database answered.
	Err error
	// At is when the database was asked; zero where it never was.
	At time.Time
	// Latency is how long the answer took.
	Latency time.Duration
	// State is what was known besides at that time.
	State State
}

// checkTimeout bounds a question whose context has no deadline.
const checkTimeout = 5 * time.Second

// Check asks the database now, within ctx and 5 seconds, and says whether it is
// fit for use: it answered and the circuit breaker lets calls through. A full
// pool is no illness; the message tells of it.
func Check(ctx context.Context, t Target) Status {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	asked := time.Now()
	err := t.Probe(ctx)
	s := Status{At: asked, Latency: time.Since(asked), Err: err}
	return s.Beside(t.State())
}

// Beside judges an answer, of which At, Latency and Err are known, by what is
// known besides. Where At is zero there was none, and what is known besides decides
// alone.
func (s Status) Beside(now State) Status {
	s.State = now
	s.Healthy, s.Reason = true, ReasonOK
	if s.Err != nil {
		s.Healthy, s.Reason = false, ReasonNoAnswer
	} else if now.Breaker == BreakerOpen || now.Breaker == BreakerHalfOpen {
		s.Healthy, s.Reason = false, ReasonBreaker
	}
	s.Message = s.sentence()
	return s
}

// sentence is Message.
func (s Status) sentence() string {
	took := s.Latency.Round(10 * time.Microsecond)
	switch {
	case errors.Is(s.Err, context.DeadlineExceeded):
		return fmt.Sprintf("the database did not answer within %v", took)
	case s.Err != nil:
		return "the database does not answer: " + s.Err.Error()
	}
	text := fmt.Sprintf("the database answered in %v", took)
	if s.At.IsZero() {
		text = "no check has asked the database lately"
	}
	if s.Reason == ReasonBreaker {
		return fmt.Sprintf("%s, but the circuit breaker is %s and refuses calls", text, s.State.Breaker)
	}
	if p := s.State.Pool; p.Waiting > 0 {
		text += fmt.Sprintf("; %d connections are used and %d callers wait for one", p.Used, p.Waiting)
	}
	return text
}
