// This file handles parameters of the kind key=value key=value.

package dsn

import (
	"strings"
	"unicode/utf8"

	"github.com/fluxor-db/fluxor/backend"
)

// pair is one key=value at text[start:end], its value unquoted.
type pair struct {
	start, end int
	key, value string
}

// scanner returns how the grammar's pairs are found, and which runes between
// two pairs may go together with one of them; nil for a grammar without pairs.
func (g Grammar) scanner() (scan func(string) ([]pair, error), blank func(rune) bool) {
	switch g.Form {
	case backend.FormLibpq:
		blank = libpqBlank(g.Driver)
		return func(text string) ([]pair, error) { return scanLibpq(text, blank) }, blank
	case backend.FormLogfmt:
		// A line break stays: between two pairs it tells godror that this is logfmt.
		return scanLogfmt, func(r rune) bool { return r == ' ' || r == '\t' }
	}
	return nil, nil
}

// takePairs takes the options out of pairs, each with one blank beside it. The
// blank before an option stays where the next pair begins right behind it.
func takePairs(text string, pairs []pair, blank func(rune) bool) (string, []Option) {
	var kept strings.Builder
	var options []Option
	from := 0
	for _, p := range pairs {
		if !isOption(p.key) {
			continue
		}
		options = append(options, Option{Key: p.key, Value: p.value})
		start, end := p.start, p.end
		before, width := utf8.DecodeLastRuneInString(text[from:start])
		after, next := utf8.DecodeRuneInString(text[end:])
		switch {
		case next > 0 && !blank(after):
		case width > 0 && blank(before):
			start -= width
		default:
			end += next
		}
		kept.WriteString(text[from:start])
		from = end
	}
	kept.WriteString(text[from:])
	return kept.String(), options
}

// joinPairs writes the options before native: a pair that stands last may have
// an empty value, which would swallow what follows.
func joinPairs(native string, options []Option, quote func(string) string) string {
	words := make([]string, 0, len(options)+1)
	for _, o := range options {
		words = append(words, o.Key+"="+quote(o.Value))
	}
	if native != "" {
		words = append(words, native)
	}
	return strings.Join(words, " ")
}
