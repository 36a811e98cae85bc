// This file reads lists of names and matches names against patterns with stars.

package cacherules

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// anyFits reports whether a name fits one of the patterns.
func anyFits(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return fits(pattern, name) })
}

// fits reports whether a name is the pattern's, in which each star stands for
// any characters or none. What stands between two stars is taken where it first
// appears: that leaves the most for the rest.
func fits(pattern, name string) bool {
	head, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return name == pattern
	}
	name, ok := strings.CutPrefix(name, head)
	if !ok {
		return false
	}
	for {
		piece, behind, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(name, piece)
		}
		i := strings.Index(name, piece)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(piece):], behind
	}
}

// The names that are right, for errors.
const (
	wantPatterns = "write names of tables without their schemas, each once, with commas between them; * stands for any characters"
	wantTables   = "write names of tables without their schemas, each once, with commas between them"
	wantRoutines = "write names of routines as statements call them, each once, with commas between them; * stands for any characters"
)

// readNames splits a list at its commas and returns its names in lower case.
// None may be empty, stand twice, or have a character that cannot be printed or
// is one of those that are without.
func readNames(list, without, want string) ([]string, error) {
	var names []string
	for name := range strings.SplitSeq(strings.ToLower(list), ",") {
		name = strings.TrimSpace(name)
		if name == "" || slices.Contains(names, name) || strings.ContainsAny(name, without) || strings.ContainsFunc(name, unprintable) {
			return nil, errors.New(want)
		}
		names = append(names, name)
	}
	return names, nil
}

// unprintable reports whether r has no place in a name; it is [utf8.RuneError]
// where the list is not in UTF-8.
func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
