// This file says which statements return no rows, for a caller that has to choose between asking for rows and asking how many were affected.

package sqltext

import (
	"slices"
	"strings"
)

// rowless are the first words of statements that return no rows, unless a word
// of returns stands in them.
var (
	rowless = strings.Fields(`insert update delete replace merge create alter drop truncate rename grant revoke
		set reset use begin start commit rollback savepoint release lock unlock comment
		vacuum reindex attach detach do load copy listen notify unlisten discard kill`)
	returns = []string{"returning", "output"}
)

// Rowless reports whether text is a single statement that returns no rows: it
// begins with a word such as INSERT or CREATE, and neither RETURNING nor OUTPUT
// stands in it. In doubt it is false, also of a text that is too long to be
// read. A text of an [Unknown] dialect is read by what all have in common.
func Rowless(d Dialect, text string) bool {
	if d >= dialects || len(text) > maxText {
		return false
	}
	some := false
	for _, r := range readingsOf(d, text) {
		l := lexer{d: d, r: r, text: text}
		toks := l.tokens()
		switch {
		case l.fault == OneRead && rowlessOne(text, toks):
			some = true
		case l.fault == OneRead, statementEnd(toks) < len(toks):
			return false
		}
		// What else is broken in this reading the server would refuse whole.
	}
	return some
}

// rowlessOne judges the tokens of a text.
func rowlessOne(text string, toks []token) bool {
	word := func(t token) string { return lower(text[t.start:t.end]) }
	if len(toks) == 0 || toks[0].kind != kindWord || !slices.Contains(rowless, word(toks[0])) {
		return false
	}
	end := statementEnd(toks)
	for _, t := range toks[end:] {
		if t.kind != kindSemicolon {
			return false
		}
	}
	for _, t := range toks[:end] {
		if t.kind == kindWord && slices.Contains(returns, word(t)) {
			return false
		}
	}
	return true
}

// statementEnd is how many tokens the first statement has.
func statementEnd(toks []token) int {
	if end := slices.IndexFunc(toks, func(t token) bool { return t.kind == kindSemicolon }); end >= 0 {
		return end
	}
	return len(toks)
}
