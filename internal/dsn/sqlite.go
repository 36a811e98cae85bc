// This file reads SQLite's file names and file: URIs and translates sqlite: names into them.

package dsn

import (
	"errors"
	"strings"
)

// sqlitePlace follows modernc.org/sqlite: the first question mark, unless it is
// the first byte, begins the parameters. A DSN of options alone opens the
// nameless database.
func sqlitePlace(text string) place {
	mark := strings.IndexByte(text, '?')
	if mark == 0 && !isOption(text[1:]) {
		return place{start: -1}
	}
	return placeAfter(mark, len(text))
}

// isSQLite reports whether text is :memory: or a path with one of the usual endings.
func isSQLite(text string) bool {
	path, _, _ := strings.Cut(text, "?")
	if path == ":memory:" {
		return true
	}
	for _, ending := range []string{".db", ".sqlite", ".sqlite3"} {
		if len(path) > len(ending) && strings.HasSuffix(path, ending) {
			return true
		}
	}
	return false
}

// translateSQLite cuts off sqlite:, and of sqlite:///path also the two slashes
// of the empty host. Nothing is decoded.
func translateSQLite(text string) (string, error) {
	rest := strings.TrimPrefix(text, "sqlite:")
	if !strings.HasPrefix(rest, "//") {
		return rest, nil
	}
	if !strings.HasPrefix(rest, "///") {
		return "", errors.New("fluxor: sqlite:// is followed by a host, which SQLite has none of; write sqlite:app.db for a relative path, sqlite:///var/app.db for an absolute one")
	}
	return rest[len("//"):], nil
}
