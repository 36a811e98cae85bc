// This file counts what happened in a run, for its progress and its summary.

package soak

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

// Tally counts faults, answers and recoveries. The zero value is ready; it is
// safe for concurrent use.
type Tally struct {
	mu         sync.Mutex // protects the fields below; a leaf lock
	faults     [kinds]int
	answers    map[string]*[4]int        // by what was called, by Outcome
	reasons    map[string]map[string]int // certain failures by reason, by what was called
	overshoot  time.Duration
	slowest    string
	recoveries []time.Duration
	lastOK     time.Time
}

// Fault counts a fault that was committed.
func (t *Tally) Fault(k Kind) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[k]++
}

// Answer counts a call that began at began, by what was called.
func (t *Tally) Answer(what string, began time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.answers == nil {
		t.answers, t.reasons = map[string]*[4]int{}, map[string]map[string]int{}
	}
	if t.answers[what] == nil {
		t.answers[what] = new([4]int)
	}
	outcome := OutcomeOf(err)
	t.answers[what][outcome]++
	if outcome == Failed {
		t.failedLocked(what, reason(err))
	}
	if err == nil && began.After(t.lastOK) {
		t.lastOK = began
	}
}

func (t *Tally) failedLocked(what, why string) {
	if t.reasons[why] == nil {
		t.reasons[why] = map[string]int{}
	}
	t.reasons[why][what]++
}

// Overshoot notes by how much a call outlasted its deadline.
func (t *Tally) Overshoot(what string, by time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if by > t.overshoot {
		t.overshoot, t.slowest = by, what
	}
}

// SucceededSince reports whether a call that began after moment succeeded.
func (t *Tally) SucceededSince(moment time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lastOK.After(moment)
}

// Recovered notes how long after the end of a fault the first call that began
// then had succeeded.
func (t *Tally) Recovered(after time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recoveries = append(t.recoveries, after)
}

// Faults is how many faults of each kind were committed, by Kind.
func (t *Tally) Faults() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.faults[:])
}

// Progress is one line: faults, answers, recoveries.
func (t *Tally) Progress() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	faults := 0
	for _, n := range t.faults {
		faults += n
	}
	var all [4]int
	for _, by := range t.answers {
		for o, n := range by {
			all[o] += n
		}
	}
	sorted := slices.Sorted(slices.Values(t.recoveries))
	var median, worst time.Duration
	if n := len(sorted); n > 0 {
		median, worst = sorted[n/2], sorted[n-1]
	}
	return fmt.Sprintf("%d faults; calls: %d ok, %d failed, %d indeterminate; recovery: median %v, worst %v; latest after a deadline: %v (%s)",
		faults, all[Acked], all[Failed], all[Unknown], ms(median), ms(worst), ms(t.overshoot), t.slowest)
}

// Summary is Progress, with the faults by kind the answers by call and the
// certain failures by reason.
func (t *Tally) Summary() string {
	var b strings.Builder
	b.WriteString(t.Progress())
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, n := range t.faults {
		fmt.Fprintf(&b, "\n  %4d x %v", n, Kind(k))
	}
	for _, what := range slices.Sorted(maps.Keys(t.answers)) {
		by := t.answers[what]
		fmt.Fprintf(&b, "\n  %-22s %7d ok %6d failed %5d indeterminate", what, by[Acked], by[Failed], by[Unknown])
	}
	for _, why := range slices.Sorted(maps.Keys(t.reasons)) {
		fmt.Fprintf(&b, "\n  failed, %s:", why)
		for _, what := range slices.Sorted(maps.Keys(t.reasons[why])) {
			fmt.Fprintf(&b, " %s %d;", what, t.reasons[why][what])
		}
	}
	return b.String()
}

// reason is a certain failure in few words.
func reason(err error) string {
	for _, known := range []struct {
		is   error
		name string
	}{
		{refusal.ErrCircuitOpen, "circuit open"},
		{refusal.ErrOverloaded, "overloaded"},
		{refusal.ErrRateLimited, "rate limited"},
		{refusal.ErrAcquireTimeout, "no connection in time"},
		{refusal.ErrQueryTimeout, "query timeout"},
		{refusal.ErrNetworkTimeout, "network timeout"},
		{driver.ErrBadConn, "the transaction's connection was gone"},
		{sql.ErrTxDone, "the transaction was over"},
		{context.Canceled, "canceled by the caller"},
		{context.DeadlineExceeded, "the caller's deadline"},
	} {
		if errors.Is(err, known.is) {
			return known.name
		}
	}
	name := fmt.Sprintf("%T", err)
	if strings.HasPrefix(name, "*errors.") || strings.HasPrefix(name, "*fmt.") { // the type says nothing
		return err.Error()
	}
	return name
}

func ms(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
