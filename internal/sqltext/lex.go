// This file splits a text into tokens, by the rules of its dialect and of one reading of its quotes.

package sqltext

import "strings"

// kind is what a token is.
type kind uint8

const (
	kindWord   kind = iota // a keyword or a name without quotes
	kindName               // a name in quotes
	kindString             // a literal in quotes
	kindNumber
	kindParam // ?, $1, :name, @name
	kindOp    // operators and all that is left
	kindOpen
	kindClose
	kindComma
	kindDot
	kindSemicolon
)

// token is a piece of a text. For a word, is tells what the dialect knows of
// it.
type token struct {
	kind       kind
	is         word
	start, end int32
}

// reading is how the server's settings have it read backslashes.
type reading struct {
	single bool // a backslash escapes in '...'
	double bool // and in "..."
}

// readingsOf returns the readings to look at, the usual one first. They differ
// only where a backslash stands before a quote.
func readingsOf(d Dialect, text string) []reading {
	switch d {
	case PostgreSQL:
		if escapesQuote(text, false) {
			return postgresReadings
		}
		return postgresReadings[:1]
	case MySQL:
		if escapesQuote(text, true) {
			return mysqlReadings
		}
		return mysqlReadings[:1]
	}
	return plainReading
}

var (
	plainReading = []reading{{}}
	// standard_conforming_strings on, off.
	postgresReadings = []reading{{}, {single: true}}
	// No mode, ANSI_QUOTES, NO_BACKSLASH_ESCAPES.
	mysqlReadings = []reading{{single: true, double: true}, {single: true}, {}}
)

// escapesQuote reports whether a backslash stands before a quote.
func escapesQuote(text string, double bool) bool {
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return false
		}
		if text = text[i+1:]; text[0] == '\'' || double && text[0] == '"' {
			return true
		}
	}
}

// lexer walks over a text.
type lexer struct {
	d     Dialect
	r     reading
	text  string
	pos   int
	toks  []token
	fault Reason // why the text cannot be split; OneRead while it can
	at    int    // where the fault is

	run, solid int // where PostgreSQL's present run of operators ends, and its first operator

	hears bool   // whether hints are looked for
	heard []span // the comments that are hints
}

// tokens splits the text. On a fault it returns what it has.
func (l *lexer) tokens() []token {
	for l.fault == OneRead && l.skip() {
		l.one()
	}
	return l.toks
}

// fail notes that the text cannot be split.
func (l *lexer) fail(why Reason, at int) { l.fault, l.at = why, at }

// peek returns the byte i bytes on; 0 after the end.
func (l *lexer) peek(i int) byte {
	if l.pos+i < len(l.text) {
		return l.text[l.pos+i]
	}
	return 0
}

// add appends a token that ends before end and goes on there.
func (l *lexer) add(k kind, end int) {
	l.toks = append(l.toks, token{kind: k, start: int32(l.pos), end: int32(end)}) //nolint:gosec // maxText bounds both
	l.pos = end
}

// skip goes on to the next token, over blanks and comments, and reports
// whether there is one.
func (l *lexer) skip() bool {
	for l.fault == OneRead && l.pos < len(l.text) {
		start := l.pos
		switch c := l.text[l.pos]; {
		case blank(c):
			l.pos++
		case c == bom[0] && l.d == SQLite && strings.HasPrefix(l.text[l.pos:], bom):
			l.pos += len(bom)
		case c == '-' && l.peek(1) == '-' && (l.d != MySQL || l.dashesComment()):
			l.skipLine()
			l.hear(start, "--")
		case c == '#' && l.d == MySQL:
			l.skipLine()
			l.hear(start, "#")
		case c == '/' && l.peek(1) == '*':
			l.skipBlock()
			l.hear(start, "/*")
		default:
			return true
		}
	}
	return false
}

// bom is the byte order mark, which SQLite takes for a blank.
const bom = "\ufeff"

// blank reports whether c separates tokens.
func blank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// dashesComment is MySQL's rule: two dashes are a comment only before a blank,
// a control character or the end. What is one above ASCII, the session's
// character set says.
func (l *lexer) dashesComment() bool {
	if l.peek(2) >= 0x80 {
		l.fail(Charset, l.pos)
	}
	return l.peek(2) <= ' ' || l.peek(2) == 0x7f
}

// skipLine skips a comment of one line. Whether a carriage return ends Oracle's
// is not known.
func (l *lexer) skipLine() {
	for ; l.pos < len(l.text) && l.text[l.pos] != '\n'; l.pos++ {
		switch c := l.text[l.pos]; {
		case c == '\r' && l.d == PostgreSQL:
			return
		case c == '\r' && l.d == Oracle && l.peek(1) != '\n':
			l.fail(Odd, l.pos)
			return
		case c == 0:
			l.fail(Null, l.pos)
			return
		}
	}
}

// skipBlock skips a comment with an end. PostgreSQL's contain others, SQLite's
// last one may lack its end, MySQL, MariaDB and TiDB run some.
func (l *lexer) skipBlock() {
	start := l.pos
	l.pos += 2
	if l.d == MySQL && (l.peek(0) == '!' || (l.peek(0) == 'M' || l.peek(0) == 'T') && l.peek(1) == '!') {
		l.fail(Conditional, start)
		return
	}
	for depth := 1; l.pos < len(l.text); {
		switch c := l.text[l.pos]; {
		case c == 0:
			l.fail(Null, l.pos)
			return
		case c == '*' && l.peek(1) == '/':
			l.pos += 2
			if depth--; depth == 0 {
				return
			}
		case c == '/' && l.peek(1) == '*' && l.d == PostgreSQL:
			l.pos += 2
			depth++
		default:
			l.pos++
		}
	}
	if l.d != SQLite {
		l.fail(Unterminated, start)
	}
}

// one reads the token at pos.
func (l *lexer) one() {
	c := l.text[l.pos]
	switch {
	case c == 0:
		l.fail(Null, l.pos)
	case starts(c), c == '$' && l.d == MySQL:
		l.word()
	case digit(c), c == '.' && digit(l.peek(1)) && !l.afterName():
		l.number()
	default:
		l.mark(c)
	}
}

// mark reads a token that begins with neither a letter nor a digit.
func (l *lexer) mark(c byte) {
	switch c {
	case '\'':
		l.quoted(kindString, c, l.r.single)
	case '"':
		l.quoted(kindName, c, l.d == MySQL && l.r.double)
	case '`':
		l.backquoted()
	case '(':
		l.add(kindOpen, l.pos+1)
	case ')':
		l.add(kindClose, l.pos+1)
	case ',':
		l.add(kindComma, l.pos+1)
	case '.':
		if strings.HasPrefix(l.text[l.pos:], "...") {
			l.add(kindOp, l.pos+3) // a fingerprint's
			return
		}
		l.add(kindDot, l.pos+1)
	case ';':
		l.add(kindSemicolon, l.pos+1)
	default:
		l.markOf(c)
	}
}

// markOf is mark for what the dialects differ in.
func (l *lexer) markOf(c byte) {
	switch {
	case c == '[' && l.d == SQLite:
		l.bracketed()
	case c == '$' && l.d == PostgreSQL:
		l.dollar()
	case l.parameter(c):
	case l.d == PostgreSQL && postgresOps.has(c):
		l.postgresOp()
	default:
		l.add(kindOp, l.pos+1)
	}
}

// afterName reports whether the last token is a name of MySQL's without quotes,
// so that a dot joins another one to it, which may begin with a digit.
func (l *lexer) afterName() bool {
	if len(l.toks) == 0 || l.d != MySQL {
		return false
	}
	last := l.toks[len(l.toks)-1]
	return int(last.end) == l.pos && last.kind == kindWord
}

// starts reports whether a name may start with c.
func starts(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// inName are the characters that a name goes on with.
var inName = func() (in [dialects][256]bool) {
	for d := range dialects {
		for c := range in[d] {
			in[d][c] = starts(byte(c)) || digit(byte(c)) || c == '$' || c == '#' && d == Oracle
		}
	}
	return in
}()

// nameEnd is where the name ends that goes on at i. Above ASCII some character
// sets have blanks, so that MySQL and Oracle may end it sooner.
func (l *lexer) nameEnd(i int) int {
	for in := &inName[l.d]; i < len(l.text) && in[l.text[i]]; i++ {
		if c := l.text[i]; c >= 0x80 && (l.d == Oracle || l.d == MySQL && blankSomewhere(c)) {
			l.fail(Charset, i)
		}
	}
	return i
}

// blankSomewhere reports whether a byte is a blank in a character set of MySQL's
// that has one byte for each character: the no-break space of ISO 8859 and of
// Windows, KOI8, Macintosh and DOS (MySQL, sql/share/charsets). In those with
// more bytes a character above ASCII is always a part of a name.
func blankSomewhere(c byte) bool { return c == 0xa0 || c == 0x9a || c == 0xca || c == 0xff }

// word reads a name, or the quotes that a letter before them announces.
func (l *lexer) word() {
	end := l.nameEnd(l.pos)
	if end < len(l.text) && (l.text[end] == '\'' || l.text[end] == '&') && l.announced(end) {
		return
	}
	is := lookup(l.d, l.text[l.pos:end])
	if l.afterDot() {
		is &= dotted[l.d]
	}
	l.add(kindWord, end)
	l.toks[len(l.toks)-1].is = is
}

// dotted is what may be true of a word behind a dot, where any word is a name:
// a type, or a sequence's value without parentheses, which MariaDB has in
// Oracle's mode.
var dotted = [dialects]word{PostgreSQL: regtype, MySQL: draws | bare, Oracle: draws | session | bare}
