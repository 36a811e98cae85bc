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
	body      bool // it holds such an expression's query
	selects   bool // a query's word was here, so that INTO is its own
	called    bool // it holds a function's arguments
	leads     bool // a value follows it: it is that of DISTINCT ON, or of OPERATOR
}

// here is the present level, closed the one that the last token closed.
func (v *levels) here() *level   { return &v.open[v.depth] }
func (v *levels) closed() *level { return &v.open[v.depth+1] }

// scan looks at every token.
func (j *judge) scan() {
	for i := range j.toks {
		if k := j.toks[i].kind; j.levels.here().wantsName && k != kindWord && k != kindName {
			j.levels.here().wantsName, j.levels.here().naming = false, false
			j.doubt(Odd, i)
		}
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
			j.nextExpression(i)
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
	*j.levels.here() = level{
		forNumber: j.isWord(i-1, markSubstring) || j.isWord(i-1, markOverlay),
		body:      j.isWord(i-1, markAs) || j.isWord(i-1, markMaterialized),
		called:    j.takesArguments(i - 1),
		leads:     j.isWord(i-1, markOn) && j.isWord(i-2, markDistinct) || j.isWord(i-1, markOperator),
	}
}

// takesArguments reports whether token i is a function, or a clause of one, so
// that OVER may follow its parentheses. A function that is not known is doubted
// elsewhere.
func (j *judge) takesArguments(i int) bool {
	if !j.is(i, kindWord) {
		return false
	}
	switch w := j.toks[i].is; w & markOfWord {
	case markGroup, markFilter, markOver:
		return true
	default:
		return w&function != 0 || j.is(i-1, kindDot)
	}
}

// scanWord looks at a word without quotes.
func (j *judge) scanWord(i int) {
	w := j.toks[i].is
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
		j.tagTable(lower(j.word(i)), i)
	}
}

// tagTable adds a name that may be a table's. SQLite's tables of pragmas show
// the session, or all tables, but for one, which writes its statistics.
func (j *judge) tagTable(name string, i int) {
	switch {
	case j.d == SQLite && name == "pragma_optimize":
		j.doubt(UnknownFunction, i)
	case j.d == SQLite && strings.HasPrefix(name, "pragma_"):
		j.find(findsSession, i)
	case system(j.d, name):
		j.find(findsCatalog, i)
	}
	j.tag(name)
}

// place looks at a word whose meaning depends on its place.
func (j *judge) place(i int, mark word) {
	switch mark {
	case markFor:
		j.locks(i)
	case markSelect, markTable, markValues:
		j.levels.here().selects = true
	case markLock:
		if j.d == MySQL && j.isWord(i+1, markIn) {
			j.find(findsLock, i)
		}
	case markInto:
		if !j.mayInto(i) {
			j.doubt(IntoSomewhere, i)
		}
	case markErrors: // LOG ERRORS writes ERR$_ and the table's name, and commits it
		if j.d == Oracle && i > 0 && lower(j.word(i-1)) == "log" {
			j.doubt(Odd, i)
		}
	case markReturning:
		j.found |= findsReturning
	case markIgnore:
		if j.d == MySQL && (j.isWord(i-1, markInsert) || j.isWord(i-1, markReplace)) && lower(j.word(i)) == "delayed" {
			j.found |= findsDelay
		}
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
// variables for RETURNING. Behind a query's first word it is the query's own,
// and INSERT before it an alias.
func (j *judge) mayInto(i int) bool {
	switch {
	case j.d == Oracle && j.found&findsReturning != 0:
		return true
	case j.levels.here().selects:
		return false
	case j.isWord(i-1, markIgnore):
		return j.isWord(i-2, markInsert) || j.isWord(i-2, markReplace) || j.isWord(i-2, markIgnore) || j.isWord(i-2, markOr)
	}
	return j.isWord(i-1, markInsert) || j.isWord(i-1, markMerge) || j.isWord(i-1, markReplace)
}

// scanName looks at a name in quotes.
func (j *judge) scanName(i int) {
	if j.levels.here().wantsName {
		j.expression(i)
		return
	}
	j.levels.here().naming = false
	name := unquoted(j.word(i))
	j.tagTable(name, i)
	if j.d == Oracle {
		if w := lookup(Oracle, name); w&bare != 0 { // the quotes change nothing
			j.runs(w, i)
			return
		}
	}
	if j.is(i+1, kindOpen) && !j.columns(i) && !j.outer(i) && !j.aliases(i) {
		j.doubtCall(i)
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
			j.tagTable(unquoted(written), i)
			if j.is(i+1, kindOpen) && !j.columns(i) {
				j.doubt(UnknownFunction, i)
			}
		}
	}
}

// moment reports whether PostgreSQL would read the clock for a literal where a
// time is wanted (datetime.c, special values). Escapes may spell any word, with
// a character of the text's own choice in U&'...'.
func moment(literal string) bool {
	switch {
	case literal[0]|0x20 == 'u', strings.Contains(literal, `\`):
		return true
	}
	return SaysMoment(literal)
}

// SaysMoment reports whether PostgreSQL would read the clock for a value of a text
// where a time is wanted: an argument, which has no escapes but those of an array
// or a row.
func SaysMoment(value string) bool {
	switch {
	case len(value) < len("now"):
		return false
	case strings.Contains(value, `\`) && strings.ContainsAny(value, "{("):
		return true
	}
	for start, i := 0, 0; i <= len(value); i++ {
		switch {
		case i < len(value) && value[i]|0x20 >= 'a' && value[i]|0x20 <= 'z':
		case namesMoment(value[start:i]):
			return true
		default:
			start = i + 1
		}
	}
	return false
}

func namesMoment(word string) bool {
	return alike("now", word) || alike("today", word) || alike("tomorrow", word) || alike("yesterday", word)
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
	case op == "=" && j.d == MySQL && i > 0 && j.word(i-1) == ":":
		j.find(findsAssign, i)
	case (op == "{" || op == "}" || op == "\\") && j.d != MySQL, op == "[" && j.d == MySQL: // a quote to MSSQL's mode
		j.doubt(Odd, i)
	}
}
