// This file is what a circuit breaker and the limits say of themselves.

package health

import (
	"fmt"
	"time"
)

// Breaker is a circuit breaker at one moment.
type Breaker struct {
	// State is [BreakerClosed], [BreakerOpen] or [BreakerHalfOpen].
	State string
	// Override is "forced open" or "forced closed" where somebody set it so; ""
	// where the breaker judges by itself.
	Override string
	// Why says in words what made the last change, and Since when it was.
	Why   string
	Since time.Time
	// Failures are those in a row, now.
	Failures int
	// Opened is how often the breaker opened by itself, and Refused how many
	// calls it refused, both since the start.
	Opened, Refused int64
	// LastError is what the last failed call or probe met; "" where none did.
	LastError string
	// NextProbe is in how long the database is asked again; 0 where that is not
	// due or nobody knows.
	NextProbe time.Duration
}

// lines are the present state, then what happened since the start.
func (b Breaker) lines(now time.Time) []string {
	if b.State == "" {
		return []string{"unknown"}
	}
	state := b.State
	if b.Override != "" {
		state += " (" + b.Override + ")"
	}
	if !b.Since.IsZero() {
		state += fmt.Sprintf(" for %v: %s", now.Sub(b.Since).Round(time.Second), b.Why)
	}
	if b.NextProbe > 0 {
		state += fmt.Sprintf("; asked again in %v", b.NextProbe.Round(time.Millisecond))
	}
	past := fmt.Sprintf("opened %d times, refused %d calls; %d failures in a row", b.Opened, b.Refused, b.Failures)
	if b.LastError != "" {
		past += "; last error: " + b.LastError
	}
	return []string{state, past}
}

// The names of the limits.
const (
	LimitPerSecond = "operations per second"
	LimitAtOnce    = "operations at once"
)

// Limit is a bound of load that is on, at one moment.
type Limit struct {
	// Name is [LimitPerSecond] or [LimitAtOnce].
	Name string
	// Limit is how many get through. InUse are those at work, the waiting ones
	// left out; 0 for a rate. Queued stand in line.
	Limit, InUse, Queued int
	// Admitted got through, at once or after a wait, and Refused did not, both
	// since the start. Who went away while it waited is in neither.
	Admitted, Refused int64
	// Mode is what becomes of an operation that finds no room: "block",
	// "timeout" or "reject". Timeout is how long it waits in mode "timeout"; 0
	// in the others.
	Mode    string
	Timeout time.Duration
}

// text is the limit in a line.
func (l Limit) text() string {
	text := fmt.Sprintf("%s: limit %d, ", l.Name, l.Limit)
	if l.Name == LimitAtOnce {
		text += fmt.Sprintf("%d in use, ", l.InUse)
	}
	text += fmt.Sprintf("%d queued; %d admitted, %d refused; mode %s", l.Queued, l.Admitted, l.Refused, l.Mode)
	if l.Timeout > 0 {
		text += fmt.Sprintf(" (%v)", l.Timeout)
	}
	return text
}
