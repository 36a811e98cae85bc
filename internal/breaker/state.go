// This file is the breaker's state, how it changes, and who hears of it.

package breaker

import "time"

// State is what a breaker does with calls.
type State int

const (
	// Closed: calls pass.
	Closed State = iota
	// Open: calls are refused.
	Open
	// HalfOpen: calls are refused, and a probe is under way.
	HalfOpen
)

// String returns "closed", "open" or "half-open".
func (s State) String() string {
	switch s {
	case Open:
		return "open"
	case HalfOpen:
		return "half-open"
	}
	return "closed"
}

// Override is somebody's will against the breaker's own judgement.
type Override int

const (
	// Automatic: the breaker judges.
	Automatic Override = iota
	// ForcedOpen: calls are refused, and nothing probes.
	ForcedOpen
	// ForcedClosed: calls pass, and none counts.
	ForcedClosed
)

// String returns "automatic", "forced open" or "forced closed".
func (o Override) String() string {
	switch o {
	case ForcedOpen:
		return "forced open"
	case ForcedClosed:
		return "forced closed"
	}
	return "automatic"
}

// Change is one change of state.
type Change struct {
	From, To State
	At       time.Time
	// Why says in words what made the breaker change.
	Why string
	// Cause is the failure that made the breaker open, of a call or a probe;
	// else nil.
	Cause error
	// Override is the will in force after the change.
	Override Override
}

// record is the state and its history. Protected by Breaker.mu.
type record struct {
	state     State
	override  Override
	since     time.Duration // when state began
	turn      uint64        // counts generations
	opened    uint64        // how often it opened by itself
	why       string        // it is in this state
	lastErr   error
	lastErrAt time.Duration
	changes   []Change // that nobody was told yet
	telling   bool     // somebody tells
}

// failedLocked keeps what a failed call or probe met.
func (r *record) failedLocked(err error, at time.Duration) {
	if err != nil {
		r.lastErr, r.lastErrAt = err, at
	}
}

// Force makes the breaker open or closed until it is told otherwise. Automatic
// gives it back its own judgement, which starts anew from closed.
func (b *Breaker) Force(o Override) {
	b.mu.Lock()
	if o == b.override || b.ended {
		b.mu.Unlock()
		return
	}
	b.override = o
	b.dismissLocked()
	to := Closed
	if o == ForcedOpen {
		to = Open
	}
	b.enterLocked(to, b.now(), "somebody set it to "+o.String(), nil)
	b.mu.Unlock()
	b.tell()
}

// State is what the breaker does with calls now.
func (b *Breaker) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// enterLocked begins a state: no call that is under way counts any more. Who
// calls it tells, once mu is free.
func (b *Breaker) enterLocked(to State, now time.Duration, why string, cause error) {
	if to != b.state && b.cfg.OnStateChange != nil {
		b.changes = append(b.changes, Change{b.state, to, b.epoch.Add(now), why, cause, b.override})
	}
	b.state, b.since, b.why = to, now, why
	if to == Closed {
		b.window.clear(now)
		b.failures.Store(0)
		b.goodAt.Store(never)
	}
	b.turnLocked()
}

// turnLocked begins a generation and sets the gate by the state.
func (b *Breaker) turnLocked() {
	b.turn++
	gate := b.turn * generation
	if b.state == Closed {
		gate |= admits
		if b.override == Automatic && !b.cfg.Disabled && !b.ended {
			gate |= counts
		}
	}
	b.gate.Store(gate)
}

// tell delivers the changes so far. If somebody else is at it they leave these
// to him, which keeps the order.
func (b *Breaker) tell() {
	for {
		c, ok := b.takeChange()
		if !ok {
			return
		}
		b.deliver(c)
	}
}

func (b *Breaker) takeChange() (c Change, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.telling || len(b.changes) == 0 {
		return c, false
	}
	c, b.changes = b.changes[0], b.changes[1:]
	b.telling = true
	return c, true
}

// deliver survives a panic of the callback's, which goes on to its caller.
func (b *Breaker) deliver(c Change) {
	defer func() {
		b.mu.Lock()
		b.telling = false
		b.mu.Unlock()
	}()
	b.cfg.OnStateChange(c)
}
