// This file reads bodies of code and definitions: which names stand in them, and whether an answer of them may be kept.

package catalog

import (
	"regexp"
	"strings"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// mostOdd bounds how many times a body is searched for a name that is no word.
const mostOdd = 200_000

// names returns the nodes of an index whose names stand in a text, be it in
// code, quotes or comments. Above mostOdd searches it gives up.
func (l *loader) names(text string, indices ...map[string]int32) (nodes []int32, ok bool) {
	text = strings.ToLower(text)
	seen := map[string]bool{}
	find := func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, index := range indices {
			if i, known := index[name]; known {
				nodes = append(nodes, i)
			}
		}
	}
	for word := range strings.FieldsFuncSeq(text, notInWord) {
		find(l.name(word))
	}
	if l.odd == nil {
		l.odd = append(append([]string{""}, odd(l.c.relations)...), odd(l.c.routines)...)
	}
	for _, name := range l.odd[1:] {
		if l.oddly++; l.oddly > mostOdd {
			return nil, false
		}
		if strings.Contains(text, name) || strings.Contains(text, escaper.Replace(name)) {
			find(name)
		}
	}
	return nodes, true
}

// escaper doubles the quotes in a name, as they are written in quotes.
var escaper = strings.NewReplacer(`"`, `""`, "`", "``", `'`, `''`)

// notInWord reports whether a character ends a word. So does #, with which a
// comment of MySQL's begins: a name that has one is no word.
func notInWord(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '$' || r >= 0x80)
}

// has reports whether one of a set of words stands in a text.
func has(text string, words map[string]bool) (word string, found bool) {
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), notInWord) {
		if words[w] {
			return w, true
		}
	}
	return "", false
}

// set makes a set of a list of words.
func set(list string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(list) {
		words[w] = true
	}
	return words
}

// unkeptQuery says why the answer of a query that stands in a definition must
// not be kept; "" where it may.
func (l *loader) unkeptQuery(text string) string {
	s := sqltext.Analyze(l.dialect, text)
	switch {
	case text == "", len(text) > mostText, s.Count != 1:
		return "opaque-view"
	case s.Verdict == sqltext.Pure && s.Stable:
		return ""
	}
	switch s.Reason {
	case sqltext.Clock:
		return "volatile-function"
	case sqltext.Catalog:
		return "system-table"
	case sqltext.Settings:
		return "session-function"
	case sqltext.Remote:
		return "remote"
	}
	return "opaque-view"
}

// standIn replaces the calls of routines that are proven pure by those of a
// function that every dialect has. What it does not recognize stays as it is.
func standIn(text string, proven []string) string {
	if len(proven) == 0 {
		return text
	}
	names := make([]string, len(proven))
	for i, name := range proven {
		names[i] = regexp.QuoteMeta(name)
	}
	any := "(?:" + strings.Join(names, "|") + ")"
	call := regexp.MustCompile(`(?i)(^|[^\w$#.\x{80}-\x{10FFFF}])(?:[\w$]+\.|"[^"]*"\.|` + "`[^`]*`" + `\.)?(?:` +
		any + `|"` + any + `"|` + "`" + any + "`" + `)\(`)
	for {
		next := call.ReplaceAllString(text, "${1}abs(")
		if next == text {
			return text
		}
		text = next
	}
}
