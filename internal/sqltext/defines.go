// This file judges statements that define, alter or drop something: whether what their text shows leaves the session as it was.

package sqltext

import "strings"

// defined are the things that a statement creates, alters or drops, and what may
// run with that.
type defined uint8

const (
	runsAnything    defined = iota
	runsNothing             // the text is stored, or nothing is left of it
	runsExpressions         // defaults, checks, bounds and keys of indices, perhaps on each row
)

var (
	stored  = wordSet("view function procedure trigger sequence synonym type package rule policy statistics domain database schema")
	altered = wordSet("view function procedure trigger sequence synonym package")
	dropped = wordSet(`table view materialized index function procedure aggregate trigger sequence synonym package type domain schema rule
		policy statistics database extension cast operator`)
	// between are words between CREATE and what is created.
	between = wordSet("or replace editionable noneditionable force no unique unlogged recursive constraint public private fulltext spatial bitmap")
)

// namesTemporary reports whether a name is that of the session's own schema: what
// is made there hides other tables.
func (j *judge) namesTemporary() bool {
	for i := range j.toks {
		if !j.isName(i) {
			continue
		}
		if name := j.plain(i); j.d == PostgreSQL && strings.HasPrefix(name, "pg_temp") || j.d == SQLite && name == "temp" {
			return true
		}
	}
	return false
}

// defines judges a definition. The memory of calls is its own: a table's name
// before its columns is none.
func (j *judge) defines(first int) (e Else) {
	switch j.definition(first) {
	case runsNothing:
		j.calls = names{}
		e.Neutral = true
	case runsExpressions:
		e.Neutral = j.expressions(first)
	}
	return e
}

// definition finds what runs with a statement.
func (j *judge) definition(first int) defined {
	if first != 0 || j.namesTemporary() {
		return runsAnything
	}
	kind := j.plainWord(1)
	switch j.plainWord(0) {
	case "create":
		return j.creates(j.skipBetween(1))
	case "alter":
		if kind == "table" || kind == "index" {
			return runsExpressions
		}
		return when(altered[kind])
	case "drop":
		return when(dropped[kind] && !(j.d == MySQL && (kind == "database" || kind == "schema"))) // it may be the session's
	case "rename":
		return when(j.d == Oracle || j.d == MySQL && (kind == "table" || kind == "tables"))
	case "grant", "revoke", "comment":
		return runsNothing
	case "truncate":
		return when(j.d != SQLite)
	}
	return when(j.tends(kind))
}

func when(known bool) defined {
	if known {
		return runsNothing
	}
	return runsAnything
}

// tends reports whether the statement keeps tables and indices in order.
// PostgreSQL takes back what functions of indices set meanwhile. MariaDB's ANALYZE
// runs statements.
func (j *judge) tends(kind string) bool {
	switch verb := j.plainWord(0); verb {
	case "vacuum", "reindex":
		return (j.d == PostgreSQL || j.d == SQLite) && !j.hasWord("into")
	case "refresh", "cluster":
		return j.d == PostgreSQL
	case "analyze", "optimize", "repair", "check":
		if verb == "analyze" && (j.d == PostgreSQL || j.d == SQLite) {
			return true
		}
		if kind == "local" || kind == "no_write_to_binlog" {
			kind = j.plainWord(2)
		}
		return kind == "table" || kind == "tables"
	}
	return false
}

// skipBetween is the token behind the words between CREATE and what is created.
// MySQL names a definer and more there.
func (j *judge) skipBetween(i int) int {
	for i < len(j.toks) {
		switch w := j.plainWord(i); {
		case between[w]:
			i++
		case (w == "definer" || w == "algorithm") && j.is(i+1, kindOp) && j.word(i+1) == "=":
			if i += 3; j.is(i, kindOpen) { // CURRENT_USER()
				i += 2
			}
			if j.is(i, kindOp) && j.word(i) == "@" {
				i += 2
			}
		case w == "sql" && j.plainWord(i+1) == "security":
			i += 3
		default:
			return i
		}
	}
	return i
}

// creates finds what runs where token i is what is created. PostgreSQL compiles
// functions of some languages, which runs code; MySQL loads libraries; a schema may
// come with tables.
func (j *judge) creates(i int) defined {
	kind := j.plainWord(i)
	switch kind {
	case "table", "index":
		return runsExpressions
	case "function", "procedure":
		if j.hasWord("soname") || j.d == PostgreSQL && !j.storedLanguage() {
			return runsAnything
		}
	case "schema":
		if j.hasWord("authorization") || j.hasWord("table") || j.hasWord("view") {
			return runsAnything
		}
	}
	return when(stored[kind])
}

// storedLanguage reports whether a function is written in one of the languages
// whose bodies are only read when it is created.
func (j *judge) storedLanguage() bool {
	for i := range j.toks {
		if j.plainWord(i) != "language" {
			continue
		}
		if i+1 == len(j.toks) || !storedLanguages[strings.Trim(lower(j.word(i+1)), `"'`)] {
			return false
		}
	}
	return true
}

var storedLanguages = wordSet("sql plpgsql")

// expressions reports whether nothing but the calls that it notes can touch the
// session in a definition of a table or an index.
func (j *judge) expressions(first int) bool {
	j.calls, j.more = names{}, false
	alters := j.plainWord(first) == "alter"
	depth := 0 // of the parentheses around token i
	for i := range j.toks {
		switch {
		case j.is(i, kindOp) && !j.plainOp(i), alters && j.runsOld(i, depth > 0), j.plainWord(i) == "as" && j.plainWord(i+1) == "table",
			!j.is(i-1, kindDot) && fetches[j.plainWord(i)]:
			return false
		case j.isName(i) && j.is(i+1, kindOpen) && !j.shapes(i, depth > 0):
			j.noteCall(i)
		case j.is(i, kindOpen):
			depth++
		case j.is(i, kindClose):
			depth--
		}
	}
	return !j.more
}

// fetches are words with which a definition takes its rows from a query, or makes a
// table that hides others.
var fetches = wordSet("temp temporary select execute")

// plainOp reports whether an operator is built in, and assigns nothing.
func (j *judge) plainOp(i int) bool {
	if j.d == PostgreSQL {
		return postgresOperators[j.word(i)] || j.word(i) == "[" || j.word(i) == "]"
	}
	return j.word(i) != "@" && j.word(i) != ":"
}

// runsOld reports whether token i has PostgreSQL run expressions that the text
// does not show, or call a function of a row by a dot, inside parentheses.
func (j *judge) runsOld(i int, inside bool) bool {
	if j.d != PostgreSQL {
		return false
	}
	w := j.plainWord(i)
	return w == "type" || w == "validate" || j.is(i, kindDot) && !j.is(i+2, kindOpen) && !j.is(i+2, kindDot) && inside
}

// noteCall notes the call at token i. A built-in function may set the session.
func (j *judge) noteCall(i int) {
	w := j.toks[i].is
	if j.is(i, kindWord) && !j.is(i-1, kindDot) && w&function != 0 && (w&tight == 0 || j.joins(i+1)) {
		j.more = j.more || w&session != 0
		return
	}
	j.doubtCall(i)
}

var (
	// typesAndClauses are words before a parenthesis that call nothing; a test holds
	// them against a server.
	typesAndClauses = wordSet(`bigint bit char character dec decimal float int integer interval national nchar numeric real smallint time
		timestamp varchar primary unique check references default as in and or not values on`)
	// otherTypes are types that may be functions to PostgreSQL.
	otherTypes = wordSet(`binary blob clob datetime double enum mediumint number nvarchar nvarchar2 raw text tinyint varbinary varchar2 year generated`)
	// clausesOutside are those that call nothing outside parentheses, in ALTER.
	clausesOutside = wordSet("add modify set reset")
	// before are words behind which a name has columns, not arguments.
	before = wordSet("table exists on only references index key unique")
	// pairs are words that call nothing behind certain others.
	pairs = map[string]map[string]bool{
		"key": wordSet("primary foreign unique by linear"), "index": wordSet("unique fulltext spatial"),
		"range": wordSet("by"), "list": wordSet("by"), "hash": wordSet("by linear"), "columns": wordSet("range list"), "than": wordSet("less"),
	}
)

// shapes reports whether token i, a name before a parenthesis, is a type, a
// clause or a table with its columns; inside parentheses, it is no clause of ALTER.
func (j *judge) shapes(i int, inside bool) bool {
	head := i
	for j.is(head-1, kindDot) && j.isName(head-2) {
		head -= 2
	}
	last := j.plainWord(head - 1)
	if before[last] || j.is(head-1, kindClose) { // where no value can begin
		return true
	}
	if head != i || !j.is(i, kindWord) {
		return false
	}
	w, is := lower(j.word(i)), j.toks[i].is
	if clausesOutside[w] && !inside && j.plainWord(0) == "alter" && last != "default" && (j.d != PostgreSQL || w != "add" && w != "modify") {
		return true
	}
	return j.d != PostgreSQL && otherTypes[w] || is&function == 0 && (is&paren != 0 || typesAndClauses[w]) || pairs[w][last] ||
		last == "using" && j.plainWord(0) == "create"
}

// plainWord is token i in lower case; "" where it is no word without quotes.
func (j *judge) plainWord(i int) string {
	if !j.is(i, kindWord) {
		return ""
	}
	return lower(j.word(i))
}

// hasWord reports whether a word stands in the statement.
func (j *judge) hasWord(word string) bool {
	for i := range j.toks {
		if j.plainWord(i) == word {
			return true
		}
	}
	return false
}
