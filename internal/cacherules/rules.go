// This file declares rules and finds the one that a statement or a routine falls under.

// Package cacherules reads the rules that say which statements the query cache
// keeps, and what the database's routines do.
//
// A text holds rules with semicolons between them, a rule words with blanks
// between them. The first rule that fits decides.
//
//	table=orders,customers ttl=10s rows=200;
//	statement="^select .* from rates" ttl=5m tags=rates;
//	table=*_log off;
//	routine=pkg.get_rate pure reads=rates;
//	routine=pkg.book writes=orders,items;
//	routine=pkg.note neutral
//
// Rules for statements:
//
//   - table=a,b* fits where the statement has tables and each of them is one of
//     these. A name is without its schema; * stands for any characters.
//   - statement="..." fits where the regular expression (package regexp) matches
//     the statement's fingerprint: in lower case, ? for literals, no comments.
//     A rule with table= too fits where both do.
//   - off: such statements are not kept. Beside it, table= fits where one of the
//     statement's tables is one of these.
//   - ttl=30s rows=500 tags=a,b stale_if_error=1m swr=10s: the terms, those of a
//     hint; what is not said is as the connector's options say.
//
// Rules for routines, which the database alone knows, are promises:
//
//   - routine=pkg.get_rate,pkg.is_* names functions and procedures as statements
//     call them, with a package or schema where that is written. A name without a
//     dot is also that of a routine which is called with a package or schema.
//   - pure: it changes nothing, and its result hangs on its arguments and on the
//     tables of reads= alone, so that a query that calls it may be kept.
//   - writes=a,b: a call changes these tables and what hangs on them by triggers and
//     foreign keys, and no others; and it ends no transaction that began before it.
//   - neutral: a call leaves the session as it was, and the transaction that it is
//     in. A pure routine does that too. Where nothing else is said, the schema says
//     what it changes, and without that it may be anything.
//
// Names are in lower case whatever the text has. A value with a blank, a
// semicolon or a quote in it stands in quotes, "..." or '...'; within them the
// quote itself is written twice and everything else is as it is.
//
// In a DSN the rules are a value like any other. Where parameters follow a
// question mark (URLs, go-sql-driver, easy connect, file names), write % as %25,
// & as %26, + as %2B and # as %23; for go-sql-driver also / as %2F, and in an easy
// connect string @ as %40, ? as %3F, parentheses as %28 and %29 and a line break as
// %0A. Blanks, semicolons, quotes, =, * and ^ may stand as they are. Among
// key=value words the value stands in that grammar's quotes: '...' with \' and \\
// for libpq, "..." with \" and \\ for godror.
package cacherules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// Rules are in the order in which they were written. They are immutable and
// safe for concurrent use. The zero value has none.
type Rules struct {
	list []Rule
}

// Rule is one rule. Its slices belong to the [Rules] and must not be changed.
type Rule struct {
	// Tables are the patterns of table=, Statement is the regular expression of
	// statement=, Routines are the patterns of routine=. A rule with Routines has
	// neither of the others.
	Tables    []string
	Statement string
	Routines  []string

	// Off is true where such statements are not kept; else Terms say how they
	// are.
	Off bool
	sqltext.Terms

	// Pure, Neutral, Reads and Writes are what the routines do. Where neither
	// Pure is true nor Writes is set, the database knows what they change, or nobody.
	Pure, Neutral bool
	Reads, Writes []string

	matches *regexp.Regexp // Statement's; nil without one
}

// Query is what rules look at in a statement.
type Query struct {
	// Fingerprint is the statement's [sqltext.Fingerprint].
	Fingerprint string
	// Tables are all the tables that it reads, in lower case, without schemas.
	Tables []string
	// Names are names in it that may be tables, too. They count where a rule says off.
	Names []string
}

// Match returns the first rule for statements that fits q. The rule may say
// [Rule.Off]; without one, false, nothing is said of the statement.
func (r *Rules) Match(q Query) (Rule, bool) {
	for i := range r.list {
		if r.list[i].fits(q) {
			return r.list[i], true
		}
	}
	return Rule{}, false
}

// Routine returns the first rule for a routine that a statement calls by this
// name, in lower case; false where there is none.
func (r *Rules) Routine(name string) (Rule, bool) {
	last := name[strings.LastIndexByte(name, '.')+1:]
	for i := range r.list {
		if slices.ContainsFunc(r.list[i].Routines, func(pattern string) bool {
			return fits(pattern, name) || !strings.Contains(pattern, ".") && fits(pattern, last)
		}) {
			return r.list[i], true
		}
	}
	return Rule{}, false
}

// All returns the rules in their order.
func (r *Rules) All() []Rule { return append([]Rule(nil), r.list...) }

// fits reports whether a rule is one for statements and q one of them.
func (r *Rule) fits(q Query) bool {
	switch {
	case r.Routines != nil:
		return false
	case r.Off && r.Tables != nil && !slices.ContainsFunc(q.Tables, r.isTable) && !slices.ContainsFunc(q.Names, r.isTable),
		!r.Off && r.Tables != nil && !r.areTables(q.Tables):
		return false
	}
	return r.matches == nil || r.matches.MatchString(q.Fingerprint)
}

// isTable reports whether a name is one of the rule's tables.
func (r *Rule) isTable(name string) bool { return anyFits(r.Tables, name) }

// areTables reports whether there are names and all are of the rule's tables.
func (r *Rule) areTables(names []string) bool {
	for _, name := range names {
		if !r.isTable(name) {
			return false
		}
	}
	return len(names) > 0
}
