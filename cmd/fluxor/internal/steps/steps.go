// This file writes the commands that a report offers as next steps.

// Package steps writes commands for a shell, for the database that the command
// line named, and without its secrets.
package steps

import (
	"regexp"
	"strings"

	"github.com/fluxor-db/fluxor/internal/dsn"
)

// Database returns how further commands name the database of text, which the
// command line named by argument. Where that shows a secret they take the DSN
// from the environment; before is then the command that puts it there.
func Database(argument, text string) (name string, before []string) {
	if argument == text && dsn.Redact(text) != text {
		return "env:DSN", []string{"read -rs DSN && export DSN"}
	}
	return Quote(argument), nil
}

// plain needs no quotes in a shell.
var plain = regexp.MustCompile(`^[0-9A-Za-z_./:@%+=,-]+$`)

// Quote writes a word for a shell.
func Quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
