// This file finds the query of a URL the way net/url does and the way pgx does.

package dsn

import "strings"

// urlPlace follows net/url, which lib/pq and godror use: a # ends the URL, the
// first question mark begins the query.
func urlPlace(text string) place {
	end := len(text)
	if i := strings.IndexByte(text, '#'); i >= 0 {
		end = i
	}
	return placeAfter(strings.IndexByte(text[:end], '?'), end)
}

// libpqURLPlace follows libpq, as pgx does: an @ before the first slash ends
// the user and password, which may hold question marks; a # is an ordinary
// character; brackets around an IPv6 address hide what they hold.
func libpqURLPlace(text string) place {
	from := 0
	if i := strings.Index(text, "://"); i >= 0 {
		from = i + len("://")
	}
	if i := strings.IndexAny(text[from:], "@/"); i >= 0 && text[from+i] == '@' {
		from += i + 1
	}
	if strings.HasPrefix(text[from:], "[") {
		from += max(0, strings.IndexByte(text[from:], ']'))
	}
	mark := strings.IndexByte(text[from:], '?')
	if mark >= 0 {
		mark += from
	}
	return placeAfter(mark, len(text))
}
