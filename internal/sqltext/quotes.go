// This file reads what stands in quotes, and the parameters and operators whose look depends on the dialect.

package sqltext

import "strings"

// quoted reads up to the closing quote q; a doubled one stands for itself.
func (l *lexer) quoted(k kind, q byte, escapes bool) {
	if end := l.closing(l.pos+1, q, escapes); l.fault == OneRead {
		l.add(k, end)
	}
}

// closing is the end of the quotes that are open at i.
func (l *lexer) closing(i int, q byte, escapes bool) int {
	open := i - 1
	for ; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == 0:
			l.fail(Null, i)
			return i
		case (c == '\\' || c == '`') && l.trailing(i):
			l.fail(Charset, i)
			return i
		case c == '\\' && escapes:
			i++
		case c == q && i+1 < len(l.text) && l.text[i+1] == q:
			i++
		case c == q:
			return i + 1
		}
	}
	l.fail(Unterminated, open)
	return len(l.text)
}

// trailing reports whether the byte at i may be the second one of a character:
// in the character sets gbk, sjis, big5 and their like a backslash or a
// backquote may be. PostgreSQL converts a text before it reads it.
func (l *lexer) trailing(i int) bool {
	return l.d == MySQL && l.text[i-1] >= 0x80
}

// backquoted reads a name in backquotes.
func (l *lexer) backquoted() {
	if l.d != MySQL && l.d != SQLite {
		l.add(kindOp, l.pos+1)
		return
	}
	if l.pos > 0 && l.trailing(l.pos) {
		l.fail(Charset, l.pos)
		return
	}
	end := l.closing(l.pos+1, '`', false)
	if l.fault != OneRead {
		return
	}
	l.add(kindName, end)
}

// bracketed reads SQLite's name in brackets, in which nothing is escaped.
func (l *lexer) bracketed() {
	n := strings.IndexByte(l.text[l.pos:], ']')
	if n < 0 {
		l.fail(Unterminated, l.pos)
		return
	}
	l.add(kindName, l.pos+n+1)
}

// announced reads the quotes at q that the letters before them change the
// meaning of, and reports whether they do. Where not, the letters are a word:
// a type or a character set before a literal.
func (l *lexer) announced(q int) bool {
	letters := l.text[l.pos:q]
	switch {
	case l.d == PostgreSQL && strings.EqualFold(letters, "u") && l.text[q] == '&':
		return l.unicode(q)
	case l.text[q] != '\'':
		return false
	case l.d == PostgreSQL && strings.EqualFold(letters, "e"):
		l.escaped(q + 1)
		return true
	case l.d == Oracle && (strings.EqualFold(letters, "q") || strings.EqualFold(letters, "nq")):
		l.delimited(q)
		return true
	case len(letters) == 1 && strings.Contains(announcing[l.d], letters):
		if end := l.closing(q+1, '\'', l.r.single); l.fault == OneRead {
			l.add(kindString, end)
		}
		return true
	}
	return false
}

// announcing are the letters that make a literal of bits, of bytes or of the
// national character set.
var announcing = [dialects]string{PostgreSQL: "bBnNxX", MySQL: "bBnNxX", Oracle: "nN", SQLite: "xX"}

// unicode reads PostgreSQL's U&'...'. A name in U&"..." may be any, so the text
// cannot be judged.
func (l *lexer) unicode(amp int) bool {
	if amp+1 >= len(l.text) {
		return false
	}
	switch l.text[amp+1] {
	case '"':
		l.fail(Escaped, l.pos)
		return true
	case '\'':
		if end := l.closing(amp+2, '\'', false); l.fault == OneRead {
			l.add(kindString, end)
		}
		return true
	}
	return false
}

// escaped reads PostgreSQL's E'...', whose content begins at i. It goes on,
// with its backslashes, in quotes on a later line (scan.l, quotecontinue).
func (l *lexer) escaped(i int) {
	for {
		i = l.closing(i, '\'', true)
		if l.fault != OneRead {
			return
		}
		next := l.continued(i)
		if next < 0 {
			l.add(kindString, i)
			return
		}
		i = next
	}
}

// continued is where a literal that ended at i goes on: in quotes after blanks
// with a line's end and comments of lines; -1 where it does not.
func (l *lexer) continued(i int) int {
	line := false
	for ; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '\n' || c == '\r':
			line = true
		case blank(c):
		case c == '-' && strings.HasPrefix(l.text[i:], "--"):
			n := strings.IndexAny(l.text[i:], "\r\n")
			if n < 0 {
				return -1
			}
			i += n - 1
		case c == '\'' && line:
			return i + 1
		default:
			return -1
		}
	}
	return -1
}

// delimited reads Oracle's q'[...]' whose quote is at q.
func (l *lexer) delimited(q int) {
	if q+1 >= len(l.text) {
		l.fail(Unterminated, l.pos)
		return
	}
	closer := l.text[q+1]
	if closer >= 0x80 || blank(closer) {
		l.fail(Charset, q+1)
		return
	}
	if i := strings.IndexByte("[{<(", closer); i >= 0 {
		closer = "]}>)"[i]
	}
	n := strings.Index(l.text[q+2:], string(closer)+"'")
	if n < 0 {
		l.fail(Unterminated, l.pos)
		return
	}
	l.add(kindString, q+2+n+2)
}

// dollar reads PostgreSQL's $1 or $tag$...$tag$.
func (l *lexer) dollar() {
	end := l.digits(l.pos + 1)
	if end > l.pos+1 && l.text[l.pos+1] != '_' {
		l.add(kindParam, end)
		return
	}
	end = l.pos + 1
	for end < len(l.text) && (starts(l.text[end]) || digit(l.text[end])) {
		end++
	}
	if end >= len(l.text) || l.text[end] != '$' {
		l.add(kindOp, l.pos+1)
		return
	}
	tag := l.text[l.pos : end+1]
	n := strings.Index(l.text[end+1:], tag)
	if n < 0 {
		l.fail(Unterminated, l.pos)
		return
	}
	l.add(kindString, end+1+n+len(tag))
}

// parameter reads ?, ?1, :name, :1, @name or $name where the dialect has it, and
// reports whether it did. SQLite takes parentheses right after a name for a
// part of it, whatever they hold.
func (l *lexer) parameter(c byte) bool {
	end := l.nameEnd(l.pos + 1)
	switch {
	case c == '?' && l.d == SQLite:
		end = l.digits(l.pos + 1)
	case c == '?' && l.d != PostgreSQL:
		end = l.pos + 1
	case c == ':' && l.d == Oracle && digit(l.peek(1)):
		end = l.digits(l.pos + 1)
	case c == ':' && l.d == Oracle && end > l.pos+1:
	case (c == ':' || c == '@' || c == '$' || c == '#') && l.d == SQLite && end > l.pos+1:
		if end < len(l.text) && (l.text[end] == '(' || l.text[end] == ':') {
			l.fail(Odd, end)
			return true
		}
	default:
		return false
	}
	l.add(kindParam, end)
	return true
}

// byteSet is a set of ASCII characters.
type byteSet [2]uint64

func setOf(chars string) (s byteSet) {
	for i := range len(chars) {
		s[chars[i]>>6] |= 1 << (chars[i] & 63)
	}
	return s
}

func (s byteSet) has(c byte) bool { return c < 0x80 && s[c>>6]&(1<<(c&63)) != 0 }

var (
	postgresOps = setOf("+-*/<>=~!@#%^&|`?")
	// signsMay are the characters with one of which an operator may end in a
	// sign (scan.l, operator).
	signsMay = setOf("~!@#^&|`?%")
)

// postgresOp reads the longest operator: any run of its characters up to a
// comment, less signs at the end that belong to what follows. They are operators
// themselves, one by one, and the run is looked through only once.
func (l *lexer) postgresOp() {
	if l.pos >= l.run {
		l.measureRun()
	}
	l.add(kindOp, max(l.solid, l.pos+1))
}

// measureRun finds the end of the run of operators' characters at pos, and of
// the operator that it begins with.
func (l *lexer) measureRun() {
	end := l.pos
	for end < len(l.text) && postgresOps.has(l.text[end]) &&
		!strings.HasPrefix(l.text[end:], "--") && !strings.HasPrefix(l.text[end:], "/*") {
		end++
	}
	l.run = end
	if !strings.ContainsFunc(l.text[l.pos:end], func(r rune) bool { return signsMay.has(byte(r)) }) {
		for end > l.pos+1 && (l.text[end-1] == '+' || l.text[end-1] == '-') {
			end--
		}
	}
	l.solid = end
}
