// This file is what a breaker is told when it is made.

package breaker

import (
	"context"
	"time"
)

// Config says when a breaker opens and how it closes. The conditions to open
// are independent: the first that holds opens it. With none of them it never
// opens by itself.
type Config struct {
	// MaxFailures opens the breaker when so many calls failed in a row;
	// 0 = not by count. Calls that are ignored do not interrupt the row.
	MaxFailures int
	// FailureTime is for how long calls must have failed without exception as
	// well; 0 = no such condition. The time begins when the first of them
	// began.
	FailureTime time.Duration

	// ErrorRate opens it when so many percent of the calls in Window failed;
	// 0 = not by rate.
	ErrorRate float64
	// SlowRate opens it when so many percent of the calls in Window took longer
	// than SlowCall; 0 = not by time. A failure may be slow, too.
	SlowRate float64
	// SlowCall is what a call may take, and a probe where SlowRate is set.
	SlowCall time.Duration
	// Window is how far the two rates look back; 0 = 10 s. It moves in steps
	// of a tenth.
	Window time.Duration
	// MinCalls is how many calls Window must hold before rates mean anything;
	// 0 = 20.
	MinCalls int

	// Probe asks the database, on a connection of its own, whether it is well.
	// It must end with its context. It runs in the breaker's goroutine, one at
	// a time. Without it the breaker closes after ResetTimeout.
	Probe func(ctx context.Context) error
	// ProbeInterval is the pause before the first probe; 0 = 250 ms, and never
	// more than ResetTimeout. Each further pause is a fifth longer than the
	// one before, so that it stays about a fifth of the outage so far. Chance
	// takes up to half off each, so that many programs do not probe at once.
	ProbeInterval time.Duration
	// ResetTimeout is the longest pause between two probes; 0 = 60 s.
	ResetTimeout time.Duration
	// HalfOpenTimeout bounds one probe; 0 = 10 s.
	HalfOpenTimeout time.Duration

	// OnStateChange hears of each change, one after the other and in order, on
	// the goroutine of whoever caused this change or one shortly before, and
	// under no lock. It should be quick, and must not call Close.
	OnStateChange func(Change)

	// Disabled makes a breaker that counts nothing and opens only when it is
	// forced to.
	Disabled bool
}

func (c Config) withDefaults() Config {
	orElse(&c.Window, 10*time.Second)
	orElse(&c.MinCalls, 20)
	orElse(&c.ResetTimeout, time.Minute)
	orElse(&c.HalfOpenTimeout, 10*time.Second)
	orElse(&c.ProbeInterval, 250*time.Millisecond)
	c.ProbeInterval = min(c.ProbeInterval, c.ResetTimeout)
	if c.Probe == nil {
		c.Probe = func(context.Context) error { return nil }
		c.ProbeInterval = c.ResetTimeout
	}
	return c
}

func orElse[T int | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}
