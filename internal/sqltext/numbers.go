// This file reads numbers, and MySQL's names that begin like one.

package sqltext

import "strings"

// number reads a number. It takes no letters but an exponent's and Oracle's
// suffix: 1FROM is a number and a word to some servers. MySQL's names may start
// with a digit.
func (l *lexer) number() {
	end := l.digits(l.pos)
	if l.d == MySQL && l.text[l.pos] != '.' && (l.ofDot() || end < len(l.text) && inName[l.d][l.text[end]]) {
		l.digitsAndLetters(end)
		return
	}
	if based := l.based(); based > end {
		l.add(kindNumber, based)
		return
	}
	if end < len(l.text) && l.text[end] == '.' && !(end+1 < len(l.text) && l.text[end+1] == '.') {
		end = l.digits(end + 1)
	}
	end = l.exponent(end)
	if l.d == Oracle && end < len(l.text) && (l.text[end]|0x20 == 'f' || l.text[end]|0x20 == 'd') {
		end++
	}
	l.add(kindNumber, end)
}

// based is where a number to another base than ten ends; pos where there is
// none. PostgreSQL has 0x1f, 0o17 and 0b11 since version 16, SQLite 0x1f.
func (l *lexer) based() int {
	if l.peek(0) != '0' || l.d != PostgreSQL && l.d != SQLite {
		return l.pos
	}
	digits := "_0123456789abcdefABCDEF"
	switch l.peek(1) | 0x20 {
	case 'x':
	case 'o':
		digits = "_01234567"
	case 'b':
		digits = "_01"
	default:
		return l.pos
	}
	end := l.pos + 2
	for end < len(l.text) && strings.IndexByte(digits, l.text[end]) >= 0 {
		end++
	}
	if end == l.pos+2 || l.d == SQLite && l.peek(1)|0x20 != 'x' {
		return l.pos
	}
	return end
}

// digitsAndLetters reads MySQL's token of digits up to end and letters behind
// them, as its lexer does (sql_lex.cc, MY_LEX_NUMBER_IDENT): 0x1f and 0b1 are
// numbers where nothing more of a name follows; 1e5 and 1e+5 whatever follows,
// so that a keyword may; all else is a name.
func (l *lexer) digitsAndLetters(end int) {
	name := l.nameEnd(l.pos)
	switch {
	case l.ofDot():
	case l.text[l.pos] == '0' && radix(l.text[l.pos:name]):
		l.add(kindNumber, name)
		return
	case l.exponent(end) > end:
		l.add(kindNumber, l.exponent(end))
		return
	}
	l.add(kindWord, name)
}

// ofDot reports whether the last token is a dot right before.
func (l *lexer) ofDot() bool { return l.afterDot() && l.text[l.pos-1] == '.' }

// afterDot reports whether the last token is a dot.
func (l *lexer) afterDot() bool {
	return len(l.toks) > 0 && l.toks[len(l.toks)-1].kind == kindDot
}

// digits is where the digits end that begin at i; some write groups of them
// with underscores between.
func (l *lexer) digits(i int) int {
	grouped := l.d == PostgreSQL || l.d == SQLite
	for i < len(l.text) && (digit(l.text[i]) || grouped && l.text[i] == '_') {
		i++
	}
	return i
}

// exponent is where the number ends that may have an exponent at i.
func (l *lexer) exponent(i int) int {
	if i >= len(l.text) || l.text[i]|0x20 != 'e' {
		return i
	}
	first := i + 1
	if first < len(l.text) && (l.text[first] == '+' || l.text[first] == '-') {
		first++
	}
	if first < len(l.text) && digit(l.text[first]) {
		return l.digits(first)
	}
	return i
}

// radix reports whether s is a number of MySQL's to the base of 16 or 2.
func radix(s string) bool {
	if len(s) < 3 {
		return false
	}
	switch s[1] {
	case 'x':
		return all(s[2:], func(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' })
	case 'b':
		return all(s[2:], func(c byte) bool { return c == '0' || c == '1' })
	}
	return false
}

func all(s string, fits func(byte) bool) bool {
	for i := range len(s) {
		if !fits(s[i]) {
			return false
		}
	}
	return true
}
