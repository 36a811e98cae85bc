// This file is what clients of registers did and what they saw, each with its beginning and its end on one clock.

// Package registers judges whether a database, or a cache before it, ever showed
// a client what it should no longer have shown. Its clients write values that
// only grow into registers, which are rows of several tables, and read them in
// many ways. Each notes what it did in a [Log] of its own; [Judge] holds all of
// it against the promise of a cache: a read that begins after a write returned
// shows it, a read that begins after another read returned shows nothing older,
// and nobody sees what was rolled back. Its tests run real servers, real faults
// and real clients under that judgement.
package registers

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/soak"
)

// Write is a value on its way into one or more registers, at once.
type Write struct {
	// Value is the write's own: no other write has it. Of two values of a
	// register the greater is the newer.
	Value int64
	// Registers are those that it sets, unless they hold a greater value already.
	Registers []int
	// Begin is when that was sent which shows the value to others: a statement
	// outside a transaction, or the commit. End is when the answer was here.
	Begin, End time.Duration
	// Outcome is what the answer promises. A write that is rolled back has
	// failed.
	Outcome soak.Outcome
}

// Seen is the value that a read showed of a register; 0 is what was there in the
// beginning.
type Seen struct {
	Register int
	Value    int64
}

// Read is one statement that read registers, and was answered.
type Read struct {
	// Begin is when it was asked, End when its last row was here.
	Begin, End time.Duration
	// Seen is what it showed, all of one moment.
	Seen []Seen
	// Missing is by how much a sum that it showed is less than what all writes
	// leave as it is; 0 where it showed none.
	Missing int64
}

// History is the clock of all clients, the source of their values, and their
// logs. It is safe for concurrent use.
type History struct {
	start time.Time
	value atomic.Int64

	mu   sync.Mutex // protects logs; a leaf lock
	logs []*Log
}

// NewHistory returns a history that begins now.
func NewHistory() *History { return &History{start: time.Now()} }

// Now is the moment, on the clock of all clients.
func (h *History) Now() time.Duration { return time.Since(h.start) }

// NextValue is a value that no other write has, greater than all before.
func (h *History) NextValue() int64 { return h.value.Add(1) }

// Log is what one client did. It belongs to one goroutine.
type Log struct {
	writes []Write
	reads  []Read
}

// NewLog returns the log of one more client.
func (h *History) NewLog() *Log {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := &Log{}
	h.logs = append(h.logs, l)
	return l
}

// Write notes a write that is over.
func (l *Log) Write(w Write) { l.writes = append(l.writes, w) }

// Read notes a read that was answered.
func (l *Log) Read(r Read) { l.reads = append(l.reads, r) }

// Judge judges all logs. It is called when no client works any more.
func (h *History) Judge() Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	var writes []Write
	var reads []Read
	for _, l := range h.logs {
		writes, reads = append(writes, l.writes...), append(reads, l.reads...)
	}
	return Judge(writes, reads)
}
