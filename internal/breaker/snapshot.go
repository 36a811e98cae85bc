// This file is what a breaker shows of itself.

package breaker

import "time"

// Snapshot is a consistent picture of a breaker, for diagnostics.
type Snapshot struct {
	State    State
	Override Override
	Disabled bool
	Since    time.Time // when State began, with the next
	Why      string    // in words

	Failures    int // in a row
	WindowCalls int // in Config.Window, with the next two; 0 where no rate is set
	WindowFails int
	WindowSlow  int

	LastError   error     // of the last failed call or probe; nil = none
	LastErrorAt time.Time // zero = none
	NextProbe   time.Time // zero = none is due; while one runs, when the next would be

	Opened  uint64 // how often it opened by itself
	Probes  uint64
	Refused uint64 // calls
}

// Snapshot returns the present picture.
func (b *Breaker) Snapshot() Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.window.move(b.now())
	sum := b.window.sum
	s := Snapshot{
		State: b.state, Override: b.override, Disabled: b.cfg.Disabled, Since: b.epoch.Add(b.since), Why: b.why,
		Failures: int(b.failures.Load()), WindowCalls: int(sum.calls), WindowFails: int(sum.failed), WindowSlow: int(sum.slow),
		LastError: b.lastErr,
		Opened:    b.opened, Probes: b.probes, Refused: b.refused.Load(),
	}
	if b.lastErr != nil {
		s.LastErrorAt = b.epoch.Add(b.lastErrAt)
	}
	if next := b.nextAt.Load(); next != never {
		s.NextProbe = b.epoch.Add(time.Duration(next))
	}
	return s
}
