// This file finds the handler that an argument names.

package top

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/fluxor-db/fluxor/internal/dsn"
)

// usualPath is where docs/ADMIN.md mounts the handler.
const usualPath = "/debug/fluxor"

// Address is where a handler may be mounted.
type Address struct {
	base  url.URL
	paths []string // to be tried, in order
}

// ParseAddress reads what the command line names: a URL, with or without a
// scheme and a path. Its errors show no password.
func ParseAddress(text string) (Address, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Address{}, fmt.Errorf("the address is empty; want one such as http://localhost:6060%s", usualPath)
	}
	if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") {
		if strings.Contains(text, "://") || len(dsn.Recognize(text)) > 0 {
			return Address{}, fmt.Errorf("%s is no address of a program but a database's; want the URL under which a program serves the admin handler, "+
				"such as http://localhost:6060%s (fluxor doctor DSN examines a database)", concealed(text), usualPath)
		}
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return Address{}, fmt.Errorf("the address is no URL; want one such as http://localhost:6060%s", usualPath) // the error would quote it
	}
	return addressOf(*u), nil
}

// concealed is a DSN fit to be shown: only its scheme where nobody knows its
// form.
func concealed(text string) string {
	if len(dsn.Recognize(text)) > 0 {
		return dsn.Redact(text)
	}
	scheme, _, _ := strings.Cut(text, "://")
	return scheme + "://..."
}

// addressOf completes a URL. Without a path the handler may be at the root or
// where the documentation mounts it.
func addressOf(u url.URL) Address {
	if u.Hostname() == "" {
		u.Host = "localhost:" + u.Port()
	}
	u.RawQuery, u.Fragment, u.RawPath = "", "", ""
	path := strings.TrimRight(u.Path, "/")
	for _, end := range []string{"/api/state", "/api/events", "/api"} {
		path = strings.TrimSuffix(path, end)
	}
	paths := []string{path}
	if path == "" {
		paths = append(paths, usualPath)
	}
	return Address{base: u, paths: paths}
}

// page is the URL of an endpoint below the path that is tried.
func (a Address) page(path, endpoint string) *url.URL {
	u := a.base
	u.Path = path + endpoint
	return &u
}

// String is the address without a password.
func (a Address) String() string { return a.page(a.paths[0], "").Redacted() }
