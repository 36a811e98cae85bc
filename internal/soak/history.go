// This file remembers which rows clients tried to write and what they heard, and finds what a read must not have shown.

// Package soak judges what clients of a database saw while it was broken at
// random: which faults are drawn ([Draw]), what an error promises about a write
// ([OutcomeOf], [OutcomeOfTransaction]), whether a set of rows and a bank are
// what the answers said they were ([History], [Bank]), and how it went ([Tally]).
// Its tests run real servers, real faults and real clients under that judgement.
package soak

import (
	"fmt"
	"sync"
)

// mostViolations is how many violations a history keeps in words; the others
// are counted.
const mostViolations = 20

// History is a register of rows that are only ever added, each under an id of
// its own. Writers announce a row before they send it and say what they heard;
// readers say what they saw. It is safe for concurrent use.
//
// What it holds against the database: a row that was acknowledged before a read
// began is missing from it, a row is there twice, a row is there although its
// write failed for certain, a row is there that nobody wrote.
type History struct {
	mu         sync.Mutex // protects the fields below; a leaf lock
	clock      int64      // counts ends of writes and beginnings of reads
	writes     []write    // by id - 1
	violations []string
	more       int // violations that are not kept
}

// write is one row.
type write struct {
	outcome Outcome
	ended   int64 // by the clock
	seen    bool  // by any read
	heard   string
}

// Read is a read of all rows from First to Last that is under way.
type Read struct {
	// First and Last are the ids that the read asks for.
	First, Last int64

	begun int64
}

// Begin announces a row and returns its id: 1, 2, 3 and so on.
func (h *History) Begin() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writes = append(h.writes, write{})
	return int64(len(h.writes))
}

// End says what the writer of a row heard, as an outcome and in the words that a
// violation tells: which call, and its error. It is called once for each row.
func (h *History) End(id int64, o Outcome, heard string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	w := &h.writes[id-1]
	if w.outcome != Pending {
		h.violateLocked("row %d ended twice: %v, then %v", id, w.outcome, o)
	}
	w.outcome, w.ended, w.heard = o, h.clock, heard
	if o == Failed && w.seen {
		h.violateLocked("row %d was read, but its write failed for certain: %s", id, heard)
	}
}

// Latest is the id announced last; 0 before the first.
func (h *History) Latest() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return int64(len(h.writes))
}

// BeginRead notes that a read of the rows from first to last begins: what is
// acknowledged by now must be in it.
func (h *History) BeginRead(first, last int64) Read {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	return Read{First: first, Last: last, begun: h.clock}
}

// EndRead judges the ids that a read saw. A read that failed is not judged.
func (h *History) EndRead(r Read, seen []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	times := h.countLocked(r, seen)
	for i, n := range times {
		h.judgeLocked(r, r.First+int64(i), n)
	}
}

// Close judges the rows that are there in the end, when nothing is under way
// any more.
func (h *History) Close(seen []int64) {
	r := h.BeginRead(1, h.Latest())
	h.EndRead(r, seen)
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, w := range h.writes {
		if w.outcome == Pending {
			h.violateLocked("row %d: its writer never heard an end", i+1)
		}
	}
}

// countLocked is how often a read saw each of the ids it asked for.
func (h *History) countLocked(r Read, seen []int64) []int {
	times := make([]int, max(0, r.Last-r.First+1))
	for _, id := range seen {
		if id < r.First || id > r.Last {
			h.violateLocked("a read of the rows %d to %d returned row %d", r.First, r.Last, id)
			continue
		}
		times[id-r.First]++
	}
	return times
}

// judgeLocked judges that a read saw the row id n times.
func (h *History) judgeLocked(r Read, id int64, n int) {
	if id < 1 || id > int64(len(h.writes)) {
		if n > 0 {
			h.violateLocked("row %d was read, but nobody wrote it", id)
		}
		return
	}
	w := &h.writes[id-1]
	w.seen = w.seen || n > 0
	switch {
	case n > 1:
		h.violateLocked("row %d is there %d times, its write was %v", id, n, w.outcome)
	case n == 1 && w.outcome == Failed:
		h.violateLocked("row %d is there, but its write failed for certain: %s", id, w.heard)
	case n == 0 && w.outcome == Acked && w.ended < r.begun:
		h.violateLocked("row %d is missing, although its write was acknowledged before the read began", id)
	}
}

func (h *History) violateLocked(format string, args ...any) {
	if len(h.violations) >= mostViolations {
		h.more++
		return
	}
	h.violations = append(h.violations, fmt.Sprintf(format, args...))
}

// Violations is what was found so far, in words; the first ones, and last how
// many more there are. It is empty while the database kept its promises.
func (h *History) Violations() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := append([]string(nil), h.violations...)
	if h.more > 0 {
		all = append(all, fmt.Sprintf("and %d more", h.more))
	}
	return all
}

// Count is how many writes had each outcome so far, by Outcome.
func (h *History) Count() (by [4]int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.writes {
		by[w.outcome]++
	}
	return by
}
