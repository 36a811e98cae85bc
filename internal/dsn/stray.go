// This file finds what looks like one of Fluxor's options where the driver would take it for its own.

package dsn

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
)

// ErrAmbiguous is returned where a ? or # makes it uncertain what belongs to
// the password. It quotes nothing of the DSN.
var ErrAmbiguous = errors.New("fluxor: percent-encode ? and # in the password of a URL (%3F and %23), and an @ in a parameter (%40): as the DSN stands, an option may be part of the password")

// errOracleAt is ErrAmbiguous for easy connect strings.
const errOracleAt = Constant(`fluxor: write an @ of the password as \@, or the DSN as user="u" password="p" connectString="host/service": as it stands, an option may be part of the password`)

// errStray is returned for an option outside the parameters. A driver would
// send it to the server, together with whatever it takes for its key.
var errStray = errors.New("fluxor: a fluxor_ option stands where the driver reads no parameters; write it behind ? and between & in a DSN that has its parameters there, and as a word of its own among key=value words")

var (
	// optionLike is a parameter of Fluxor's wherever it stands.
	optionLike = regexp.MustCompile(`(?i)[?&;,#]\s*(amp;)?` + Prefix)
	// before an @, a parameter can be part of a password.
	beforeAt = regexp.MustCompile(`(?is)[?&]` + Prefix + `.*@`)
	// behind another grammar's separator, an option is misplaced.
	misplaced = regexp.MustCompile(`(?i)[;?&,#]\s*` + Prefix + `\w*=`)
	// secret are the parameters that may hold any text.
	secret = regexp.MustCompile(`(?i)pass|pwd|secret|token|key`)
)

// Doubtful reports whether what looks like an option in text may be part of a
// password, so that no error must show it.
func Doubtful(text string) bool {
	return beforeAt.MatchString(text) || Grammar{}.ambiguous(text)
}

// ambiguous reports whether text is a URL in which net/url and libpq find the
// parameters in different places.
func (g Grammar) ambiguous(text string) bool {
	byNetURL := g.Form == backend.FormURL && !g.isPGX() || g.Form == backend.FormUnknown && strings.Contains(text, "://")
	return byNetURL && urlPlace(text) != libpqURLPlace(text)
}

// mentions reports whether text has the prefix of the options anywhere, also
// percent-encoded.
func mentions(text string) bool {
	return strings.Contains(strings.ToLower(text), Prefix) || strings.Contains(strings.ToLower(decoded(text)), Prefix)
}

// strayPair reports whether one of the pairs that are no options looks like one.
func strayPair(pairs []pair) bool {
	return slices.ContainsFunc(pairs, func(p pair) bool {
		return !isOption(p.key) && (mentions(p.key) || !secret.MatchString(p.key) && misplaced.MatchString(p.value))
	})
}

// stray reports whether native, out of which the options were taken, has what
// looks like one behind the user and password.
func (g Grammar) stray(native string) bool {
	p, from := g.place(native), g.userEnd(native)
	if g.Form == backend.FormOracle {
		native = native[:from] + masked(native[from:])
		if optionLike.MatchString(native[from:]) {
			return true // also without a value: Oracle's client would see it
		}
	}
	if !p.marked {
		return misplaced.MatchString(native[from:])
	}
	if from < p.start && misplaced.MatchString(native[from:p.start]) || misplaced.MatchString(native[p.end:]) {
		return true
	}
	return slices.ContainsFunc(strings.Split(native[p.start:p.end], "&"), func(param string) bool {
		key, value, _ := strings.Cut(param, "=")
		return mentions(key) || !secret.MatchString(key) && misplaced.MatchString(value)
	})
}

// userEnd returns the index behind the user and password, which may hold any
// text.
func (g Grammar) userEnd(text string) int {
	switch g.Form {
	case backend.FormURL:
		if g.isPGX() {
			return libpqUserEnd(text)
		}
		return urlUserEnd(text)
	case backend.FormMySQL:
		return strings.LastIndexByte(text[:max(0, strings.LastIndexByte(text, '/'))], '@') + 1
	case backend.FormOracle:
		return max(0, oracleUserEnd(text))
	case backend.FormSQLite:
		return 0
	}
	if strings.Contains(text, "://") {
		return urlUserEnd(text)
	}
	return max(0, strings.LastIndexByte(text, '?'))
}

// masked returns text with a blank for each byte inside quotes or parentheses.
func masked(text string) string {
	shown := []byte(strings.Repeat(" ", len(text)))
	for i := range outside(text, false) {
		shown[i] = text[i]
	}
	return string(shown)
}

// decoded returns text with its percent-encodings resolved where they are
// well-formed.
func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return encoding.ReplaceAllStringFunc(text, func(code string) string {
		plain, _ := url.PathUnescape(code) // two hexadecimal digits always decode
		return plain
	})
}

var encoding = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
