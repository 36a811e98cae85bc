// This file reads the hints in a text's comments that say whether and how its answer is cached.

package sqltext

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// hintMark begins a hint.
const hintMark = "fluxor:"

// Hint is what a comment of a text asks of the query cache. The zero Hint is
// that of a text without one.
type Hint struct {
	// Cache is true for fluxor:cache, NoCache for fluxor:nocache.
	Cache, NoCache bool
	// Terms are what stands behind fluxor:cache.
	Terms
}

// String writes the hint as [HintOf] reads it; "" for none.
func (h Hint) String() string {
	switch {
	case h.NoCache:
		return hintMark + "nocache"
	case h.Cache:
		return strings.TrimRight(hintMark+"cache "+h.Terms.String(), " ")
	}
	return ""
}

// span is a part of a text.
type span struct{ start, end int }

// HintOf returns the hint in a text of dialect d:
//
//	/* fluxor:cache ttl=30s rows=500 tags=a,b stale_if_error=1m swr=10s */
//	-- fluxor:nocache
//
// It is a comment of the dialect, wherever it stands, and it has the comment to
// itself: blanks are all that may come before it. What looks like one in a
// literal, in a name or in the midst of a comment is none. A text that cannot be
// split, which no cache takes, has no hint.
//
// The error is for a hint that cannot be obeyed: a word or value that is not
// known, two hints, or a comment that is part of a literal under other settings
// of the session. It names the byte, counted from 0, and what would be right;
// the Hint is then zero, and the text is better not cached. HintOf is safe for
// concurrent use.
func HintOf(d Dialect, text string) (Hint, error) {
	if !strings.Contains(text, hintMark) || d == Unknown || d >= dialects || len(text) > maxText {
		return Hint{}, nil
	}
	found, err := hintsOf(d, text)
	switch {
	case err != nil || len(found) == 0:
		return Hint{}, err
	case len(found) > 1:
		return Hint{}, hintError(text, found[1], errTwoHints.Error())
	}
	return parseHint(text, found[0])
}

// hintsOf finds the hints of a text, each from its mark to its comment's end. A
// reading in which a quote does not end is left out: the server refuses it.
func hintsOf(d Dialect, text string) (found []span, err error) {
	readings := 0
	for _, r := range readingsOf(d, text) {
		l := lexer{d: d, r: r, text: text, hears: true}
		l.tokens()
		switch {
		case l.fault == Unterminated:
			continue
		case l.fault != OneRead:
			return nil, nil
		case readings > 0 && !slices.Equal(found, l.heard):
			return nil, hintError(text, odd(found, l.heard), "the session's settings for quotes decide whether this is a comment; write the hint before the literals")
		}
		found = l.heard
		readings++
	}
	return found, nil
}

// odd is a span that only one of two different lists has.
func odd(one, other []span) span {
	for _, s := range one {
		if !slices.Contains(other, s) {
			return s
		}
	}
	return odd(other, one)
}

// hear notes the comment that began at start, behind whose opening mark a hint
// may stand, and ends at pos.
func (l *lexer) hear(start int, opening string) {
	if !l.hears || l.fault != OneRead {
		return
	}
	s := span{start + len(opening), l.pos}
	if opening == "/*" {
		s.end = s.start + len(strings.TrimSuffix(l.text[s.start:s.end], "*/")) // SQLite's last one may lack it
	}
	for s.start < s.end && blank(l.text[s.start]) {
		s.start++
	}
	if strings.HasPrefix(l.text[s.start:s.end], hintMark) {
		l.heard = append(l.heard, s)
	}
}

// parseHint reads the hint at a place.
func parseHint(text string, at span) (h Hint, err error) {
	word, rest := nextWord(text, at)
	switch text[word.start:word.end] {
	case hintMark + "cache":
		h.Cache = true
	case hintMark + "nocache":
		h.NoCache = true
	default:
		return Hint{}, hintError(text, word, "known are fluxor:cache and fluxor:nocache")
	}
	for {
		if word, rest = nextWord(text, rest); word.start == word.end {
			return h, nil
		}
		switch key, value, _ := strings.Cut(text[word.start:word.end], "="); {
		case strings.HasPrefix(key, hintMark):
			err = errTwoHints
		case h.NoCache:
			err = errors.New("nothing follows fluxor:nocache")
		default:
			err = h.Set(key, value)
		}
		if err != nil {
			return Hint{}, hintError(text, word, err.Error())
		}
	}
}

// nextWord is the first word in a span, empty where there is none, and what
// stands behind it.
func nextWord(text string, in span) (word, rest span) {
	for in.start < in.end && blank(text[in.start]) {
		in.start++
	}
	end := in.start
	for end < in.end && !blank(text[end]) {
		end++
	}
	return span{in.start, end}, span{end, in.end}
}

var errTwoHints = errors.New("a text has one hint")

// hintError is the error for the word at a place.
func hintError(text string, at span, want string) error {
	at, _ = nextWord(text, at)
	return fmt.Errorf("fluxor: the hint is not obeyed because of %.40q at byte %d: %s", text[at.start:at.end], at.start, want)
}
