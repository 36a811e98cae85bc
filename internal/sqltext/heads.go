// This file follows the heads of common table expressions, in which a name before a parenthesis is no function.

package sqltext

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

// nextExpression looks at a comma: behind an expression's query another one
// may come. Elsewhere the list is over, or never was one: WITH may be a column
// to SQLite.
func (j *judge) nextExpression(i int) {
	at := j.levels.here()
	at.naming = at.naming && j.is(i-1, kindClose) && j.levels.closed().body
	at.wantsName = at.naming
}

// expression notes token i as the name of a common table expression.
func (j *judge) expression(i int) {
	j.levels.here().wantsName = false
	switch {
	case j.isWord(i, markFunction), j.isWord(i, markAs): // Oracle's WITH FUNCTION holds a program
		j.doubt(Odd, i)
	case !j.isWord(i+1, markAs) && !j.is(i+1, kindOpen):
		j.doubt(Odd, i)
	}
	if j.is(i, kindName) {
		j.tag(unquoted(j.word(i)))
		return
	}
	j.tag(lower(j.word(i)))
}
