// This file judges a text: statement by statement, by its first word, and then word by word.

package sqltext

import (
	"slices"
	"sync"
)

// opening is how a statement begins.
type opening uint8

const (
	opensNothing opening = iota // anything may follow
	opensRead
	opensChange
	opensSet
	opensShow
	opensSession
	opensTx
	opensCopy
)

// openings are the first words that are known in all dialects.
var openings = map[string]opening{
	"select": opensRead, "with": opensRead, "values": opensRead,
	"insert": opensChange, "update": opensChange, "delete": opensChange, "merge": opensChange,
	"set": opensSet, "commit": opensTx, "rollback": opensTx, "savepoint": opensTx,
}

// openingsOf are those of one dialect alone.
var openingsOf = [dialects]map[string]opening{
	PostgreSQL: {
		"table": opensRead, "copy": opensCopy, "show": opensShow, "explain": opensShow,
		"reset": opensSession, "discard": opensSession, "listen": opensSession, "unlisten": opensSession, "notify": opensSession,
		"deallocate": opensSession, "begin": opensTx, "start": opensTx, "end": opensTx, "abort": opensTx, "release": opensTx,
	},
	MySQL: {
		"replace": opensChange, "show": opensShow, "explain": opensShow, "describe": opensShow, "desc": opensShow,
		"use": opensSession, "deallocate": opensSession, "begin": opensTx, "start": opensTx, "release": opensTx,
	},
	SQLite: {
		"replace": opensChange, "explain": opensShow, "begin": opensTx, "end": opensTx, "release": opensTx,
	},
}

// judgeText judges one reading of a text.
func judgeText(d Dialect, r reading, text string) Statement {
	desk := desks.Get().(*desk)
	defer desks.Put(desk)
	l := lexer{d: d, r: r, text: text, toks: desk.toks[:0]}
	toks := l.tokens()
	if cap(toks) <= largestDesk {
		desk.toks = toks
	}
	var all Statement
	var tags names
	for first, i := 0, 0; i <= len(toks); i++ {
		if i < len(toks) && toks[i].kind != kindSemicolon {
			continue
		}
		if i > first {
			next := desk.judgeOne(d, text, toks[first:i])
			if all = joined(all, next); all.Count == 1 {
				tags.list = next.Tags
			} else {
				tags.with(next.Tags)
			}
		}
		first = i + 1
	}
	if d == Oracle && all.Verdict == Flush && l.fault == OneRead {
		all.Calls, all.Else = desk.judge.program(text, toks, all)
	}
	desk.judge.text, desk.judge.toks, desk.judge.calls = "", nil, names{}
	all.Tags = tags.list
	switch {
	case l.fault != OneRead:
		s := flush(l.fault, l.at, excerpt(text, l.at))
		s.Count, s.Verb, s.Tags = all.Count, all.Verb, all.Tags
		if len(toks) == 0 || toks[len(toks)-1].kind == kindSemicolon {
			s.Count++ // the broken one
		}
		return s
	case all.Count == 0:
		return Statement{Verdict: Session, Reason: Empty, At: -1, Neutral: true}
	}
	return all
}

// desk is the memory that judging a text takes, kept for the next one.
type desk struct {
	toks  []token
	tags  []string
	judge judge
}

// largestDesk is how many tokens' or tags' memory is kept.
const largestDesk = 4096

var desks = sync.Pool{New: func() any { return &desk{toks: make([]token, 0, 64)} }}

// excerpt is a word or a byte of text at i, to show.
func excerpt(text string, i int) string {
	end := i
	for end < len(text) && end < i+longestWord && !blank(text[end]) {
		end++
	}
	return text[min(i, len(text)):end]
}

// judgeOne judges a statement, which has at least one token.
func (k *desk) judgeOne(d Dialect, text string, toks []token) Statement {
	j := &k.judge
	j.begin(d, text, toks, k.tags[:0])
	first := 0
	for first < len(toks)-1 && toks[first].kind == kindOpen {
		first++
	}
	verb := ""
	var opens opening
	if toks[first].kind == kindWord {
		verb, opens = verbOf(d, j.word(first))
		if d == Oracle && verb == "ALTER" && first+1 < len(toks) && lower(j.word(first+1)) == "session" {
			opens = opensSession
		}
	}
	s := j.statement(opens, first)
	s.Verb, s.Tags, s.Frozen = verb, slices.Clone(j.tags.list), j.found&findsMoment != 0
	s.Delayed = j.found&findsDelay != 0
	clear(j.tags.list) // they are parts of the text
	if k.tags = j.tags.list[:0]; cap(k.tags) > largestDesk {
		k.tags = nil
	}
	j.tags, j.calls = names{}, names{}
	if s.At >= 0 {
		s.Word = excerpt(text[:toks[j.at].end], s.At)
	}
	return s
}

// judge looks at one statement.
type judge struct {
	d    Dialect
	text string
	toks []token

	tags   names
	calls  names  // of routines that are not known
	more   bool   // something else is not known
	at     int    // the token that decided; -1 for none
	found  uint16 // what was found, a set of finding
	odd    Reason // the first thing that is not known; OneRead while there is none
	levels levels
}

// begin makes the judge ready for a statement. The levels need no cleaning but
// for the first: each is set as it is entered.
func (j *judge) begin(d Dialect, text string, toks []token, tags []string) {
	j.d, j.text, j.toks, j.tags = d, text, toks, names{list: tags}
	j.calls, j.more = names{}, false
	j.at, j.found, j.odd = -1, 0, OneRead
	j.levels.depth, j.levels.open[0], j.levels.open[1] = 0, level{}, level{}
}

// finding is something that a statement does.
type finding = uint16

const (
	findsChange finding = 1 << iota
	findsLock
	findsDraw
	findsSession
	findsAssign
	findsClock
	findsCatalog
	findsReturning
	findsMoment
	findsDelay
)

// word returns the text of token i.
func (j *judge) word(i int) string { return j.text[j.toks[i].start:j.toks[i].end] }

// isWord reports whether token i is the word with a mark.
func (j *judge) isWord(i int, mark word) bool {
	return i >= 0 && i < len(j.toks) && j.toks[i].kind == kindWord && j.toks[i].is&markOfWord == mark
}

// is reports whether token i is of kind k.
func (j *judge) is(i int, k kind) bool {
	return i >= 0 && i < len(j.toks) && j.toks[i].kind == k
}

// joins reports whether token i follows the one before it at once.
func (j *judge) joins(i int) bool { return i > 0 && j.toks[i-1].end == j.toks[i].start }

// find notes what token i does. The first find of the gravest kind is shown.
func (j *judge) find(f finding, i int) {
	if j.found == 0 || f < j.found&-j.found {
		j.at = i
	}
	j.found |= f
}

// doubt notes that token i is not known to be harmless.
func (j *judge) doubt(why Reason, i int) {
	j.more = true
	j.suspect(why, i)
}

func (j *judge) suspect(why Reason, i int) {
	if j.odd == OneRead {
		j.odd, j.at = why, i
	}
}

// offset is where the token stands that decided.
func (j *judge) offset() int {
	if j.at < 0 || j.at >= len(j.toks) {
		return -1
	}
	return int(j.toks[j.at].start)
}

// statement judges a statement by how it opens.
func (j *judge) statement(opens opening, first int) Statement {
	j.scan()
	if j.d == Oracle {
		j.scanHiddenCalls()
	}
	switch opens {
	case opensRead, opensChange:
		return j.judged(opens == opensChange, first)
	case opensCopy:
		return j.copies(first)
	case opensSet:
		return j.sets(first)
	case opensShow:
		return j.shows()
	case opensSession:
		return j.does(Session, Settings, first)
	case opensTx:
		return j.transaction(first)
	}
	s := j.opaque(UnknownStatement, first)
	s.Calls, s.Else = j.opens(first)
	return s
}

// opaque is a statement that may do anything because of token i.
func (j *judge) opaque(why Reason, i int) Statement {
	j.at = i
	s := flush(why, j.offset(), "")
	return s
}

// does is a statement that does what v says because of token i, and not less.
func (j *judge) does(v Verdict, why Reason, i int) Statement {
	j.at = i
	return Statement{Verdict: v, Reason: why, At: j.offset()}
}

// ended is a statement in which everything is known.
func (j *judge) ended(change bool, first int) Statement {
	s := Statement{Verdict: Write, At: j.offset(), Neutral: true}
	switch {
	case j.found&findsCatalog != 0 && j.d != Oracle && (change || j.found&findsChange != 0):
		return j.opaque(Changes, j.at) // UPDATE pg_settings sets the session's
	case j.found&findsAssign != 0 && (change || j.found&(findsChange|findsDraw|findsLock) != 0):
		return j.opaque(Assigns, j.at)
	case change:
		j.at = first
		s.Reason, s.At = Changes, j.offset()
	case j.found&findsChange != 0:
		s.Reason = Changes
	case j.found&findsDraw != 0:
		s.Reason = Draws
	case j.found&findsLock != 0:
		s.Reason = Locks
	case j.found&findsAssign != 0:
		s.Verdict, s.Reason, s.Neutral = Session, Assigns, false
	case j.found&findsSession != 0:
		s.Verdict, s.Reason = Session, Settings
	case j.found&findsClock != 0:
		s.Verdict, s.Reason = Pure, Clock
	case j.found&findsCatalog != 0:
		s.Verdict, s.Reason = Pure, Catalog
	default:
		s.Verdict, s.Reason, s.Stable = Pure, OneRead, true
	}
	return s
}

// sets judges SET. It may run a statement (MariaDB's SET STATEMENT), end a
// transaction (MySQL's autocommit), change all sessions' settings or a user
// (MySQL), run triggers that wait (PostgreSQL's SET CONSTRAINTS), or call any
// function for a value. MySQL's may be of the clock, and be another each time.
func (j *judge) sets(first int) Statement {
	for i := range j.toks {
		if !j.isName(i) {
			continue
		}
		switch j.plain(i) {
		case "statement", "autocommit", "constraints":
			return j.opaque(Odd, i)
		case "global", "persist", "persist_only":
			if j.d == MySQL {
				return j.opaque(Odd, i)
			}
		case "password", "default":
			if j.d == MySQL && i == first+1 { // SET DEFAULT ROLE
				return j.opaque(Odd, i)
			}
		}
	}
	switch {
	case j.odd != OneRead:
		return j.opaque(j.odd, j.at)
	case j.found&(findsChange|findsDraw) != 0:
		return j.opaque(Changes, j.at)
	}
	if j.d == MySQL && j.found&findsClock != 0 {
		return j.does(Session, Clock, j.at)
	}
	return j.does(Session, Settings, first)
}

// shows judges SHOW and EXPLAIN: those that run nothing. PostgreSQL takes its
// options in quotes as well, and calls stable functions to plan a statement,
// which EXPLAIN EXECUTE does not show. MySQL evaluates what stands in SHOW ...
// WHERE and in a derived table, and SQLite runs some pragmas while it explains
// them.
func (j *judge) shows() Statement {
	for i := range j.toks {
		switch {
		case !j.isName(i):
		case j.plain(i) == "analyze", j.plain(i) == "analyse":
			return j.opaque(Changes, i)
		case j.isWord(i, markPragma), j.d == PostgreSQL && j.plain(i) == "execute":
			return j.opaque(UnknownStatement, i)
		}
	}
	if j.d == MySQL && j.found&(findsAssign|findsDraw) != 0 {
		return j.opaque(Assigns, j.at)
	}
	if j.odd != OneRead {
		return j.opaque(j.odd, j.at)
	}
	s := j.does(Session, Shows, 0)
	s.Neutral = true
	return s
}

// transaction judges the statements that begin or end one. BEGIN and START
// begin other things as well, and transactions that are PREPARED, or ended by
// Oracle's FORCE, are not this session's.
func (j *judge) transaction(first int) Statement {
	for i := first + 1; i < len(j.toks); i++ {
		if !j.is(i, kindWord) {
			continue
		}
		if w := lower(j.word(i)); w == "prepared" || w == "force" && j.d == Oracle {
			return j.opaque(UnknownStatement, i)
		}
	}
	switch verb := lower(j.word(first)); {
	case verb == "start" && !j.isWord(first+1, markTransaction),
		verb == "begin" && j.d == MySQL && first+1 < len(j.toks) && !j.isWord(first+1, markWork),
		j.isWord(first+1, markAtomic):
		return j.opaque(UnknownStatement, first)
	}
	return j.does(TxControl, Transaction, first)
}

// copies judges COPY: from the client it fills the table that it names.
func (j *judge) copies(first int) Statement {
	for i := first + 1; i < len(j.toks) && j.odd == OneRead; i++ {
		if j.isWord(i, markStdin) && lower(j.word(i-1)) == "from" {
			s := j.does(Write, Changes, first)
			s.Neutral = true
			return s
		}
	}
	return j.opaque(UnknownStatement, first)
}
