// This file finds the tables that a text names, for people who read spans and reports.

package sqltext

// Tables returns the tables that text names: what stands behind FROM, JOIN,
// INTO, UPDATE and TABLE, without its schema and without the names that WITH
// declares, each once. Names without quotes are in lower case. It is a reading
// by position, good for showing; who decides by it looks at the tags of a
// [Statement] as well, among which no table is missing. Of a text that cannot be
// split, or of an [Unknown] dialect, there are none. It is safe for concurrent
// use.
func Tables(d Dialect, text string) []string {
	if d == Unknown || d >= dialects || len(text) > maxText {
		return nil
	}
	toks, whole := likelyTokens(d, text)
	if !whole {
		return nil
	}
	f := finder{d: d, text: text, toks: toks, levels: []clauses{{query: true}}, hidden: map[string]int{}, next: -1}
	f.find()
	return f.found.list
}

// finder walks over the tokens of a text.
type finder struct {
	d        Dialect
	text     string
	toks     []token
	levels   []clauses // of the text, and of each open parenthesis
	next     int       // where a parenthesis holds tables, if one stands there
	found    names
	declared names          // by WITH, at the token that is looked at
	hidden   map[string]int // the names of WITH that hide tables here, and how often
}

// clauses is what is known of the text, or of what an open parenthesis holds.
type clauses struct {
	query     bool     // a query begins with it, so that FROM is the clause
	list      bool     // in that clause: behind a comma stands another table
	columns   bool     // between SELECT and FROM, where STRAIGHT_JOIN is an option
	body      bool     // it holds the query of a common table expression
	recursive bool     // such a query reads the names of its own list
	coming    string   // the expression whose query comes next
	names     []string // the expressions whose names hide tables
}

func (f *finder) here() *clauses { return &f.levels[len(f.levels)-1] }

func (f *finder) find() {
	for i := range f.toks {
		switch f.toks[i].kind {
		case kindOpen:
			f.enter(i)
		case kindClose:
			f.leave()
		case kindComma:
			if f.here().list {
				f.source(i + 1)
			}
		case kindSemicolon:
			f.levels = f.levels[:1]
			f.reveal()
			f.levels[0] = clauses{query: true}
		case kindWord:
			f.lead(i)
		case kindName:
			f.declares(i)
		default:
		}
	}
}

// enter looks at the parenthesis that token i opens. Where a table may stand, it
// holds tables or a query, which may stand in parentheses itself.
func (f *finder) enter(i int) {
	inner := i + 1
	for inner < len(f.toks) && inner < i+deepest && f.is(inner, kindOpen) {
		inner++
	}
	before := f.word(i - 1)
	at := clauses{query: f.opensQuery(inner), list: i == f.next && !f.opensQuery(i+1), body: before == "as" || before == "materialized"}
	f.levels = append(f.levels, at)
	if at.list {
		f.source(i + 1)
	}
}

// leave looks at a parenthesis that closes: behind its query, the name of a common
// table expression hides a table.
func (f *finder) leave() {
	if len(f.levels) == 1 {
		return
	}
	body := f.here().body
	f.reveal()
	f.levels = f.levels[:len(f.levels)-1]
	if at := f.here(); body && at.coming != "" {
		f.hide(at.coming)
		at.coming = ""
	}
}

// hide notes that a name stands for no table from here on, until its parentheses
// end; reveal ends that for all names of theirs.
func (f *finder) hide(name string) {
	f.here().names = append(f.here().names, name)
	f.hidden[name]++
}

func (f *finder) reveal() {
	for _, name := range f.here().names {
		f.hidden[name]--
	}
}

// declares looks at a name that may be that of a common table expression. Its own
// query reads the table of that name, unless the list is RECURSIVE; to Oracle and
// SQLite it always may be.
func (f *finder) declares(i int) {
	f.declare(i)
	for _, name := range f.declared.list {
		if f.here().recursive || f.d == Oracle || f.d == SQLite {
			f.hide(name)
		} else {
			f.here().coming = name
		}
	}
	f.declared = names{}
}

// lead looks at a word that a table may follow.
func (f *finder) lead(i int) {
	switch f.word(i) {
	case "from":
		if f.beginsClause(i) {
			f.here().list, f.here().columns = true, false
			f.source(i + 1)
		}
	case "straight_join":
		if !f.here().columns {
			f.source(i + 1)
		}
	case "join", "apply":
		f.source(i + 1)
	case "into":
		f.take(i + 1)
	case "update":
		f.updates(i)
	case "table":
		f.take(f.past(i+1, "if", "not", "exists", "only"))
	case "recursive":
		f.here().recursive = f.here().recursive || f.word(i-1) == "with"
		f.declares(i)
	case "where", "group", "having", "order", "limit", "union", "intersect", "except", "minus", "window", "select":
		if f.toks[i].is&reserved != 0 { // else it may be an alias
			f.here().list, f.here().columns = false, f.word(i) == "select"
		}
	case "returning":
		f.here().list = f.here().list && f.is(i+1, kindComma)
	default:
		f.declares(i)
	}
}

// updates looks at UPDATE. What it sets for a row that is there follows no table.
func (f *finder) updates(i int) {
	switch f.word(i - 1) {
	case "for", "on", "no", "do", "key":
		f.here().list = false
	default:
		f.take(f.past(i+1, "only", "low_priority", "ignore"))
	}
}

// beginsClause reports whether FROM at i is the clause: not within a function's
// parentheses, as in extract(year from a), and not of IS DISTINCT FROM.
func (f *finder) beginsClause(i int) bool {
	return f.here().query && f.word(i-1) != "distinct"
}

// source takes what rows come from: a table, but not a function's call. What
// stands in parentheses is looked at there.
func (f *finder) source(i int) {
	i = f.past(i, "only", "lateral")
	if f.is(i, kindOp) && f.word(i+1) == "oj" { // ODBC's {OJ a LEFT JOIN b ON ...}
		i += 2
	}
	if f.word(i) == "rows" && f.word(i+1) == "from" { // PostgreSQL's ROWS FROM (calls)
		return
	}
	f.next = i
	if end := f.end(i); !f.is(end, kindOpen) && !(f.word(end) == "as" && f.is(end+1, kindOpen)) { // a call, a window
		f.take(i)
	}
}

// take notes the table whose name begins at i, if one does.
func (f *finder) take(i int) {
	end := f.end(i)
	if end < 0 {
		return
	}
	if name := f.name(end - 1); name != "" && (end-1 > i || f.hidden[name] == 0) {
		f.found.add(name)
	}
}

// end is where the name that begins at i ends, its schema included; -1 where
// none begins.
func (f *finder) end(i int) int {
	if !f.named(i) {
		return -1
	}
	for f.is(i+1, kindDot) && f.named(i+2) {
		i += 2
	}
	return i + 1
}

// declare notes the name of a common table expression: name AS (query). It
// looks at no more than the names in a list of columns, so that many lists that
// are open do not each look through the rest.
func (f *finder) declare(i int) {
	as := i + 1
	if f.is(as, kindOpen) { // a list of columns
		for as++; f.is(as, kindWord) || f.is(as, kindName) || f.is(as, kindComma); as++ {
		}
		if !f.is(as, kindClose) {
			return
		}
		as++
	}
	if f.word(as) != "as" {
		return
	}
	if open := f.past(as+1, "not", "materialized"); f.is(open, kindOpen) && f.opensQuery(open+1) {
		f.declared.add(f.name(i))
	}
}

// opensQuery reports whether a statement begins at i, so that what is in
// parentheses there is one.
func (f *finder) opensQuery(i int) bool {
	switch f.word(i) {
	case "select", "with", "values", "insert", "update", "delete", "table":
		return true
	}
	return false
}

// past skips words.
func (f *finder) past(i int, words ...string) int {
	for f.oneOf(i, words) {
		i++
	}
	return i
}

func (f *finder) oneOf(i int, words []string) bool {
	for _, w := range words {
		if f.word(i) == w {
			return true
		}
	}
	return false
}

// named reports whether token i can be a table's name. SQLite takes a literal for
// one.
func (f *finder) named(i int) bool {
	return f.is(i, kindName) || f.d == SQLite && f.is(i, kindString) && f.text[f.toks[i].start] == '\'' || f.is(i, kindWord) && f.toks[i].is&reserved == 0
}

func (f *finder) is(i int, k kind) bool { return i >= 0 && i < len(f.toks) && f.toks[i].kind == k }

// word is token i in lower case; "" where it is no word.
func (f *finder) word(i int) string {
	if !f.is(i, kindWord) {
		return ""
	}
	return lower(f.text[f.toks[i].start:f.toks[i].end])
}

// name is token i as the name of a table.
func (f *finder) name(i int) string {
	written := f.text[f.toks[i].start:f.toks[i].end]
	if f.is(i, kindName) || f.is(i, kindString) {
		return unquoted(written)
	}
	return lower(written)
}
