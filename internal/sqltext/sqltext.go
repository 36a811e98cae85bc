// This file declares what the package knows of a statement: its dialect, its verdict and the names in it.

// Package sqltext says what the text of a statement does, without asking the
// database: whether it may be sent twice, which tables it may change, and
// whether it leaves the session as it was.
//
// It reads tokens, not grammar, and it is built to err on one side. A text is
// [Pure] only where everything in it is known to be harmless: the words of a
// query, and calls of functions that stand on a list. Whatever it does not
// know is [Flush]: it may do anything. What a text cannot show is beyond it,
// and is named in docs/STATEMENTS.md: a view, a trigger or an operator of the
// user's own may call a function that writes.
package sqltext

import "strings"

// Dialect is the grammar of a text.
type Dialect uint8

// The dialects. Every text of an unknown one is [Flush].
const (
	Unknown Dialect = iota
	PostgreSQL
	MySQL // and MariaDB
	Oracle
	SQLite

	dialects // how many there are
)

// ForType returns the dialect of a backend's type, such as "postgres";
// Unknown for a type without one.
func ForType(name string) Dialect {
	for d := PostgreSQL; d < dialects; d++ {
		if d.String() == name {
			return d
		}
	}
	return Unknown
}

// String returns the type of the backends that speak the dialect.
func (d Dialect) String() string {
	return [...]string{"unknown", "postgres", "mysql", "oracle", "sqlite"}[d]
}

// Verdict is what a text does.
type Verdict uint8

const (
	// Flush: it may do anything. The zero value, so that what was not judged
	// is not trusted.
	Flush Verdict = iota
	// Pure: a single read that changes nothing, so that it may be sent again.
	// Whether its answer may be kept is [Statement.Stable].
	Pure
	// Write: it may change what its tags name and what hangs on that, and
	// nothing else.
	Write
	// Session: it reads or changes the session, and no table.
	Session
	// TxControl: it begins or ends a transaction or a part of one.
	TxControl
)

// String returns the verdict's name in capitals.
func (v Verdict) String() string {
	return [...]string{"FLUSH", "PURE", "WRITE", "SESSION", "TXCTL"}[v]
}

// Statement is what is known of a text. It is immutable.
type Statement struct {
	// Verdict is what it does, and Reason why that was concluded.
	Verdict Verdict
	Reason  Reason
	// At is the offset of what decided, and Word its text; -1 and "" where
	// nothing in particular did.
	At   int
	Word string
	// Neutral is true where it is proven to leave the session as it was, for
	// all that a later statement's meaning hangs on.
	Neutral bool
	// Frozen is true where it holds a literal for which the server may read the
	// clock when it prepares the text: each run of a prepared statement has the
	// time of that.
	Frozen bool
	// Delayed is true where rows may come after the answer: MariaDB's INSERT DELAYED
	// puts them in a queue.
	Delayed bool
	// Stable is true for a pure text whose answer depends on the tables, the
	// arguments and the session's settings alone; false where it reads the
	// clock, chance or the server's own tables.
	Stable bool
	// Tags are the names in the text that may be tables, in lower case, in the
	// order of their first appearance, each once, without their schema: the
	// columns and aliases are among them.
	Tags []string
	// Calls are the routines whose calls keep a Flush from being less, as they are
	// written but in lower case and without quotes, such as "rate" or "pkg.rate",
	// each once; and Else is what it is if they are harmless. Where more than calls
	// speaks against the text, and where it is no Flush, there are none, and Else is
	// the zero value.
	Calls []string
	Else  Else
	// Verb is the first word in capitals; "" for an empty text.
	Verb string
	// Count is how many statements the text holds.
	Count int
}

// Else is what a [Flush] is if each of its Calls changes nothing, leaves the
// session as it was, and has an answer that depends on its arguments alone. Its
// fields mean what those of a [Statement] do, which has the tags. The verdict is
// Flush once more for a definition, which changes the schema: there Neutral alone
// is said, and of the text alone, not of event triggers or checks that it does not
// show.
type Else struct {
	Verdict         Verdict
	Reason          Reason
	Neutral, Stable bool
}

// maxText is the longest text that is read. A longer one is Flush: it is an
// upload, and reading it would cost more than it could save.
const maxText = 4 << 20

// Analyze reads a text of dialect d. It never fails: what it does not
// understand is Flush. It is safe for concurrent use.
func Analyze(d Dialect, text string) Statement {
	switch {
	case d == Unknown || d >= dialects:
		return flush(NoDialect, -1, "")
	case len(text) > maxText:
		s := flush(TooLong, maxText, "")
		s.Delayed = mayDelay(d, text)
		return s
	}
	readings := readingsOf(d, text)
	s := judgeText(d, readings[0], text)
	for _, r := range readings[1:] {
		s = either(s, judgeText(d, r, text))
	}
	s.Delayed = s.Delayed || s.Verdict == Flush && mayDelay(d, text)
	if len(text) > longestMemo {
		s.disown()
	}
	return s
}

// mayDelay reports whether a text that is not understood may hold an INSERT
// DELAYED, in a comment that is run or in a literal, too.
func mayDelay(d Dialect, text string) bool {
	const word = "delayed"
	for i := 0; d == MySQL && i+len(word) <= len(text); i++ {
		if text[i]|0x20 == word[0] && strings.EqualFold(text[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// disown copies the parts of the text that s has, so that it does not keep all
// of it.
func (s *Statement) disown() {
	s.Word, s.Verb = strings.Clone(s.Word), strings.Clone(s.Verb)
	for _, list := range [][]string{s.Tags, s.Calls} {
		for i, name := range list {
			list[i] = strings.Clone(name)
		}
	}
}

// flush is a statement that may do anything.
func flush(why Reason, at int, word string) Statement {
	return Statement{Reason: why, At: at, Word: word}
}

// either is what holds of a text that has two readings, of which the server's
// settings choose one: what both agree on. A reading in which the text is
// broken need not be feared, because the server refuses it whole, unless
// another statement comes before the break.
func either(s, other Statement) Statement {
	switch {
	case other.Reason.broken() && other.Count <= 1:
		return s
	case s.Reason.broken() && s.Count <= 1:
		return other
	case s.Verdict != other.Verdict:
		return flush(Ambiguous, -1, "")
	}
	if s.Stable && !other.Stable {
		s.Stable, s.Reason, s.At, s.Word = false, other.Reason, other.At, other.Word
	}
	s.Neutral = s.Neutral && other.Neutral
	s.Frozen, s.Delayed = s.Frozen || other.Frozen, s.Delayed || other.Delayed
	s.either(other)
	tags := names{list: s.Tags}
	tags.with(other.Tags)
	s.Tags = tags.list
	return s
}
