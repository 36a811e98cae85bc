// This file finds the calls that Oracle lets a statement make without parentheses.

package sqltext

// scanHiddenCalls doubts names that Oracle may take for functions without
// arguments: one that stands where a value does in a query of DUAL, which has
// no such column, one in TABLE(a), and one behind a name that is no table of the statement's,
// such as a package. A name alone in a query of tables looks like a column, and
// is left to the catalog.
func (j *judge) scanHiddenCalls() {
	dual := j.ofDual()
	tables := false // in a list of tables
	for i, t := range j.toks {
		switch {
		case t.kind == kindClose:
			tables = false
		case t.kind == kindWord && !j.is(i-1, kindDot) && (t.is&(reserved|paren) != 0 || t.is&soft != 0 && j.infix(i)):
			tables = j.beginsTables(i) || tables && j.isWord(i, markAs)
		case j.isWord(i+1, markAs) && j.is(i+2, kindOpen): // names a common table expression
		case j.is(i-1, kindOpen) && j.isWord(i-2, markTable) && j.isName(i) && t.is&reserved == 0 && !j.is(i+1, kindOpen):
			j.doubt(UnknownFunction, i)
		case tables || !j.isName(i) || j.isBare(i) || j.is(i+1, kindDot) || j.is(i+1, kindOpen) || j.is(i+1, kindString):
		case j.is(i-1, kindDot) && !j.standsAlone(i-2),
			dual && !j.is(i-1, kindDot) && !j.operand(i-1) && !j.isWord(i-1, markAs):
			j.doubt(UnknownFunction, i)
		}
	}
}

// isBare reports whether token i is one of Oracle's own functions that are
// called so, in quotes or without.
func (j *judge) isBare(i int) bool {
	if j.is(i, kindWord) {
		return j.toks[i].is&bare != 0
	}
	return lookup(Oracle, j.plain(i))&bare != 0
}

// beginsTables reports whether tables follow token i.
func (j *judge) beginsTables(i int) bool {
	switch j.toks[i].is & markOfWord {
	case markFrom, markJoin, markInto, markUpdate, markUsing:
		return true
	}
	return false
}

// isName reports whether token i may name something.
func (j *judge) isName(i int) bool { return j.is(i, kindName) || j.is(i, kindWord) }

// ofDual reports whether DUAL is among the tables.
func (j *judge) ofDual() bool {
	for i := range j.toks {
		if j.isWord(i, markDual) {
			return true
		}
	}
	return false
}

// standsAlone reports whether the name of token i stands somewhere with nothing
// behind it that belongs to it: as a table or an alias.
func (j *judge) standsAlone(i int) bool {
	if !j.isName(i) {
		return false
	}
	name := j.plain(i)
	for k := range j.toks {
		if k != i && j.isName(k) && !j.is(k+1, kindDot) && j.plain(k) == name {
			return true
		}
	}
	return false
}

// plain is the name of token i without quotes, in lower case.
func (j *judge) plain(i int) string {
	if j.is(i, kindName) {
		return unquoted(j.word(i))
	}
	return lower(j.word(i))
}
