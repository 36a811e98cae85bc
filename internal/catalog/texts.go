// This file reads the texts of views and triggers where the database keeps no record of what they depend on.

package catalog

import (
	"iter"
	"regexp"
	"strings"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// view notes what the text of a view names, and that a read may change anything
// where its query calls what is not known.
func (l *loader) view(name, text, query string) {
	l.through(name, text)
	if sqltext.Analyze(l.dialect, query).Verdict == sqltext.Flush && l.unknownCall(query) {
		l.c.readsToo(l.c.named(name), l.c.unknownRoutine())
	}
}

// through notes that a relation is read and written through to all that its text
// names.
func (l *loader) through(name, text string) {
	i := l.c.named(name)
	for _, to := range l.readThrough(i, text) {
		l.c.writesToo(i, to)
	}
}

// readThrough notes that who reads a node reads all that its text names. It
// returns the relations.
func (l *loader) readThrough(i int32, text string) (relations []int32) {
	g := &l.c.graph
	all, ok := l.names(text, g.relations, g.routines)
	if !ok || len(text) > mostText {
		g.nodes[i].unkeep("opaque-view")
		g.nodes[i].unbind("opaque-view")
		return nil
	}
	for _, to := range all {
		if to == i {
			continue
		}
		g.readsToo(i, to)
		if g.nodes[to].is&isRelation != 0 {
			relations = append(relations, to)
		}
	}
	return relations
}

// trigger notes that a write of a table writes what the text of a trigger
// names.
func (l *loader) trigger(table, text string) { l.body(l.c.named(table), text) }

// body notes that what a text names is written with a node: by words, so that
// what is only read there counts as well.
func (l *loader) body(i int32, text string) {
	g := &l.c.graph
	nodes, ok := l.names(text, g.relations, g.routines)
	switch {
	case !ok || len(text) > mostText:
		g.nodes[i].unbind("opaque-trigger")
		return
	case l.unknownCall(text):
		g.nodes[i].unbind("unknown-routine")
		return
	}
	for _, to := range nodes {
		if to != i {
			g.writesToo(i, to)
		}
	}
}

var called = regexp.MustCompile("(?i)\\bcall\\s+(?:[\\w$`\"]+\\.)?([\\w$]+|\"[^\"]*\"|`[^`]*`)")

// notCalls are the words before a parenthesis that call nothing.
var notCalls = set(`values in if elseif while until when then else and or not on using exists select from where by set into return
	returns case between like regexp rlike as over partition key index ignore char character varchar varbinary binary decimal dec numeric
	number float double real int integer tinyint smallint mediumint bigint bit year time timestamp datetime text blob enum national nchar
	nvarchar varchar2 nvarchar2 raw for of having union all any except intersect with filter distinct limit conflict nothing update insert is check
	references raise join inner left div mod xor row interval`)

// unknownCall reports whether a text calls a routine that is neither built in
// nor known, so that it may do anything.
func (l *loader) unknownCall(text string) bool {
	for _, match := range called.FindAllStringSubmatch(text, -1) {
		if _, routine := l.c.routines[bare(match[1])]; !routine {
			return true
		}
	}
	for name := range callNames(text) {
		_, routine := l.c.routines[name]
		_, relation := l.c.relations[name]
		if !routine && !relation && !notCalls[name] && !l.builtin(name) {
			return true
		}
	}
	return false
}

// callNames goes through the names in a text before a parenthesis, with or without
// blanks and comments in between: also where what looks like a comment stands in
// quotes, and what looks like quotes in a comment.
func callNames(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		before, word := beforeParenthesis(text), 0
		var opener [256]int // behind the last quote of each kind
		for i := range len(text) {
			c, start := text[i], word
			switch {
			case c == ']':
				start = opener['[']
			case c == '"' || c == '`':
				start, opener[c] = opener[c], i+1
			case c == '[':
				opener[c] = i + 1
			}
			inWord := c >= 0x80 || !notInWord(rune(c))
			if !inWord {
				word = i + 1
			}
			ends := inWord || c == ']' || c == '"' || c == '`'
			if ends && before[i+1] && !yield(bare(text[start:i+1])) {
				return
			}
		}
	}
}

// beforeParenthesis says of each place in a text whether from there blanks and comments
// lead to a parenthesis. It goes backwards, so that no comment is looked through twice.
func beforeParenthesis(text string) []bool {
	leads := make([]bool, len(text)+1)
	line, comment, later := len(text), len(text), len(text) // behind the next end of a line, of a comment, of the one after that
	for i := len(text) - 1; i >= 0; i-- {
		switch rest := text[i:]; {
		case text[i] == '(':
			leads[i] = true
		case text[i] == '\n':
			line, leads[i] = i+1, leads[i+1]
		case strings.IndexByte(" \t\r\f\v", text[i]) >= 0:
			leads[i] = leads[i+1]
		case strings.HasPrefix(rest, "*/"): // as where the server runs what is in a comment
			comment, later, leads[i] = i+2, comment, leads[i+2]
		case strings.HasPrefix(rest, "/*/"):
			leads[i] = leads[later]
		case strings.HasPrefix(rest, "/*!"), strings.HasPrefix(rest, "/*M!"):
			inside := i + strings.IndexByte(rest, '!') + 1
			for inside < len(text) && text[inside] >= '0' && text[inside] <= '9' {
				inside++
			}
			leads[i] = leads[comment] || leads[inside]
		case strings.HasPrefix(rest, "/*"):
			leads[i] = leads[comment]
		case strings.HasPrefix(rest, "--"), text[i] == '#':
			leads[i] = leads[line]
		}
	}
	return leads
}

// bare is a name without its quotes.
func bare(written string) string { return strings.ToLower(strings.Trim(written, "\"`[]")) }

// builtin reports whether a function is known to change no table.
func (l *loader) builtin(name string) bool {
	known, asked := l.builtins[name]
	switch {
	case strings.ContainsFunc(name, notInWord):
		return false // it would be read as more than a name
	case !asked:
		known = sqltext.Analyze(l.dialect, "select "+name+"(1)").Verdict != sqltext.Flush
		if l.builtins == nil {
			l.builtins = map[string]bool{}
		}
		l.builtins[name] = known
	}
	return known
}

// viewQuery is the query in the text of a view: what follows AS, outside quotes,
// comments and parentheses.
func viewQuery(sql string) string {
	depth := 0
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case strings.IndexByte("'\"`[", c) >= 0:
			closer := c
			if c == '[' {
				closer = ']'
			}
			i = after(sql, i+1, string(closer))
			continue
		case strings.HasPrefix(sql[i:], "--"):
			i = after(sql, i, "\n")
			continue
		case strings.HasPrefix(sql[i:], "/*"):
			i = after(sql, i+2, "*/")
			continue
		case c == '(':
			depth++
		case c == ')':
			depth--
		case !notInWord(rune(c)):
			end := i
			for end < len(sql) && !notInWord(rune(sql[end])) {
				end++
			}
			if depth == 0 && strings.EqualFold(sql[i:end], "as") {
				return sql[end:]
			}
			i = end
			continue
		}
		i++
	}
	return ""
}

// after is where the text goes on behind the next closer.
func after(text string, from int, closer string) int {
	n := strings.Index(text[from:], closer)
	if n < 0 {
		return len(text)
	}
	return from + n + len(closer)
}
