// This file knows which texts a database carries out whole or not at all, so that its error says that nothing took effect.

package gateway

import "regexp"

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

// failing is SQLite's clause that leaves the rows before the one that failed.
var failing = regexp.MustCompile(`\bor fail\b`)

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
	case kind == "sqlite" && facts.Code == "changes-tables":
		return !failing.MatchString(d.Fingerprint(text))
	case undivided[facts.Code]:
		return true
	}
	return (facts.Code == "unknown-statement" || facts.Code == "unknown-function" || facts.Code == "unknown-operator") && undividedVerbs[kind][facts.Verb]
}

// onlyReads reports whether a text is proven to change nothing.
func (l *lease) onlyReads(text string) bool {
	return text != "" && harmless[l.code(text)]
}

// tellsOfSent reports whether Fluxor sees what is sent to databases of a type, and
// says by an IndeterminateError where a statement that was left may have taken
// effect.
func tellsOfSent(dialect string) bool { return dialect == "postgres" || dialect == "mysql" }
