// This file reads header fields from the command line, whose values are never shown.

package top

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

var fromEnv = regexp.MustCompile(`\benv:([A-Za-z_][A-Za-z0-9_]*)`)

// name is what RFC 9110 calls a token.
var name = regexp.MustCompile("^[0-9A-Za-z!#$%&'*+.^_`|~-]+$")

// ParseHeaders reads fields such as "Authorization: Bearer env:TOKEN", in which
// env:NAME stands for an environment variable. No error shows a value.
func ParseHeaders(lines []string, getenv func(string) string) (http.Header, error) {
	header := http.Header{}
	for _, line := range lines {
		key, value, found := strings.Cut(line, ":")
		if !found || !name.MatchString(key) {
			return nil, errors.New("--header wants a name, a colon and a value, such as 'Authorization: Bearer env:TOKEN'")
		}
		var missing string
		value = fromEnv.ReplaceAllStringFunc(strings.TrimSpace(value), func(ref string) string {
			text := getenv(strings.TrimPrefix(ref, "env:"))
			if text == "" {
				missing = strings.TrimPrefix(ref, "env:")
			}
			return text
		})
		if missing != "" {
			return nil, fmt.Errorf("--header %s: the environment variable %s is not set", key, missing)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return nil, fmt.Errorf("--header %s: the value has control characters", key)
		}
		header.Add(key, value)
	}
	return header, nil
}
