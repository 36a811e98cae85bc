// This file looks for the tables and routines that code of MySQL's names, and says whether the user may see them.

package catalog

import (
	"regexp"
	"slices"
	"strings"
)

// sight is the key of a table that the user sees.
func sight(schema, name string) string { return strings.ToLower(schema + "\x00" + name) }

// hidden says why what hangs on a body is not known: it names a table or calls a
// routine that the user may not see; "" where it does neither. Names without a schema
// are of the body's own; that of a view is "": the server keeps its text with a schema
// before each table and routine, and what has none is declared by WITH or built in.
//
// Each way to read the literals counts, and one of them has to be the server's: it
// takes no body in which a literal or a comment does not end.
func (l *loader) hidden(schema, text string) (why string) {
	whole, readings := false, mysqlReadings
	if !strings.Contains(text, `\'`) && !strings.Contains(text, `\"`) {
		readings = readings[:1]
	}
	for _, pieces := range readings {
		s := scanned(text, pieces)
		switch {
		case slices.ContainsFunc(s.found, func(table merge) bool { return l.hiddenTable(schema, table, s) }):
			return "hidden-table"
		case slices.ContainsFunc(s.called, func(r mysqlCall) bool { return l.hiddenRoutine(schema, r) }):
			return "hidden-routine"
		}
		whole = whole || s.whole
	}
	if !whole {
		return "hidden-table"
	}
	return ""
}

func (l *loader) hiddenTable(schema string, table merge, s *tableScan) bool {
	switch {
	case table.schema == "" && (table.name == "dual" || schema == "" && slices.Contains(s.pieces, "with")), mysqlOwn[table.schema]:
		return false
	case table.schema == "":
		table.schema = schema
	}
	return !l.seen[sight(table.schema, table.name)]
}

// hiddenRoutine reports whether a call is of a routine that the user does not see. One
// without a schema may be of a function that is built in; where no routine has its
// name, that is looked into elsewhere.
func (l *loader) hiddenRoutine(schema string, r mysqlCall) bool {
	if r.schema == "" {
		_, known := l.c.routines[r.name]
		if r.kind == "FUNCTION" && (schema == "" || !known || notCalls[r.name] || l.builtin(r.name)) {
			return false
		}
		r.schema = schema
	}
	return !l.seen[r.sight()]
}

// mysqlOwn are the server's own schemas, whose tables have no triggers.
var mysqlOwn = set("information_schema performance_schema mysql sys")

// mysqlReadings find the pieces of a body. A piece is a comment, or what it begins
// with where the server runs what is in it, a literal, a name, a word or a sign that
// matters. Whether backslashes escape a quote, the mode says in which the body was made;
// where double quotes are those of names, they do not within them.
//
// What does not end goes on to the end of the text: were it no piece, each that begins
// there would be looked for to the end again.
var mysqlReadings = []*regexp.Regexp{
	piecesWith(`'(?:[^'\\]|\\.|'')*(?:'|\z)`, `"(?:[^"\\]|\\.|"")*(?:"|\z)`),
	piecesWith(`'(?:[^']|'')*(?:'|\z)`, `"(?:[^"]|"")*(?:"|\z)`),
	piecesWith(`'(?:[^'\\]|\\.|'')*(?:'|\z)`, `"(?:[^"]|"")*(?:"|\z)`),
}

func piecesWith(single, double string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)/\*m?!\d*|/\*.*?(?:\*/|\z)|--(?:[\x00-\x09\x0b-\x20\x7f][^\n]*|\n|$)|#[^\n]*|` + single + "|" + double +
		"|`(?:[^`]|``)*(?:`|\\z)|" + `[\w$\x{80}-\x{10FFFF}]+|[().,;]`)
}

// tableScan goes through the pieces of a body and finds the names where tables
// stand, and those that are called. Where it is in doubt, a name is that of a table.
type tableScan struct {
	pieces  []string
	apart   []bool   // more than blanks and comments stands before the piece
	whole   bool     // all literals and comments end
	open    []clause // the text, and the parentheses that are open
	expects bool     // a table comes next
	found   []merge
	called  []mysqlCall
}

// mysqlCall is a routine as a call names it.
type mysqlCall struct{ kind, schema, name string }

// sight is the key of a routine that the user sees. No table's has three parts.
func (r mysqlCall) sight() string { return r.kind + "\x00" + sight(r.schema, r.name) }

// scanned looks through a text.
func scanned(text string, pieces *regexp.Regexp) *tableScan {
	const end = "\x00" // what does not end has it as its last byte
	s := &tableScan{open: make([]clause, 1), whole: true}
	text = strings.ToLower(text) + end
	last, apart := 0, false
	for _, at := range pieces.FindAllStringIndex(text, -1) {
		between := strings.ReplaceAll(text[last:at[0]], "*/", "") // the end of what the server runs
		p := text[at[0]:at[1]]
		apart, last = apart || strings.TrimSpace(between) != "", at[1]
		line := strings.HasPrefix(p, "#") || strings.HasPrefix(p, "--")
		s.whole = s.whole && (line || !strings.HasSuffix(p, end))
		if !line && !strings.HasPrefix(p, "/*") {
			s.pieces, s.apart, apart = append(s.pieces, p), append(s.apart, apart), false
		}
	}
	s.scan()
	return s
}

// clause is what is known of a part of a text.
type clause struct {
	query bool // SELECT or DELETE began it, so that FROM is theirs
	list  bool // of tables, with commas in between
}

func (s *tableScan) scan() {
	for i := 0; i < len(s.pieces); i++ {
		at := &s.open[len(s.open)-1]
		switch p := s.pieces[i]; {
		case p == "(":
			s.open = append(s.open, clause{list: s.expects})
		case p == ")":
			s.open, s.expects = s.open[:max(len(s.open)-1, 1)], false
		case p == ",":
			s.expects = at.list
		case p == ";":
			*at, s.expects = clause{}, false
		case p == ".", p[0] == '\'':
		case p == "call":
			i = s.calls(i + 1)
		case s.expects && !s.opens(i):
			i = s.take(i)
		default:
			if s.at(i+1) == "(" && !s.apart[i+1] {
				s.call("FUNCTION", i)
			}
			s.keyword(i, at)
		}
	}
}

// calls notes the procedure whose name begins at i, and returns its last piece.
func (s *tableScan) calls(i int) int {
	for s.at(i+1) == "." {
		i += 2
	}
	if s.at(i) != "" {
		s.call("PROCEDURE", i)
	}
	s.expects = false
	return i
}

// call notes the routine whose name ends at i.
func (s *tableScan) call(kind string, i int) {
	r := mysqlCall{kind: kind, name: unquoteAny(s.pieces[i])}
	if s.at(i-1) == "." && !s.apart[i] {
		r.schema = unquoteAny(s.pieces[max(i-2, 0)])
	}
	s.called = append(s.called, r)
}

// opens reports whether the word at i, where a table is expected, is a part of
// the statement.
func (s *tableScan) opens(i int) bool {
	switch s.pieces[i] {
	case "select", "with", "values", "table", "into", "low_priority", "high_priority", "delayed", "ignore":
		return true
	case "lateral", "json_table":
		return s.at(i+1) == "("
	}
	return false
}

// take notes the table whose name begins at i, and returns its last piece.
func (s *tableScan) take(i int) int {
	table := merge{name: unquoteAny(s.pieces[i])}
	for s.at(i+1) == "." && s.at(i+2) != "" {
		i += 2
		table = merge{table.name, unquoteAny(s.pieces[i])}
	}
	s.found, s.expects = append(s.found, table), false
	return i
}

// keyword looks at a word that a table may follow, or that ends a list of them.
func (s *tableScan) keyword(i int, at *clause) {
	before := s.at(i - 1)
	switch s.pieces[i] {
	case "select", "delete":
		*at, s.expects = clause{query: true}, false
	case "with", "values":
		at.list, s.expects = false, false
	case "json_table":
		s.expects = false
	case "from":
		at.list = at.list || at.query
		s.expects = at.query
	case "using":
		s.expects = at.query && s.at(i+1) != "("
	case "join":
		s.expects = before != "for" // of an index's hint
		at.list = true
	case "straight_join":
		s.expects = at.list
	case "update":
		s.expects = before != "for" && before != "key"
		at.list = s.expects
	case "insert", "replace":
		s.expects = s.at(i+1) != "(" // else a function
		at.list = at.list && !s.expects
	case "table":
		s.expects = true
	case "for":
		next := s.at(i + 1)
		at.list = at.list && (next == "system_time" || next == "join" || next == "order" || next == "group")
	case "group", "order":
		at.list = at.list && before == "for"
	case "where", "set", "having", "limit", "into":
		at.list = false
	}
}

// at is the piece at i; "" where there is none.
func (s *tableScan) at(i int) string {
	if i < 0 || i >= len(s.pieces) {
		return ""
	}
	return s.pieces[i]
}

// unquoteAny is a name without its quotes of either kind.
func unquoteAny(name string) string {
	if name[0] == '"' {
		return strings.ReplaceAll(strings.Trim(name, `"`), `""`, `"`)
	}
	return unquote(name)
}
