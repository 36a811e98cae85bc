// This file knows which texts a database carries out whole or not at all, so that its error says that nothing took effect.

package gateway

import (
	"context"
	"regexp"

	"github.com/fluxor-db/fluxor/backend"
)

// undivided are the codes of texts of one statement that is undone where it fails.
var undivided = words(
	"one-read", "reads-clock", "reads-catalog", "changes-tables", "locking-read", "sequence", "session", "shows", "transaction", "empty",
	"assigns", "select-into",
)

// undividedVerbs are the first words of others, by the database's type. With MySQL a
// DROP of several tables drops those that it finds.
var undividedVerbs = map[string]map[string]bool{
	"postgres": words("SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "MERGE", "EXPLAIN", "CREATE", "ALTER", "DROP", "TRUNCATE"),
	"mysql":    words("CREATE", "ALTER", "TRUNCATE"),
	"sqlite":   words("SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "REPLACE", "EXPLAIN", "CREATE", "ALTER", "DROP"),
	"oracle":   words("CREATE", "ALTER", "DROP", "TRUNCATE"),
}

// divided are those among all of these that may leave a part, by the database's type:
// SQLite's clause that leaves the rows before the one that failed, indexes of
// PostgreSQL's that are made or dropped step by step, tables that MariaDB drops before it
// makes them anew, and accounts, of which MySQL makes and changes those that it can.
var divided = map[string]*regexp.Regexp{
	"sqlite":   regexp.MustCompile(`\bor fail\b`),
	"postgres": regexp.MustCompile(`\bconcurrently\b`),
	"mysql":    regexp.MustCompile(`^create or replace (temporary )?(table|sequence)\b|^(create|alter) (or replace )?(user|role)\b`),
}

// allOrNothing reports whether a text that the database refused changed nothing:
// it is one statement, and no call, block or statement that nobody knows. What has
// no text, such as a commit, is.
func (l *lease) allOrNothing(text string) bool {
	d, ok := l.db.(describer)
	if !ok {
		return text == ""
	}
	facts, kind := d.Describe(text), l.about.Type
	switch {
	case text == "":
		return true
	case facts.Count > 1:
		return false
	case l.partly || !harmless[facts.Code] && divided[kind] != nil && divided[kind].MatchString(d.Fingerprint(text)):
		return false
	case undivided[facts.Code]:
		return true
	}
	return (facts.Code == "unknown-statement" || facts.Code == "unknown-function" || facts.Code == "unknown-operator") && undividedVerbs[kind][facts.Verb]
}

// constraint is SQLite's code for a row that is not allowed.
const constraint = "19"

// leftRows reports whether rows of a statement that SQLite refused are there all the
// same: also a table's own clause, or a trigger, may say that those before the one that
// failed stay.
func (l *lease) leftRows(text string, err error) bool {
	if err == nil || l.about.Type != "sqlite" || l.conn == nil || !rowVerbs[l.verb(text)] || !backend.Names([]string{constraint}, l.about.Codes(err)) {
		return false
	}
	ctx, stop := context.WithTimeout(context.Background(), undoLimit)
	defer stop()
	defer l.aside()()
	some, answered := l.yes(ctx, "select changes() > 0")
	return some || !answered
}

// onlyReads reports whether a text is proven to change nothing.
func (l *lease) onlyReads(text string) bool {
	return text != "" && harmless[l.code(text)]
}

// tellsOfSent reports whether Fluxor sees what is sent to databases of a type, and
// says by an IndeterminateError where a statement that was left may have taken
// effect.
func tellsOfSent(dialect string) bool { return dialect == "postgres" || dialect == "mysql" }
