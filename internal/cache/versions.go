// This file says whether an answer may still be shown: nothing that it depends on was written since before it was asked for.

// Package cache keeps answers of a database and never shows one that a write
// has overtaken.
//
// [Versions] is what makes that true, and knows nothing of answers. Everything
// that can be read or written has tags, such as the names of tables. For each
// tag there is a version, and a count of the writers at work on it. Whoever
// reads takes a [Token] before the question is sent, and keeps it with the
// answer. Whoever writes says so before the write is sent ([Versions.Begin]),
// and how it ended ([Write]). An answer may be kept, and shown, while its token
// holds: all its versions are what they were, and nobody writes.
//
// A reader:
//
//	token, ok := versions.Capture(tags)
//	answer := ask()
//	if ok && versions.Holds(token) {
//		keep(answer, token)
//	}
//
// A writer:
//
//	w := versions.Begin(tags)
//	defer w.Doubtful(window) // unless it is known
//	switch err := write(); {
//	case err == nil:
//		w.Done()
//	case refused(err):
//		w.Undone()
//	}
//
// Both halves are needed. Without versions an answer survives that was asked
// for before a write and arrives after it. Without the count an answer is shown
// while the database already shows the new rows to those who ask it, because
// the writer has not heard so yet.
//
// So, where all writers announce themselves: a read that begins after a write
// returned shows it, and a read that begins after another read returned shows
// nothing older. This holds for each statement by itself. Two statements are
// two moments, as they are without a cache.
//
// Above that stand a [Recorder], which makes an [Answer] of a driver's rows, a
// [Store], which keeps answers with their tokens, and [Flights], by which one of
// several callers asks for all.
package cache

import (
	"hash/maphash"
	"sync/atomic"
)

// A word is a version above a count of writers, so that both are read, and
// changed, as one.
const (
	writer  = 1           // one more at work
	writers = 1<<20 - 1   // the bits of their count
	bump    = writers + 1 // one version on
)

// stripes is how many versions there are. Tags beyond count share them: that
// ends answers which could have stayed, and keeps none that must go. A table
// shares its version with one of fifty others in 1.2 % of cases.
const stripes = 4096

// line keeps words apart that different processors use.
type line [128 - 8]byte

// Versions are the versions of one database, as seen by one user of it. The
// zero value is of no use: see [New]. They take 32 KiB, however many tags there
// are. All methods are safe for concurrent use. Those of readers take no lock
// and allocate nothing, whatever the number of tags.
type Versions struct {
	seed maphash.Seed

	_       line
	flushed atomic.Uint64 // writes of everything; each reader looks at it
	_       line
	written atomic.Uint64 // all writes; readers of everything look at it
	_       line
	striped [stripes]atomic.Uint64

	doubts
}

// New returns versions of a database of which nothing was read yet. It starts
// nothing.
func New() *Versions {
	v := &Versions{seed: maphash.MakeSeed()}
	v.flushed.Store(bump) // so that the zero Token does not hold
	return v
}

// Token stands for the state of some tags at one moment. The zero value never
// holds.
type Token struct {
	tags Tags
	// sum is that of the words. While nobody writes, a word only grows, so the
	// sum is the same only if each word is.
	sum uint64
}

// Capture takes a token of what a read depends on. It is called before the
// question is sent. It is not ok while somebody writes one of the tags, or
// while it is in doubt whether somebody did: then no kept answer may be shown,
// and the answer of the database not be kept.
func (v *Versions) Capture(tags Tags) (t Token, ok bool) {
	sum, calm := v.look(tags)
	if !calm {
		return Token{}, false
	}
	return Token{tags, sum}, true
}

// Holds reports whether an answer that was asked for under t may be kept, and
// shown, at this moment. Who shows one calls it after the read has begun, with
// the token that was kept with the answer.
func (v *Versions) Holds(t Token) bool {
	sum, calm := v.look(t.tags)
	return calm && sum == t.sum
}

// Same reports whether two tokens stand for the same tags in the same state:
// whoever took the one may share the answer of whoever took the other.
func (t Token) Same(other Token) bool {
	return t.sum == other.sum && t.tags.same(other.tags)
}

// look adds up the words of what somebody reads. It is calm if nobody writes
// any of it. The words are looked at one after the other: a write counts itself
// in all of its words before it is sent, and leaves none before it has ended,
// so that one common word is enough to see it.
func (v *Versions) look(tags Tags) (sum uint64, calm bool) {
	sum = v.flushed.Load()
	busy := sum
	if tags.everything() {
		word := v.written.Load()
		sum += word
		busy |= word
	}
	for _, stripe := range tags.stripes {
		word := v.striped[stripe].Load()
		sum += word
		busy |= word
	}
	return sum &^ (uncounted | unversioned), busy&(writers&^uncounted) == 0
}
