// This file finds the tables that a text names, for people who read spans and reports.

package sqltext

// Tables returns the tables that text names: what stands behind FROM, JOIN,
// INTO, UPDATE and TABLE, without its schema and without the names that WITH
// declares, each once. Names without quotes are in lower case. It is a reading
// by position, good for showing and not for deciding; of a text that cannot be
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
	f := finder{text: text, toks: toks}
	f.find()
	return f.tables()
}

// finder walks over the tokens of a text.
type finder struct {
	text     string
	toks     []token
	queries  []bool // of each open parenthesis, whether a query begins with it
	found    names
	declared names // by WITH
}

func (f *finder) find() {
	for i := range f.toks {
		switch f.toks[i].kind {
		case kindOpen:
			f.queries = append(f.queries, f.opensQuery(i+1))
		case kindClose:
			f.queries = f.queries[:max(len(f.queries)-1, 0)]
		case kindWord:
			f.lead(i)
		case kindName:
			f.declare(i)
		default:
		}
	}
}

// lead looks at a word that a table may follow.
func (f *finder) lead(i int) {
	switch f.word(i) {
	case "from":
		if f.beginsClause(i) {
			f.list(i + 1)
		}
	case "join":
		f.source(i + 1)
	case "into":
		f.take(i + 1)
	case "update":
		if before := f.word(i - 1); before != "for" && before != "on" && before != "do" && before != "key" && before != "no" {
			f.take(f.past(i+1, "only", "low_priority", "ignore"))
		}
	case "table":
		f.take(f.past(i+1, "if", "not", "exists", "only"))
	default:
		f.declare(i)
	}
}

// beginsClause reports whether FROM at i is the clause: not within a function's
// parentheses, as in extract(year from a), and not of IS DISTINCT FROM.
func (f *finder) beginsClause(i int) bool {
	within := len(f.queries) > 0 && !f.queries[len(f.queries)-1]
	return !within && f.word(i-1) != "distinct"
}

// list takes the tables of a FROM: more follow where a comma stands behind one
// or behind its alias.
func (f *finder) list(i int) {
	for {
		end := f.source(f.past(i, "only", "lateral"))
		if end < 0 {
			return
		}
		end = f.past(end, "as")
		if f.named(end) && f.is(end+1, kindComma) {
			end++
		}
		if !f.is(end, kindComma) {
			return
		}
		i = end + 1
	}
}

// source takes what rows come from: a table, but neither a query in
// parentheses nor a function's call. It returns as take does.
func (f *finder) source(i int) int {
	if end := f.end(i); end > 0 && f.is(end, kindOpen) {
		return -1
	}
	return f.take(i)
}

// take notes the table whose name begins at i and returns where it ends; -1
// where there is none.
func (f *finder) take(i int) int {
	end := f.end(i)
	if end < 0 {
		return -1
	}
	if name := f.name(end - 1); name != "" {
		f.found.add(name)
	}
	return end
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

// tables are the tables found, without the declared names.
func (f *finder) tables() []string {
	var all []string
	for _, name := range f.found.list {
		if !f.declared.has(name) {
			all = append(all, name)
		}
	}
	return all
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

// named reports whether token i can be a table's name.
func (f *finder) named(i int) bool {
	return f.is(i, kindName) || f.is(i, kindWord) && f.toks[i].is&reserved == 0
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
	if f.is(i, kindName) {
		return unquoted(written)
	}
	return lower(written)
}
