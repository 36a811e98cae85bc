// This file says the codes in words.

package catalog

import (
	"maps"
	"slices"
	"strings"
)

// codes are the reasons of Reads, Writes, Effects, Routine and Refuses.
var codes = map[string]string{
	"autocommit-off":    "autocommit is off on the server, so that a write may become visible later than its statement",
	"built-in-function": "a routine has the name of one that is built in, which a call may mean",
	"chained-commits":   "each COMMIT begins the next transaction on the server (completion_type=CHAIN), so that a write may become visible later than its statement",
	"dynamic-sql":       "a trigger, a rule or a routine runs texts that it puts together, which may change anything",
	"foreign-engine":    "the table's engine fetches its rows from elsewhere, or from tables that it does not name",
	"foreign-table":     "a foreign table: its rows are elsewhere, where others change them",
	"hidden-routine":    "the user may not see a routine or its text, which may do anything",
	"hidden-table":      "code, or a foreign key, names a table that the user may not see, behind which anything may hang",
	"hidden-triggers":   "the user may not see the table's triggers, which may do anything",
	"memory-table":      "a restart of the server empties the table",
	"opaque-function":   "a routine that is not proven to answer by its arguments and tables alone",
	"opaque-trigger":    "a trigger that is too long or names too much to be read",
	"opaque-view":       "the view's text is not a plain read, or cannot be read",
	"read-uncommitted":  "other sessions' uncommitted rows may be read",
	"remote":            "it reads through a link into another database",
	"row-security":      "a policy decides who sees which rows",
	"sequence":          "a sequence moves without a statement that names it, and no rollback takes that back",
	"session-function":  "a view, or a column's expression, reads the session",
	"standby":           "the server is a standby, which shows changes later than they were made",
	"system-table":      "a view or a synonym reads the server's own tables",
	"temporary-table":   "each session has rows of its own in it",
	"unknown-routine":   "a trigger, a rule or a routine calls one that is not known",
	"unlogged-table":    "a crash of the server empties the table",
	"user-cast":         "a cast of the user's own may call any function",
	"user-namesake":     "a function of the user's own has a name that other servers have built in, and is called in its place",
	"user-operator":     "an operator of the user's own may call any function",
	"user-order":        "an order of the user's own for a type calls a function wherever values are compared",
	"user-overload":     "a function of the user's own has the name of a built-in one, and may be called in its place",
	"user-type":         "a type of the user's own calls functions wherever a value of it is written or read",
	"virtual-column":    "a virtual column is computed anew by each query, by what may change",
	"virtual-table":     "a program decides what the table's rows are",
	"volatile-function": "a view calls a function that reads the clock or chance",
}

// Codes returns all codes, in alphabetical order.
func Codes() []string { return slices.Sorted(maps.Keys(codes)) }

// TextOf returns what a code means in words. What stands behind a colon in the
// code, the name of who is to blame, does not matter.
func TextOf(code string) (text string, ok bool) {
	code, _, _ = strings.Cut(code, ":")
	text, ok = codes[code]
	return text, ok
}
