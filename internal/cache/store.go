// This file keeps answers under keys, and says of each whether it may be shown.

package cache

import (
	"math/rand/v2"
	"time"
)

// Entry is an answer that is kept. It is immutable.
type Entry struct {
	// Answer is what the database said.
	Answer *Answer
	// Asked is when the database was asked.
	Asked time.Time

	token Token
	until time.Time // zero = for ever
}

// Over is for how long the entry has been too old at a time; less than 0 where it
// is not yet.
func (e *Entry) Over(now time.Time) time.Duration {
	if e.until.IsZero() {
		return -1
	}
	return now.Sub(e.until)
}

// Find says what was found under a key.
type Find int

const (
	// Absent: nothing.
	Absent Find = iota
	// Valid: an answer that may be shown.
	Valid
	// Busy: somebody writes what the answer depends on, or it is in doubt whether
	// somebody did. If nothing comes of the write, the answer is valid again.
	Busy
	// Overtaken: something that the answer depends on was written. The answer is
	// given up.
	Overtaken
	// Expired: nothing was written, but the answer is too old: somebody who does
	// not announce himself may have written.
	Expired
)

// Store keeps answers within a budget of bytes. It starts nothing. All methods
// are safe for concurrent use.
type Store struct {
	versions *Versions
	engine   engine
}

// NewStore returns an empty store whose answers take about budget bytes at most,
// their keys and the store's own memory included.
func NewStore(versions *Versions, budget int64) *Store {
	return &Store{versions, newEngine(budget)}
}

// Get looks up a key at the time now, which is not before the read began. The
// whole key is compared. Only a [Valid] entry is the answer; one that is
// [Expired] or [Busy] is there for those who show old answers on purpose. It
// allocates nothing.
func (s *Store) Get(key string, now time.Time) (*Entry, Find) {
	e, ok := s.engine.Get(key)
	if !ok {
		return nil, Absent
	}
	switch sum, calm := s.versions.look(e.token.tags); {
	case !calm:
		return e, Busy
	case sum != e.token.sum:
		s.engine.Delete(key) // or the answer that came since: it is asked for again
		return nil, Overtaken
	case !e.until.IsZero() && !now.Before(e.until):
		return e, Expired
	}
	return e, Valid
}

// Put keeps the answer of a question that the database was asked at a time, under a
// token that was captured before that. It may be shown for ttl from then on; 0 = until
// something it depends on is written. Up to a tenth of ttl is taken off by
// chance, so that what was asked at once does not expire at once; nothing is
// added, because ttl is how old a shown answer may be. Put reports whether the
// answer was offered to the store: not if the token no longer holds, nor where the
// answer that is kept was asked for later.
func (s *Store) Put(key string, a *Answer, token Token, asked time.Time, ttl time.Duration) bool {
	if !s.versions.Holds(token) {
		return false
	}
	e := &Entry{Answer: a, Asked: asked, token: token}
	if ttl > 0 {
		e.until = asked.Add(ttl - rand.N(ttl/10+1))
	}
	return s.engine.Set(key, e, func(kept *Entry) bool { return kept.Asked.After(asked) && s.Holds(kept) })
}

// Holds reports whether nothing that an entry depends on was written since it was
// asked for, however old it is.
func (s *Store) Holds(e *Entry) bool { return s.versions.Holds(e.token) }

// Delete gives up what is kept under a key.
func (s *Store) Delete(key string) { s.engine.Delete(key) }

// Clear gives up everything, and its memory.
func (s *Store) Clear() { s.engine.Clear() }

// Size is how many answers are kept, and about how many bytes they take. Those
// that can no longer be shown count until somebody looks for them or their room
// is needed.
func (s *Store) Size() (answers int, bytes int64) { return s.engine.Size() }

// Evicted is how many answers were given up since the start because others needed
// their room; those that [Store.Clear], [Store.Delete] or [Store.Get] gave up are
// not among them.
func (s *Store) Evicted() int64 { return s.engine.Evicted() }

// sampled is how many answers Dead looks at.
const sampled = 500

// Dead is about how many of the answers would not be found [Valid] at a time: something
// they depend on was written, or they are too old. They take room until somebody
// looks for them or others need it. Of many it looks at some.
func (s *Store) Dead(now time.Time) int {
	looked, dead := 0, 0
	for e := range s.engine.Some() {
		if sum, calm := s.versions.look(e.token.tags); calm && sum != e.token.sum || e.Over(now) >= 0 {
			dead++
		}
		if looked++; looked == sampled {
			answers, _ := s.engine.Size()
			return int(int64(dead) * int64(max(answers, looked)) / sampled)
		}
	}
	return dead
}
