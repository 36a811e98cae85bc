// This file asks a database at intervals, remembers the answer and tells callbacks.

package health

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// defaultInterval is for monitors that are made with none.
const defaultInterval = 30 * time.Second

// staleAfter is how many intervals an answer says something.
const staleAfter = 3

// Monitor asks a database at intervals. It is safe for concurrent use.
type Monitor struct {
	target   Target
	interval time.Duration

	mu        sync.Mutex // protects what follows; nothing is called under it
	callbacks []Callback
	last      Status
	cancel    context.CancelFunc // ends the run; nil where there is none
	done      chan struct{}      // closed when the run has ended
}

// Event is one look of a [Monitor].
type Event struct {
	// Status is what it found.
	Status
	// Before is what the look before found; its At is zero at the first look.
	Before Status
}

// Changed reports whether the reason is another than before, or this is the
// first look.
func (e Event) Changed() bool { return e.Before.At.IsZero() || e.Before.Reason != e.Reason }

// Callback hears of each look. Callbacks are called one after the other by the
// monitor's own goroutine: what one waits for, the next look waits for.
type Callback func(Event)

// NewMonitor returns a monitor that is not started. An interval of 0 is 30
// seconds.
func NewMonitor(t Target, interval time.Duration) *Monitor {
	if interval <= 0 {
		interval = defaultInterval
	}
	return &Monitor{target: t, interval: interval}
}

// AddCallback has f called at each look from the next one on.
func (m *Monitor) AddCallback(f Callback) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.callbacks = append(m.callbacks, f)
}

// Start looks at once and then at each interval, in a goroutine of its own,
// until ctx ends or Stop is called. Starting a running monitor changes nothing.
func (m *Monitor) Start(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done != nil {
		select {
		case <-m.done: // its context ended
		default:
			return
		}
	}
	ctx, m.cancel = context.WithCancel(ctx)
	m.done = make(chan struct{})
	go m.run(ctx, m.done)
}

// Stop ends the looks and returns when the last callback has. It must not be
// called from a callback: end Start's context there. Stopping twice, or what
// never started, changes nothing.
func (m *Monitor) Stop() {
	m.mu.Lock()
	cancel, done := m.cancel, m.done
	m.mu.Unlock()
	if done == nil {
		return
	}
	cancel()
	<-done
}

// run ends with ctx.
func (m *Monitor) run(ctx context.Context, done chan struct{}) {
	defer close(done)
	tick := time.NewTicker(m.interval)
	defer tick.Stop()
	for ctx.Err() == nil {
		m.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// look asks once. What comes back after the end of ctx says nothing.
func (m *Monitor) look(ctx context.Context) {
	now := Check(ctx, m.target)
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	e := Event{Status: now, Before: m.last}
	m.last = now
	callbacks := m.callbacks[:len(m.callbacks):len(m.callbacks)]
	m.mu.Unlock()
	for _, f := range callbacks {
		f(e)
	}
}

// Status is the last look's, with the circuit breaker's state of now: it
// neither dials nor waits, so it is fit for readiness probes. Before the first
// look, and when no look came for three intervals, the database counts as unfit.
func (m *Monitor) Status() Status {
	m.mu.Lock()
	s := m.last
	m.mu.Unlock()
	state := m.target.State()
	if s.At.IsZero() {
		return Status{Reason: ReasonUnasked, Message: "the database was not asked yet", State: state}
	}
	if age := time.Since(s.At); age > staleAfter*m.interval+checkTimeout {
		s.Healthy, s.Reason, s.State = false, ReasonStale, state
		s.Message = fmt.Sprintf("the database was asked %v ago, and not since", age.Round(time.Second))
		return s
	}
	return s.Beside(state)
}

// DefaultLoggingCallback logs each change with [slog.Default]: an illness as a
// warning, a recovery as information, and what stays as it is at level debug.
func DefaultLoggingCallback(e Event) { LogTo(slog.Default())(e) }

// LogTo returns [DefaultLoggingCallback] for a logger.
func LogTo(l *slog.Logger) Callback {
	return func(e Event) {
		level := slog.LevelDebug
		switch {
		case e.Changed() && e.Healthy:
			level = slog.LevelInfo
		case e.Changed():
			level = slog.LevelWarn
		}
		l.Log(context.Background(), level, "database health", "healthy", e.Healthy, "reason", e.Reason, "message", e.Message,
			"breaker", e.State.Breaker, "open", e.State.Pool.Open, "used", e.State.Pool.Used, "waiting", e.State.Pool.Waiting)
	}
}
