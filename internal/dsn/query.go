// This file handles parameters of the kind ?a=1&b=2.

package dsn

import (
	"errors"
	"net/url"
	"strings"
)

// place is where a DSN keeps its parameters: text[start:end]. Without the mark,
// a question mark before start, there are none yet and start is where they
// would go; start is -1 where the DSN has no such place.
type place struct {
	start, end int
	marked     bool
}

// placeAfter is the place behind the question mark at index mark, or at the end
// of the text where mark is negative.
func placeAfter(mark, end int) place {
	if mark < 0 {
		return place{start: end, end: end}
	}
	return place{start: mark + 1, end: end, marked: true}
}

// takeQuery takes the options out of the parameters at p.
func takeQuery(text string, p place, cut func(string) []string) (string, []Option, error) {
	if !p.marked {
		return text, nil, nil
	}
	var kept []string
	var options []Option
	for _, param := range cut(text[p.start:p.end]) {
		key, raw, _ := strings.Cut(param, "=")
		if !isOption(key) {
			kept = append(kept, param)
			continue
		}
		value, err := url.QueryUnescape(raw)
		if err != nil {
			return "", nil, errors.New("fluxor: option " + ShowKey(key) + ": its value has a % without two hexadecimal digits after it; a percent sign itself is written %25")
		}
		options = append(options, Option{Key: key, Value: value})
	}
	if len(options) == 0 {
		return text, nil, nil
	}
	if len(kept) == 0 {
		return text[:p.start-1] + text[p.end:], options, nil
	}
	return text[:p.start] + strings.Join(kept, "&") + text[p.end:], options, nil
}

// joinQuery adds the options to the parameters at p.
func joinQuery(native string, p place, options []Option) string {
	if p.start < 0 {
		return native
	}
	params := make([]string, len(options))
	for i, o := range options {
		params[i] = o.Key + "=" + url.QueryEscape(o.Value)
	}
	mark := "?"
	if p.marked {
		mark = "&"
	}
	return native[:p.end] + mark + strings.Join(params, "&") + native[p.end:]
}

// genericPlace serves a driver whose grammar nobody declared: the query of a
// URL, otherwise what follows the last question mark.
func genericPlace(text string) place {
	if strings.Contains(text, "://") {
		return urlPlace(text)
	}
	return placeAfter(strings.LastIndexByte(text, '?'), len(text))
}
