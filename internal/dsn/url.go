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

// libpqURLPlace follows libpq, as pgx does: what stands before the end of the
// user may hold question marks; a # is an ordinary character; brackets around
// an IPv6 address hide what they hold.
func libpqURLPlace(text string) place {
	from := libpqUserEnd(text)
	if strings.HasPrefix(text[from:], "[") {
		from += max(0, strings.IndexByte(text[from:], ']'))
	}
	mark := strings.IndexByte(text[from:], '?')
	if mark >= 0 {
		mark += from
	}
	return placeAfter(mark, len(text))
}

// libpqUserEnd returns where the host begins: behind an @ that stands before
// the first slash.
func libpqUserEnd(text string) int {
	from := authority(text)
	if i := strings.IndexAny(text[from:], "@/"); i >= 0 && text[from+i] == '@' {
		from += i + 1
	}
	return from
}

// urlUserEnd returns where the host begins for net/url: behind the last @
// before the path, the query and the fragment.
func urlUserEnd(text string) int {
	from := authority(text)
	end := len(text)
	if i := strings.IndexAny(text[from:], "/?#"); i >= 0 {
		end = from + i
	}
	return from + strings.LastIndexByte(text[from:end], '@') + 1
}

// authority returns the index behind the scheme.
func authority(text string) int {
	if i := strings.Index(text, "://"); i >= 0 {
		return i + len("://")
	}
	return 0
}
