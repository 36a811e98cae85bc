// This file looks for the tables that code of MySQL's names, and says whether the user may see them.

package catalog

import (
	"regexp"
	"slices"
	"strings"
)

// sight is the key of a table that the user sees.
func sight(schema, name string) string { return strings.ToLower(schema + "\x00" + name) }

// hidden reports whether a body names a table that the user may not see: what
// hangs on that is not known. Names without a schema are of the body's own; that
// of a view is "": the server keeps its text with a schema before each table, and
// what has none is declared by WITH.
func (l *loader) hidden(schema, text string) bool {
	return l.hiddenIn(schema, text, mysqlPieces) ||
		(strings.Contains(text, `\'`) || strings.Contains(text, `\"`)) && l.hiddenIn(schema, text, mysqlPlainPieces)
}

func (l *loader) hiddenIn(schema, text string, pieces *regexp.Regexp) bool {
	s := tableScan{open: make([]clause, 1)}
	for _, p := range pieces.FindAllString(strings.ToLower(text), -1) {
		if !strings.HasPrefix(p, "#") && !strings.HasPrefix(p, "--") && !strings.HasPrefix(p, "/*") {
			s.pieces = append(s.pieces, p)
		}
	}
	s.scan()
	declares := schema == "" && slices.Contains(s.pieces, "with")
	return slices.ContainsFunc(s.found, func(table merge) bool {
		switch {
		case table.schema == "" && (declares || table.name == "dual"), mysqlOwn[table.schema]:
			return false
		case table.schema == "":
			table.schema = schema
		}
		return !l.seen[sight(table.schema, table.name)]
	})
}

// mysqlOwn are the server's own schemas, whose tables have no triggers.
var mysqlOwn = set("information_schema performance_schema mysql sys")

// A piece is a comment, or what it begins with where the server runs what is in
// it, a literal, a name, a word or a sign that matters. Whether backslashes escape
// a quote, the mode says in which the body was made.
var (
	mysqlPieces      = piecesWith(`'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"`)
	mysqlPlainPieces = piecesWith(`'(?:[^']|'')*'|"(?:[^"]|"")*"`)
)

func piecesWith(literals string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)/\*m?!\d*|/\*.*?\*/|--(?:[\x00-\x09\x0b-\x20\x7f][^\n]*|\n|$)|#[^\n]*|` + literals +
		"|`(?:[^`]|``)*`|" + `[\w$\x{80}-\x{10FFFF}]+|[().,;]`)
}

// tableScan goes through the pieces of a body and finds the names where tables
// stand. Where it is in doubt, a name is that of a table.
type tableScan struct {
	pieces  []string
	open    []clause // the text, and the parentheses that are open
	expects bool     // a table comes next
	found   []merge
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
		case s.expects && !s.opens(i):
			i = s.take(i)
		default:
			s.keyword(i, at)
		}
	}
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
