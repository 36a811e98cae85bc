// This file makes a fingerprint: the text without its literals, so that statements that differ in them alone count as one.

package sqltext

import (
	"bytes"
	"strings"
)

// Fingerprint returns text in one spelling: without comments, with single
// blanks, words in lower case, ? for every literal and parameter, and lists of
// them cut to "?, ...". A text that cannot be split ends in "..." where that
// shows, and one of Oracle's behind IDENTIFIED BY, because passwords are names
// there; of an unknown dialect, or longer than 4 MiB, it is its first word. It
// is to be read and compared, not to be run, and safe for concurrent use.
func Fingerprint(d Dialect, text string) string {
	if d == Unknown || d >= dialects || len(text) > maxText {
		return firstWord(text) + " ..."
	}
	toks, whole := likelyTokens(d, text)
	w := printer{text: text, strings: d == MySQL, out: make([]byte, 0, min(len(text), 1024))}
	for i, t := range toks {
		if w.token(t); d == Oracle && i > 0 && w.is(t, "by") && w.is(toks[i-1], "identified") {
			whole = false
			break
		}
	}
	if !whole {
		w.write("...", w.last.kind != kindOpen)
	}
	return string(bytes.TrimRight(w.out, ";"))
}

// likelyTokens splits a text by the first reading that can, and reports whether
// one could: where a literal ends too late in one, what follows it would be
// printed.
func likelyTokens(d Dialect, text string) (toks []token, whole bool) {
	readings := readingsOf(d, text)
	for _, r := range readings {
		l := lexer{d: d, r: r, text: text}
		if toks = l.tokens(); l.fault == OneRead {
			return toks, true
		}
	}
	if len(readings) > 1 {
		l := lexer{d: d, r: readings[0], text: text}
		toks = l.tokens()
	}
	return toks, false
}

// firstWord is the word that text begins with.
func firstWord(text string) string {
	text = strings.TrimLeft(text, " \t\r\n")
	end := 0
	for end < min(len(text), longestWord) && text[end] < 0x80 && starts(text[end]) {
		end++
	}
	return text[:end]
}

// printer writes tokens one after the other.
type printer struct {
	text    string
	strings bool // "..." is a literal, as MySQL has it
	out     []byte
	last    token
	open    []int // where in out the open parentheses begin
}

// is reports whether a token is a word, given in lower case.
func (w *printer) is(t token, word string) bool {
	return t.kind == kindWord && alike(word, w.text[t.start:t.end])
}

// token writes one token.
func (w *printer) token(t token) {
	written := w.text[t.start:t.end]
	if w.strings && t.kind == kindName && written[0] == '"' {
		t.kind = kindString
	}
	switch t.kind {
	case kindString, kindNumber, kindParam:
		w.literal(t)
	case kindOpen:
		w.write("(", w.spaced(t))
		w.open = append(w.open, len(w.out)-1)
	case kindClose:
		w.write(")", false)
		w.closed()
	case kindWord:
		if !digit(written[0]) { // 0B1 is a name to MySQL, 0b1 a number
			written = strings.ToLower(written)
		}
		w.write(written, w.spaced(t))
	default:
		w.write(written, w.spaced(t))
	}
	w.last = t
}

// spaced reports whether a blank comes before t.
func (w *printer) spaced(t token) bool {
	last := w.last
	switch {
	case t.kind == kindDot:
		return bytes.HasSuffix(w.out, []byte("..")) // three would be one token
	case t.kind == kindOp && w.text[t.start] == '.':
		return last.kind != kindOpen
	case last.kind == kindDot: // .0a would be a number and a name
		return t.kind == kindWord && digit(w.text[t.start]) && last.end != t.start
	case last.kind == kindOpen, t.kind == kindComma, t.kind == kindSemicolon:
		return false
	case t.kind == kindOpen && last.kind == kindWord:
		return last.is&(reserved|paren|soft) != 0
	case t.kind == kindOpen && last.kind == kindName:
		return false
	case t.kind == kindOp || last.kind == kindOp:
		// Two dashes and a blank would be a comment, and a sign belongs to what follows.
		return last.kind != t.kind || last.end != t.start || w.text[t.start] == '-' || w.text[t.start] == '+'
	}
	return true
}

// write appends s, after a blank where one is due.
func (w *printer) write(s string, blank bool) {
	if blank && len(w.out) > 0 {
		w.out = append(w.out, ' ')
	}
	w.out = append(w.out, s...)
}

// literal writes a value; of several in a row it writes one and dots.
func (w *printer) literal(t token) {
	switch {
	case bytes.HasSuffix(w.out, []byte("?, ...,")):
		w.out = w.out[:len(w.out)-1]
	case bytes.HasSuffix(w.out, []byte("?,")):
		w.write("...", true)
	default:
		w.write("?", w.spaced(t))
	}
}

// closed looks at the parentheses just closed: of several alike in a row it
// keeps one and dots.
func (w *printer) closed() {
	if len(w.open) == 0 {
		return
	}
	start := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	group, before := w.out[start:], w.out[:start]
	if rest, ok := bytes.CutSuffix(before, []byte(", ..., ")); ok && bytes.HasSuffix(rest, group) {
		w.out = append(rest, ", ..."...)
	} else if rest, ok := bytes.CutSuffix(before, []byte(", ")); ok && bytes.HasSuffix(rest, group) {
		w.out = append(rest, ", ..."...)
	}
}
