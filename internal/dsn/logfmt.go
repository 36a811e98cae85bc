// This file reads the logfmt that godror takes: key="value" key=value.

package dsn

import (
	"encoding/json"
	"errors"
	"strings"
)

// scanLogfmt finds the pairs of text. Any byte up to the space separates them;
// a key alone is a pair too.
func scanLogfmt(text string) ([]pair, error) {
	space := func(r rune) bool { return r <= ' ' }
	var pairs []pair
	for at := skip(text, 0, space); at < len(text); at = skip(text, at, space) {
		p := pair{start: at}
		at = skip(text, at, func(r rune) bool { return r > ' ' && r != '=' && r != '"' })
		p.key = text[p.start:at]
		if p.key == "" || strings.HasPrefix(text[at:], `"`) {
			return nil, errors.New("a key is missing or has a quote in it")
		}
		if strings.HasPrefix(text[at:], "=") {
			var err error
			if p.value, at, err = logfmtValue(text, at+1); err != nil {
				return nil, err
			}
		}
		p.end = at
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// logfmtValue reads the value at text[at:] and returns it with the index behind it.
func logfmtValue(text string, at int) (string, int, error) {
	if strings.HasPrefix(text[at:], `"`) {
		return logfmtQuoted(text, at)
	}
	end := skip(text, at, func(r rune) bool { return r > ' ' && r != '=' && r != '"' })
	if end < len(text) && text[end] > ' ' {
		return "", 0, errors.New(`a value with "=" or a quote in it is not in double quotes`)
	}
	return text[at:end], end, nil
}

// logfmtQuoted reads the quoted value that begins at text[at], with the
// escapes of JSON and \'.
func logfmtQuoted(text string, at int) (string, int, error) {
	for end := at + 1; end < len(text) && text[end] != '\n'; end++ {
		switch text[end] {
		case '\\':
			end++
		case '"':
			value, err := unquoteLogfmt(text[at : end+1])
			return value, end + 1, err
		}
	}
	return "", 0, errors.New("a quoted value has no end on its line")
}

// unquoteLogfmt decodes a value together with its quotes. Without an escape it
// is taken as it is, whatever bytes it has.
func unquoteLogfmt(quoted string) (string, error) {
	if !strings.Contains(quoted, `\`) {
		return quoted[1 : len(quoted)-1], nil
	}
	var value string
	if err := json.Unmarshal([]byte(strings.NewReplacer(`\\`, `\\`, `\'`, `'`).Replace(quoted)), &value); err != nil {
		return "", errors.New("a quoted value has an unknown escape")
	}
	return value, nil
}

// quoteLogfmt writes a value so that scanLogfmt reads it back.
func quoteLogfmt(value string) string {
	var quoted strings.Builder
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // a string always encodes, into memory
	return strings.TrimSuffix(quoted.String(), "\n")
}
