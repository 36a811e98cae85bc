// This file scans the words of a statement for what it does and collects the names in it.

package sqltext

import "strings"

// deepest is how many levels of parentheses are followed.
const deepest = 60

// levels are the parentheses that are open.
type levels struct {
	depth int
	open  [deepest + 1]level
}

// level is what is known of the parentheses at a depth.
type level struct {
	forNumber bool // FOR is part of a function's arguments
	wantsName bool // the next word names a common table expression
	naming    bool // in the list of them
}

// here is the present level.
func (v *levels) here() *level { return &v.open[v.depth] }

// scan looks at every token.
func (j *judge) scan() {
	for i := range j.toks {
		switch j.toks[i].kind {
		case kindWord:
			j.scanWord(i)
		case kindName:
			j.scanName(i)
		case kindString:
			j.scanString(i)
		case kindOpen:
			j.enter(i)
		case kindClose:
			if j.levels.depth--; j.levels.depth < 0 {
				j.levels.depth = 0
				j.doubt(Unbalanced, i)
			}
		case kindComma:
			j.levels.here().wantsName = j.levels.here().naming
		case kindOp:
			j.scanOp(i)
		}
	}
	if j.levels.depth > 0 {
		j.doubt(Unbalanced, len(j.toks)-1)
	}
}

// enter opens a parenthesis.
func (j *judge) enter(i int) {
	if j.levels.depth == deepest {
		j.doubt(Odd, i)
		return
	}
	if at := j.levels.here(); at.naming && !j.is(i-1, kindWord) && !j.is(i-1, kindName) {
		at.naming = false // the query itself stands in parentheses
	}
	j.levels.depth++
	*j.levels.here() = level{forNumber: j.isWord(i-1, markSubstring) || j.isWord(i-1, markOverlay)}
}

// scanWord looks at a word without quotes.
func (j *judge) scanWord(i int) {
	w := j.toks[i].is
	if j.is(i-1, kindDot) {
		w &= draws | session | bare // Oracle's sequence.NEXTVAL; else any word is a column there
		if j.d != Oracle {
			w = 0
		}
	}
	if j.names(i, w) {
		return
	}
	if w&regtype != 0 {
		j.find(findsSession, i)
	}
	if j.is(i+1, kindOpen) {
		j.call(i, w)
		return
	}
	if w&bare != 0 {
		j.runs(w, i)
	}
	if w&changes != 0 || w&markOfWord == markReplace && j.d != PostgreSQL && j.d != Oracle {
		j.change(i)
	}
	j.place(i, w&markOfWord)
	if w&reserved == 0 && i > 0 && !(w&markOfWord == markBy && j.expected(i)) {
		j.tag(lower(j.word(i)))
	}
}

// names reports whether token i belongs to the head of a common table
// expression, and notes where their list begins and ends. Where the list's
// shape is not the usual one it is taken to be over, and names before
// parentheses are functions again.
func (j *judge) names(i int, w word) bool {
	at, mark := j.levels.here(), w&markOfWord
	switch {
	case at.wantsName && mark == markRecursive:
		return true
	case at.wantsName:
		j.expression(i)
		return true
	case mark == markWith && (i == 0 || j.is(i-1, kindOpen)):
		at.naming, at.wantsName = true, true
		return true
	case at.naming && mark != markAs && mark != markNot && mark != markMaterialized:
		at.naming = false
	}
	return false
}

// expression notes token i as the name of a common table expression.
func (j *judge) expression(i int) {
	j.levels.here().wantsName = false
	if !j.isWord(i+1, markAs) && !j.is(i+1, kindOpen) || j.isWord(i, markFunction) { // Oracle's WITH FUNCTION holds a program
		j.doubt(Odd, i)
	}
	if j.is(i, kindName) {
		j.tag(unquoted(j.word(i)))
		return
	}
	j.tag(lower(j.word(i)))
}

// place looks at a word whose meaning depends on its place.
func (j *judge) place(i int, mark word) {
	switch mark {
	case markFor:
		j.locks(i)
	case markLock:
		if j.isWord(i+1, markIn) {
			j.find(findsLock, i)
		}
	case markInto:
		if !j.mayInto(i) {
			j.doubt(IntoSomewhere, i)
		}
	case markReturning:
		j.found |= findsReturning
	case markCalcFoundRows:
		j.find(findsSession, i)
	}
}

// change notes a word that changes tables. UPDATE after FOR locks.
func (j *judge) change(i int) {
	if j.isWord(i, markUpdate) && (j.isWord(i-1, markFor) || j.isWord(i-1, markKey)) {
		return
	}
	j.find(findsChange, i)
}

// locks looks at FOR: it locks, or stands in substring(a FOR 1), or is unknown.
func (j *judge) locks(i int) {
	switch {
	case j.levels.here().forNumber:
	case j.isWord(i+1, markUpdate), j.isWord(i+1, markShare), j.isWord(i+1, markNo), j.isWord(i+1, markKey):
		j.find(findsLock, i)
	default:
		j.doubt(Odd, i)
	}
}

// mayInto reports whether INTO names the table to change, or, in Oracle, the
// variables for RETURNING.
func (j *judge) mayInto(i int) bool {
	if j.d == Oracle && j.found&findsReturning != 0 {
		return true
	}
	return j.isWord(i-1, markInsert) || j.isWord(i-1, markMerge) || j.isWord(i-1, markReplace) || j.isWord(i-1, markIgnore)
}

// call looks at a word before a parenthesis.
func (j *judge) call(i int, w word) {
	switch {
	case i == 0: // no function begins a statement
	case w&reserved == 0 && j.columns(i):
		j.tag(lower(j.word(i)))
	case w&paren != 0, w&soft != 0 && j.operand(i-1), j.expected(i), j.outer(i):
		j.place(i, w&markOfWord)
	case w&changes != 0:
		j.find(findsChange, i)
		if !j.isWord(i-1, markThen) { // MERGE ... THEN INSERT (a); else a function of that name
			j.doubt(UnknownFunction, i)
		}
	case j.is(i-1, kindDot):
		j.qualified(i)
	case w&function == 0, w&tight != 0 && !j.joins(i+1):
		j.unknown(i)
	default:
		j.runs(w, i)
	}
}

// unknown notes a call of a function that is not on the list.
func (j *judge) unknown(i int) {
	j.doubt(UnknownFunction, i)
	j.tag(lower(j.word(i)))
}

// qualified looks at a call with a schema before it: only PostgreSQL's own is
// known.
func (j *judge) qualified(i int) {
	w := lookup(j.d, j.word(i))
	if j.d == PostgreSQL && j.is(i-2, kindWord) && lower(j.word(i-2)) == "pg_catalog" && !j.is(i-3, kindDot) && w&function != 0 {
		j.runs(w, i)
		return
	}
	j.unknown(i)
}

// outer reports whether token i is a column of Oracle's outer join, a.b(+).
func (j *judge) outer(i int) bool {
	return j.d == Oracle && j.is(i+2, kindOp) && j.word(i+2) == "+" && j.is(i+3, kindClose)
}

// operand reports whether token i ends a value or a table, so that no function
// can begin behind it.
func (j *judge) operand(i int) bool {
	switch {
	case j.is(i, kindClose), j.is(i, kindName), j.is(i, kindString), j.is(i, kindNumber), j.is(i, kindParam):
		return true
	case j.is(i, kindWord):
		return j.toks[i].is&reserved == 0
	}
	return false
}

// columns reports whether token i, a name before a parenthesis, is a table or
// an alias and its columns follow: INSERT INTO a (b), f(x) AS a (b).
func (j *judge) columns(i int) bool {
	head := i
	for j.is(head-1, kindDot) && (j.is(head-2, kindWord) || j.is(head-2, kindName)) {
		head -= 2
	}
	before := head - 1
	switch {
	case j.isWord(before, markInto), j.isWord(before, markInsert), j.isWord(before, markReplace):
		return true
	case j.isWord(before, markIgnore):
		return j.isWord(before-1, markInsert)
	case head != i && before != 0:
		return false
	case j.isWord(before, markAs), j.casts(before):
		return true
	}
	return before == 0 && j.d == PostgreSQL && lower(j.word(0)) == "copy"
}

// casts reports whether token i ends PostgreSQL's :: before a type.
func (j *judge) casts(i int) bool {
	return i > 0 && j.is(i, kindOp) && j.word(i) == ":" && j.is(i-1, kindOp) && j.word(i-1) == ":" && j.joins(i)
}

// expected reports whether token i stands before a parenthesis in an idiom.
func (j *judge) expected(i int) bool {
	before := func(marks ...word) bool {
		for _, m := range marks {
			if j.isWord(i-1, m) {
				return true
			}
		}
		return false
	}
	switch j.toks[i].is & markOfWord {
	case markBy:
		return before(markGroup, markOrder, markPartition)
	case markSets:
		return before(markGrouping)
	case markGroup:
		return before(markWithin)
	case markConflict:
		return before(markOn)
	case markMaterialized:
		return before(markAs, markNot)
	case markVarying:
		return before(markChar)
	}
	return false
}

// runs notes what the function does that token i calls.
func (j *judge) runs(w word, i int) {
	switch {
	case w&draws != 0:
		j.draw(i)
	case w&session != 0:
		j.find(findsSession, i)
	case w&clock != 0:
		j.find(findsClock, i)
	}
}

// draw notes a sequence. PostgreSQL names it in a string, which has to be one.
func (j *judge) draw(i int) {
	j.find(findsDraw, i)
	if j.d != PostgreSQL {
		return
	}
	if !j.is(i+2, kindString) || j.text[j.toks[i+2].start] != '\'' {
		j.doubt(UnknownFunction, i)
		return
	}
	name := strings.Trim(j.word(i+2), "'")
	j.tag(lower(strings.Trim(name[strings.LastIndexByte(name, '.')+1:], `"`)))
}

// scanName looks at a name in quotes.
func (j *judge) scanName(i int) {
	if j.levels.here().wantsName {
		j.expression(i)
		return
	}
	j.levels.here().naming = false
	j.tag(unquoted(j.word(i)))
	if j.is(i+1, kindOpen) && !j.columns(i) && !j.outer(i) {
		j.doubt(UnknownFunction, i)
	}
}

// scanString looks at a literal. PostgreSQL reads the clock for some, SQLite
// takes one for a name where only a name can stand.
func (j *judge) scanString(i int) {
	switch j.d {
	case PostgreSQL:
		if j.is(i-1, kindString) || moment(j.word(i)) {
			j.find(findsClock, i)
			j.found |= findsMoment
		}
	case SQLite:
		if written := j.word(i); written[0] == '\'' {
			j.tag(unquoted(written))
		}
	}
}

// moment reports whether PostgreSQL would read the clock for a literal where a
// time is wanted (datetime.c, special values). Escapes may spell any word.
func moment(literal string) bool {
	if literal[0]|0x20 == 'e' || literal[0]|0x20 == 'u' {
		return strings.Contains(literal, `\`)
	}
	if len(literal) < len("'now'") {
		return false
	}
	for _, word := range strings.FieldsFunc(literal, func(r rune) bool { return r|0x20 < 'a' || r|0x20 > 'z' }) {
		switch lower(word) {
		case "now", "today", "tomorrow", "yesterday":
			return true
		}
	}
	return false
}

// scanOp looks at an operator.
func (j *judge) scanOp(i int) {
	op := j.word(i)
	switch {
	case j.d == PostgreSQL && !postgresOperators[op] && op != "[" && op != "]":
		j.doubt(UnknownOperator, i)
	case op == "@" && j.d == MySQL:
		j.find(findsSession, i)
	case op == "@" && j.d == Oracle:
		j.doubt(Remote, i)
	case op == "=" && j.d == MySQL && i > 0 && j.word(i-1) == ":" && j.joins(i):
		j.find(findsAssign, i)
	case (op == "{" || op == "}" || op == "\\") && j.d != MySQL:
		j.doubt(Odd, i)
	}
}

// operators are those of a list.
func operators(list string) map[string]bool {
	ops := map[string]bool{}
	for _, op := range strings.Fields(list) {
		ops[op] = true
	}
	return ops
}
