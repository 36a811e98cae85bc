// This file finds the calls that Oracle lets a statement make without parentheses.

package sqltext

import "slices"

// block is what is known of a query at a level of parentheses.
type block struct {
	tables bool // the next name is a table or its alias
	from   bool // and so is one behind a comma
	lacks  int  // the token SELECT whose FROM has not come, and one; 0 without
	query  int  // the token SELECT whose FROM has come
	feared bool // a name that stands where a value does may be a function
}

// blocks follow the queries of a statement whose parentheses match and are not
// too deep.
type blocks struct {
	depth int
	open  [deepest + 1]block
}

func (b *blocks) here() *block { return &b.open[b.depth] }

// step takes token i in and reports whether it is a name, and no keyword.
func (b *blocks) step(j *judge, i int) bool {
	switch j.toks[i].kind {
	case kindOpen:
		b.depth++
		*b.here() = block{feared: b.open[b.depth-1].feared}
	case kindClose:
		b.depth--
	case kindComma:
		b.here().tables = b.here().from
	case kindName:
		return true
	case kindWord:
		if !j.keyword(i) {
			return true
		}
		b.keyword(j, i)
	}
	return false
}

// keyword takes a keyword in: it begins or ends a list of tables.
func (b *blocks) keyword(j *judge, i int) {
	at := b.here()
	switch j.toks[i].is & markOfWord {
	case markAs:
		return
	case markFrom: // that of a function, such as EXTRACT, has no query before it
		at.from = at.lacks > 0 || j.isWord(i-1, markDelete)
		at.tables = at.from
		if at.lacks > 0 {
			at.query, at.lacks = at.lacks-1, 0
		}
		return
	case markJoin, markUsing:
		at.tables = at.from || b.depth == 0
		return
	case markInto, markUpdate, markDelete:
		at.tables = true
		return
	case markSelect:
		at.from, at.lacks, at.feared = false, i+1, j.toks[i].is&feared != 0
	case markValues: // but for those of MERGE, they can name no column
		at.from, at.feared = false, !j.isWord(0, markMerge)
	case markReturning:
		at.from, at.feared = false, false
	case markWhere, markGroup, markOrder, markSet, markFor:
		at.from = false
	}
	at.tables = false
}

// keyword reports whether token i, a word, is no name where it stands.
func (j *judge) keyword(i int) bool {
	is := j.toks[i].is
	return !j.is(i-1, kindDot) && (is&(reserved|paren) != 0 || is&soft != 0 && j.infix(i) ||
		is&markOfWord == markReturning && j.operand(i-1))
}

// scanHiddenCalls doubts names that Oracle may take for functions without
// arguments: one that stands where a value does in a query of DUAL or of
// nothing, or in VALUES, where no column can be; one in TABLE(a), and one behind
// a name that is no table of the statement's, such as a package. A name alone in
// a query of tables looks like a column, and is left to the catalog.
func (j *judge) scanHiddenCalls() {
	if j.more {
		return
	}
	at, known := j.at, j.odd != OneRead
	tables := j.fearQueries()
	var b blocks
	for i := range j.toks {
		named := b.step(j, i)
		switch {
		case !named, j.isWord(i+1, markAs) && j.is(i+2, kindOpen): // names a common table expression
		case j.is(i-1, kindOpen) && j.isWord(i-2, markTable) && !j.is(i+1, kindOpen):
			j.doubtCall(i)
		case j.isWord(i+1, markFrom) && j.is(i-1, kindOpen) && j.is(i-2, kindWord) && lower(j.word(i-2)) == "extract": // a unit of time
		case b.here().tables || j.isBare(i) || j.is(i+1, kindDot) || j.is(i+1, kindOpen) || j.is(i+1, kindString):
		case j.is(i-1, kindDot) && !(j.isName(i-2) && tables.has(j.plain(i-2))),
			b.here().feared && !j.is(i-1, kindDot) && !j.operand(i-1) && !j.isWord(i-1, markAs):
			j.doubtCall(i)
		}
	}
	if known {
		j.at = at // what came first stays what decided
	}
}

// fearQueries marks the queries in which a name alone may be a function, and
// returns the names of the statement's tables and their aliases.
func (j *judge) fearQueries() (tables names) {
	var b blocks
	for i := range j.toks {
		at := b.here()
		if at.lacks > 0 && (j.is(i, kindClose) || j.isWord(i, markSelect)) {
			j.toks[at.lacks-1].is |= feared
		}
		if !b.step(j, i) || !b.here().tables || j.is(i+1, kindDot) {
			continue
		}
		if j.isWord(i, markDual) {
			j.toks[at.query].is |= feared
		}
		if tables.add(j.plain(i)); slices.Contains(otherViews, j.plain(i)) {
			j.find(findsCatalog, i)
		}
	}
	if at := b.here(); at.lacks > 0 {
		j.toks[at.lacks-1].is |= feared
	}
	return tables
}

// isBare reports whether token i is one of Oracle's own functions that are
// called so, in quotes or without.
func (j *judge) isBare(i int) bool {
	if j.is(i, kindWord) {
		return j.toks[i].is&bare != 0
	}
	return lookup(Oracle, j.plain(i))&bare != 0
}

// isName reports whether token i may name something.
func (j *judge) isName(i int) bool { return j.is(i, kindName) || j.is(i, kindWord) }

// plain is the name of token i without quotes, in lower case.
func (j *judge) plain(i int) string {
	if j.is(i, kindName) {
		return unquoted(j.word(i))
	}
	return lower(j.word(i))
}
