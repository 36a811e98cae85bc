// This file says the codes in words.

package cacheplan

import (
	"maps"
	"slices"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

var texts = map[string]string{
	WhyRoutine:               "it calls a routine that is not known to be pure",
	WhySchema:                "the schema, or what the server is, is not known: not yet, or not asked for, or it may have changed just now",
	WhyLong:                  "texts of more than 8 KiB are not remembered",
	WhyNotAsked:              "neither a hint nor a rule asks for it",
	"database-in-connection": "the database lives in its connection, and each connection has its own",
	WhyHint:                  "a hint in the statement forbids it",
	WhyRule:                  "a rule forbids it",
	WhyBadHint:               "its hint is not understood",
	WhyStrange:               "it names a table that the schema lacks, which may be the server's own, or was made lately",
}

// Codes returns the codes of texts, in alphabetical order, without those of package
// sqltext.
func Codes() []string { return slices.Sorted(maps.Keys(texts)) }

// Text returns what a code of Plan.Why means, in words; the code where there are
// none.
func Text(code string) string {
	if text, ok := texts[code]; ok {
		return text
	}
	if text, ok := sqltext.TextOf(code); ok {
		return text
	}
	return code
}

// String returns the effect's name.
func (e Effect) String() string {
	return [...]string{"leaves", "sets", "sets-locally", "unknown"}[e]
}
