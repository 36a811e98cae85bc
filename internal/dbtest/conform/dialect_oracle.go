// This file writes the suite's texts in Oracle's dialect: numbered placeholders, DUAL below a SELECT of nothing, one SELECT for each row of an INSERT.

package conform

import (
	"iter"
	"strconv"
	"strings"
)

// oracleText translates a text of the suite.
func oracleText(query string) string {
	if head, rows := rowsOf(query); len(rows) > 1 {
		query = head + " select " + strings.Join(rows, " union all select ")
	}
	w := oracleWriter{bare: []bool{false}}
	for p := range pieces(query) {
		w.piece(p)
	}
	w.endSelect(" from dual")
	return w.String()
}

// oracleWriter writes one text piece by piece.
type oracleWriter struct {
	strings.Builder
	binds int
	bare  []bool // for each open parenthesis: whether a SELECT has had no FROM yet
}

func (w *oracleWriter) piece(p string) {
	switch last := len(w.bare) - 1; strings.ToLower(p) {
	case "?":
		w.binds++
		p = ":" + strconv.Itoa(w.binds)
	case "(":
		w.bare = append(w.bare, false)
	case ")":
		w.endSelect(" from dual")
		w.bare = w.bare[:max(last, 1)]
	case "select":
		w.bare[last] = true
	case "from":
		w.bare[last] = false
	case "where", "union", "order", "group", ";":
		w.endSelect("from dual ")
	case "recursive":
		return
	}
	w.WriteString(p)
}

// endSelect gives the innermost SELECT the table that it lacks.
func (w *oracleWriter) endSelect(from string) {
	if last := len(w.bare) - 1; w.bare[last] {
		w.WriteString(from)
		w.bare[last] = false
	}
}

// rowsOf splits an INSERT of constant rows: what stands before VALUES, and what
// stands between each row's parentheses. Another text has no rows.
func rowsOf(query string) (head string, rows []string) {
	low := strings.ToLower(query)
	at := strings.Index(low, " values (")
	if !strings.HasPrefix(low, "insert into ") || at < 0 {
		return query, nil
	}
	depth, row := 0, ""
	for p := range pieces(query[at+len(" values "):]) {
		switch {
		case p == "(" && depth == 0:
			depth, row = 1, ""
			continue
		case p == ")" && depth == 1:
			depth, rows = 0, append(rows, row)
			continue
		case depth == 0 && p != "," && strings.TrimSpace(p) != "":
			return query, nil // it goes on behind the rows
		case p == "(":
			depth++
		case p == ")":
			depth--
		}
		row += p
	}
	return query[:at], rows
}

// pieces cuts a text into words, literals, quoted names, comments and single
// signs.
func pieces(query string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for query != "" {
			n := pieceLen(query)
			if !yield(query[:n]) {
				return
			}
			query = query[n:]
		}
	}
}

// pieceLen is the length of the first piece of a text that is not empty.
func pieceLen(s string) int {
	switch {
	case s[0] == '\'', s[0] == '"':
		return closing(s, 1, s[:1])
	case strings.HasPrefix(s, "--"):
		return closing(s, 2, "\n")
	case strings.HasPrefix(s, "/*"):
		return closing(s, 2, "*/")
	}
	n := 0
	for n < len(s) && isWord(s[n]) {
		n++
	}
	return max(n, 1)
}

// closing is the length of what begins in front of from and ends with end.
func closing(s string, from int, end string) int {
	if i := strings.Index(s[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(s)
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
