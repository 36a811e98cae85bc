// This file is the text about a database that an operator pastes in a ticket.

package health

import (
	"fmt"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
)

// Diagnostics is all that is known of a database at one moment, without asking
// it and without a password.
type Diagnostics struct {
	// At is the moment.
	At time.Time
	// Backend says what is connected to and how, in words.
	Backend string
	// Health is the last answer's; its At is zero where nobody asked.
	Health Status
	// State are the circuit breaker and the physical connections.
	State State
	// Breaker is the circuit breaker with what State leaves out.
	Breaker Breaker
	// Limits are the bounds of load that are on.
	Limits []Limit
	// Cache is the query cache; nil where it is off.
	Cache *metrics.Cache
	// Slowest are the slowest statements, the worst first.
	Slowest []Statement
	// Frequent are the statements that ran most often, the first most. They are not
	// in the text.
	Frequent []Statement
	// Leaks are the leases that have lasted too long, the longest first.
	Leaks []Leak
	// Failures are the last errors, the newest first.
	Failures []Failure
	// Config are the options that are not at their default.
	Config []Setting
}

// Pool are the physical connections: the present state, then what happened
// since the start.
type Pool struct {
	// MaxOpen is the limit, 0 for none. Used connections are leased.
	MaxOpen, Open, Idle, Used, Dialing, Waiting int
	// MaxUsed is the most ever used at once.
	MaxUsed int
	// WaitCount are the callers who waited because the pool was full,
	// WaitDuration how long together, and Timeouts those who gave up.
	WaitCount    int64
	WaitDuration time.Duration
	Timeouts     int64
	// Dials succeeded, DialErrors did not. Discarded connections were lost in
	// use, Invalid ones found broken before.
	Dials, DialErrors, Discarded, Invalid int64
}

// Setting is an option and its value, both in words.
type Setting struct{ Name, Value string }

// Statement is what is known of all statements that differ in their literals
// alone.
type Statement struct {
	// Fingerprint is the text without literals.
	Fingerprint string
	// Count is how often it ran, Failed how often in vain.
	Count, Failed int64
	// Mean and Max are how long it took.
	Mean, Max time.Duration
	// Caller is the file and line of one who ran it; "" where unknown.
	Caller string
}

// Leak is a lease that has lasted too long.
type Leak struct {
	// Held is how long it has lasted.
	Held time.Duration
	// Place is the borrower's file and line; "" where it was not noted.
	Place string
	// Stack are the application's calls that led there, the innermost first. It is
	// not in the text.
	Stack []string
	// Fingerprint is its last statement without literals.
	Fingerprint string
	// Dropped says that nobody can end it: its rows were dropped without Close.
	Dropped bool
}

// Failure is an error and when it came.
type Failure struct {
	At   time.Time
	Text string
}

// String is the whole of it, one fact per line.
func (d Diagnostics) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Fluxor diagnostics, %s\n", d.At.UTC().Format(time.RFC3339))
	line := func(name, text string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-9s %s", name, text), " ") + "\n")
	}
	line("database", d.Backend)
	line("health", d.health())
	itself := func(text string) string { return text }
	section(line, "breaker", d.Breaker.lines(d.At), itself)
	section(line, "pool", d.State.Pool.lines(), itself)
	section(line, "limits", d.Limits, Limit.text)
	section(line, "cache", cacheLines(d.Cache), itself)
	section(line, "slowest", d.Slowest, Statement.text)
	section(line, "leaks", d.Leaks, Leak.text)
	section(line, "errors", d.Failures, func(f Failure) string { return f.At.UTC().Format(time.RFC3339) + "  " + f.Text })
	section(line, "config", d.Config, Setting.text)
	return b.String()
}

// section writes a list under one name, "none" where it is empty.
func section[T any](line func(name, text string), name string, list []T, text func(T) string) {
	if len(list) == 0 {
		line(name, "none")
	}
	for i, item := range list {
		if i > 0 {
			name = ""
		}
		line(name, oneLine(text(item)))
	}
}

// oneLine keeps a text from looking like several facts.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func (d Diagnostics) health() string {
	if d.Health.At.IsZero() {
		return "unknown: nobody asked yet"
	}
	word := "healthy"
	if !d.Health.Healthy {
		word = "unhealthy"
	}
	return fmt.Sprintf("%s: %s (asked %v ago)", word, oneLine(d.Health.Message), d.At.Sub(d.Health.At).Round(time.Second))
}

func (p Pool) lines() []string {
	limit := "no limit"
	if p.MaxOpen > 0 {
		limit = fmt.Sprintf("limit %d", p.MaxOpen)
	}
	return []string{
		fmt.Sprintf("%d open (%d used, %d idle), %s, %d dialing, %d waiting; at most %d used at once", p.Open, p.Used, p.Idle, limit, p.Dialing, p.Waiting, p.MaxUsed),
		fmt.Sprintf("%d waited %v together, %d gave up; %d dialed, %d dials failed, %d lost in use, %d found broken",
			p.WaitCount, p.WaitDuration.Round(time.Millisecond), p.Timeouts, p.Dials, p.DialErrors, p.Discarded, p.Invalid),
	}
}

func (s Setting) text() string { return s.Name + "=" + s.Value }

func (s Statement) text() string {
	return fmt.Sprintf("%s: %d times, %d failed, mean %v, max %v%s", s.Fingerprint, s.Count, s.Failed, s.Mean, s.Max, at(s.Caller))
}

func (l Leak) text() string {
	text := fmt.Sprintf("held %v%s", l.Held.Round(time.Millisecond), at(l.Place))
	if l.Dropped {
		text += ", for ever: its rows were dropped without Close"
	}
	if l.Fingerprint != "" {
		text += ": " + l.Fingerprint
	}
	return text
}

func at(place string) string {
	if place == "" {
		return ""
	}
	return ", " + place
}
