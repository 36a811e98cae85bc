// This file reads libpq's key=value connection strings.

package dsn

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// libpqBlank returns what separates pairs: lib/pq takes all of Unicode's
// spaces, pgx and libpq itself only those of ASCII.
func libpqBlank(driver string) func(rune) bool {
	if driver == "postgres" {
		return unicode.IsSpace
	}
	return func(r rune) bool { return strings.ContainsRune(" \t\n\r\v\f", r) }
}

// scanLibpq finds the pairs of text.
func scanLibpq(text string, blank func(rune) bool) ([]pair, error) {
	var pairs []pair
	for at := skip(text, 0, blank); at < len(text); at = skip(text, at, blank) {
		p := pair{start: at}
		at = skip(text, at, func(r rune) bool { return r != '=' && !blank(r) })
		p.key = text[p.start:at]
		at = skip(text, at, blank)
		if at == len(text) || text[at] != '=' {
			return nil, errors.New(`a key has no "=" after it`)
		}
		var err error
		at = skip(text, at+1, blank)
		if p.value, at, err = libpqValue(text, at, blank); err != nil {
			return nil, err
		}
		p.end = at
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// libpqValue reads the value at text[at:] and returns it with the index behind
// it. A backslash takes the next character as it is, inside quotes and outside.
func libpqValue(text string, at int, blank func(rune) bool) (string, int, error) {
	quoted := at < len(text) && text[at] == '\''
	if quoted {
		at++
	}
	var value strings.Builder
	for at < len(text) {
		r, width := utf8.DecodeRuneInString(text[at:])
		if quoted && r == '\'' {
			return value.String(), at + 1, nil
		}
		if !quoted && blank(r) {
			break
		}
		if r == '\\' {
			at++
			_, width = utf8.DecodeRuneInString(text[at:])
		}
		value.WriteString(text[at : at+width])
		at += width
	}
	if quoted {
		return "", 0, errors.New("a quoted value has no end")
	}
	return value.String(), at, nil
}

// quoteLibpq writes a value so that scanLibpq reads it back.
func quoteLibpq(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// skip returns the index of the first rune at or behind at that is not one of them.
func skip(text string, at int, them func(rune) bool) int {
	for at < len(text) {
		r, width := utf8.DecodeRuneInString(text[at:])
		if !them(r) {
			break
		}
		at += width
	}
	return at
}
