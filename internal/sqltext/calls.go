// This file looks at words before a parenthesis: which of them call a function, and what that does.

package sqltext

import "strings"

// call looks at a word before a parenthesis.
func (j *judge) call(i int, w word) {
	switch {
	case i == 0: // no function begins a statement
		j.place(i, w&markOfWord)
	case w&reserved == 0 && j.columns(i):
		j.tagTable(lower(j.word(i)), i)
	case w&paren != 0, w&soft != 0 && j.infix(i), j.expected(i), j.outer(i), j.operator(i):
		j.place(i, w&markOfWord)
	case w&changes != 0:
		j.find(findsChange, i)
		if !j.isWord(i-1, markThen) || !j.isWord(j.past(i+1), markValues) { // MERGE ... THEN INSERT (a) VALUES
			j.doubt(UnknownFunction, i)
		}
	case j.is(i-1, kindDot):
		j.qualified(i)
	case w&(function|reserved) == 0 && j.aliases(i):
		j.tag(lower(j.word(i)))
	case w&function == 0, w&tight != 0 && !j.joins(i+1):
		j.unknown(i)
	default:
		j.runs(w, i)
	}
}

// unknown notes a call of a function that is not on the list.
func (j *judge) unknown(i int) {
	j.doubtCall(i)
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

// infix reports whether token i, a soft word before a parenthesis, stands where
// no function can begin.
func (j *judge) infix(i int) bool {
	switch j.toks[i].is & markOfWord {
	case markFilter:
		return j.isWord(i+2, markWhere)
	case markOver:
		return j.is(i-1, kindClose) && j.levels.closed().called || j.isWord(i-1, markNulls)
	case markJoin:
		return j.operand(i-1) || j.isWord(i-1, markSide)
	case markWhen:
		return j.operand(i-1) || j.isWord(i-1, markCase)
	case markSet:
		return j.operand(i-1) || j.isWord(i-1, markUpdate)
	}
	return j.operand(i - 1)
}

// operator reports whether token i begins OPERATOR(pg_catalog.+), as psql
// writes.
func (j *judge) operator(i int) bool {
	return j.isWord(i, markOperator) && j.d == PostgreSQL && j.is(i+2, kindWord) && lower(j.word(i+2)) == "pg_catalog" &&
		j.is(i+3, kindDot) && j.is(i+4, kindOp) && j.is(i+5, kindClose)
}

// operand reports whether token i, the last one looked at, ends a value or a
// table, so that no function can begin behind it.
func (j *judge) operand(i int) bool {
	switch {
	case j.is(i, kindClose):
		return !j.levels.closed().leads
	case j.is(i, kindName), j.is(i, kindString), j.is(i, kindNumber), j.is(i, kindParam):
		return true
	case j.is(i, kindWord):
		return j.toks[i].is&(reserved|paren|soft|leads) == 0 || j.isWord(i, markNull)
	}
	return false
}

// past is the first token behind the parentheses that token i opens, or the end
// where more are open than are followed: of such a text nothing is believed, and
// all that are open must not each look through the rest.
func (j *judge) past(i int) int {
	for depth := 0; i < len(j.toks) && depth <= deepest; i++ {
		switch j.toks[i].kind {
		case kindOpen:
			depth++
		case kindClose:
			depth--
		}
		if depth <= 0 {
			return i + 1
		}
	}
	return len(j.toks)
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
	case j.isWord(before, markIgnore): // and others of MySQL's
		for j.isWord(before, markIgnore) {
			before--
		}
		return j.isWord(before, markInsert) || j.isWord(before, markReplace)
	case before == 0 && j.d == PostgreSQL && lower(j.word(0)) == "copy":
		return true
	case head != i:
		return false
	case j.isWord(before, markAs), j.casts(before):
		return true
	}
	return false
}

// aliases reports whether token i, a name before a parenthesis, is the alias of
// what stands in the parentheses before it, and its columns follow: f(x) a (b).
// In PostgreSQL and MySQL nothing that is called can follow a parenthesis there,
// but for what leads.
func (j *judge) aliases(i int) bool {
	if j.d != PostgreSQL && j.d != MySQL || j.isWord(i, markOperator) {
		return false
	}
	if j.d == PostgreSQL && j.isWord(i-2, markWith) && lower(j.word(i-1)) == "ordinality" {
		i -= 2
	}
	return j.is(i-1, kindClose) && !j.levels.closed().leads
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
	case markConflict: // else a function of that name, in a join's condition
		return before(markOn) && j.isWord(j.past(i+1), markDo)
	case markMaterialized:
		return before(markNot) && j.isWord(i-2, markAs)
	case markRollup:
		return before(markBy) && j.isWord(i-2, markGroup)
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

// draw notes a sequence. PostgreSQL names it in a string, which has to be the
// whole argument. MySQL has none, so that its NEXTVAL(a) may be a function of
// the user's own that writes a table.
func (j *judge) draw(i int) {
	j.find(findsDraw, i)
	switch {
	case j.d == MySQL && j.is(i+1, kindOpen):
		j.unknown(i)
		return
	case j.d != PostgreSQL:
		return
	}
	end := i + 3
	if j.casts(end + 1) {
		end += 3
	}
	if !j.is(i+2, kindString) || !j.is(end, kindClose) && !j.is(end, kindComma) {
		j.doubt(UnknownFunction, i)
		return
	}
	name, ok := sequence(j.word(i + 2))
	if !ok {
		j.doubt(UnknownFunction, i)
		return
	}
	j.tag(name)
}

// sequence is the last part of a sequence's name in a literal. A number there
// is the sequence's oid.
func sequence(literal string) (name string, ok bool) {
	if literal[0] != '\'' {
		return "", false
	}
	const blanks = " \t\n\v\f\r"
	name = strings.Trim(lower(literal[1:len(literal)-1]), blanks)
	if strings.ContainsAny(name, `\'`) || strings.Contains(name, `""`) {
		return "", false
	}
	if inner, quoted := strings.CutSuffix(name, `"`); quoted {
		return inner[strings.LastIndexByte(inner, '"')+1:], true
	}
	name = strings.TrimLeft(name[strings.LastIndexByte(name, '.')+1:], blanks)
	return name, name != "" && !digit(name[0])
}
