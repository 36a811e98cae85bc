// This file reads Oracle's easy connect strings and TNS descriptors.

package dsn

import (
	"regexp"
	"strings"
	"unicode"
)

// asRole is the end of a DSN that asks for an administrative role.
var asRole = regexp.MustCompile(`(?i) as sys(dba|oper|asm|backup|dg|km|rac)\s*$`)

// oraclePlace finds what follows the last question mark outside quotes and
// parentheses, behind the @ and before a role: a password may hold one too.
func oraclePlace(text string) place {
	end := len(strings.TrimRightFunc(text, unicode.IsSpace)) // godror trims too
	if role := asRole.FindStringIndex(text); role != nil {
		end = role[0]
	}
	from := oracleUserEnd(text[:end])
	if from < 0 {
		return place{start: -1}
	}
	mark := -1
	for i := range outside(text[from:end], false) {
		if text[from+i] == '?' {
			mark = from + i
		}
	}
	return placeAfter(mark, end)
}

// oracleUserEnd returns the index behind user, password and @, 0 where the text
// is the connect string alone, or -1 where it has none.
func oracleUserEnd(text string) int {
	if isConnectAlone(text) {
		return 0
	}
	if at := oracleAt(text); at >= 0 {
		return at + 1
	}
	return -1
}

// isConnectAlone reports whether godror takes text, such as tcps://host/service,
// for a connect string without a user.
func isConnectAlone(text string) bool {
	scheme, _, ok := strings.Cut(strings.TrimLeftFunc(text, unicode.IsSpace), "://")
	return ok && !strings.ContainsFunc(scheme, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
}

// oracleAt returns the index of the last @ that neither a quote, a parenthesis
// behind the user nor a backslash hides, or -1. Where the quotes do not pair, as
// in a password with a single one, they hide nothing.
func oracleAt(text string) int {
	first := godrorAt(text)
	if first < 0 {
		return -1
	}
	if strings.Count(text, `"`)%2 != 0 {
		return strings.LastIndexByte(text, '@')
	}
	found := -1
	for i := range outside(text[first:], strings.Count(text[:first], `"`)%2 != 0) {
		if at := first + i; text[at] == '@' && text[at-min(at, 1)] != '\\' {
			found = at
		}
	}
	return found
}

// godrorAt returns the index of the @ that ends the password for godror: the
// first one without a backslash before it, quotes or not; -1 for none.
func godrorAt(text string) int {
	for i := range len(text) {
		if text[i] == '@' && (i == 0 || text[i-1] != '\\') {
			return i
		}
	}
	return -1
}

// outside yields the indices of text that are not inside double quotes or
// parentheses; quoted says that the text begins inside quotes. Quotes that do
// not pair hide nothing, nor does a parenthesis that nothing closes.
func outside(text string, quoted bool) func(yield func(int) bool) {
	pair := strings.Count(text, `"`)%2 == 1 == quoted
	return func(yield func(int) bool) {
		within := quoted && pair
		for i := 0; i < len(text); i++ {
			c := text[i]
			if c == '"' && pair {
				within = !within
				continue
			}
			if c == '(' && !within {
				if end := closing(text, i, pair); end > 0 {
					i = end
					continue
				}
			}
			if !within && !yield(i) {
				return
			}
		}
	}
}

// closing returns the index of the parenthesis that closes the one at text[at],
// or -1; quotes hide parentheses where they pair.
func closing(text string, at int, pair bool) int {
	depth, within := 0, false
	for i := at; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && pair:
			within = !within
		case within:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// cutOracle parts parameters at each & outside quotes and parentheses.
func cutOracle(params string) []string {
	var parts []string
	from := 0
	for i := range outside(params, false) {
		if params[i] == '&' {
			parts = append(parts, params[from:i])
			from = i + 1
		}
	}
	return append(parts, params[from:])
}

// bareNetwork can be a network of MySQL's as well as a host of Oracle's.
var bareNetwork = regexp.MustCompile(`@(tcp|unix)/[^/]*$`)

// isOracle reports whether text is user/password@connect or /@connect.
func isOracle(text string) bool {
	if strings.HasPrefix(text, "/@") {
		return len(text) > len("/@")
	}
	at := oracleAt(text)
	if at < 0 || at == len(text)-1 || isMySQL(text) && !bareNetwork.MatchString(text) {
		return false
	}
	slash := strings.IndexByte(text[:at], '/')
	return slash > 0 && !strings.HasPrefix(text, ".") && !strings.ContainsAny(text[:slash], ":?=")
}
