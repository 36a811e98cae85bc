// This file says what a program needs to know that serves a connector's connections to others, as the gateway does.

package fluxor

import (
	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
)

// Backend describes the wrapped driver: the type of its database, and what its
// errors mean. It is safe for concurrent use; what it returns is not to be
// changed.
func (c *Connector) Backend() backend.Backend { return c.main.backend }

// LeavesSession reports whether a statement is proven to leave the database's
// session as it was, so that the next one may run on another connection. Where it
// is not, why is the code of the reason, such as "session" for a SET or
// "unknown-function". It runs nothing and is safe for concurrent use.
func (c *Connector) LeavesSession(text string) (leaves bool, why string) {
	known := c.main.memo.Of(text)
	if !known.Neutral {
		return false, known.Reason.String()
	}
	if q := c.main.cache; q != nil && q.planner.Of(text).Session != cacheplan.Leaves {
		return false, "schema"
	}
	return true, ""
}

// TextFacts is what a text is without asking the database.
type TextFacts struct {
	// Verb is its first word in capitals; "" where there is none.
	Verb string
	// Count is how many statements it holds.
	Count int
	// Code is the reason for what Fluxor makes of it, as in docs/STATEMENTS.md.
	Code string
}

// Describe says what a text is, for whoever decides who may run it. It reads
// words, not grammar, and knows nothing of what a view or a function does that the
// text names. It is safe for concurrent use.
func (c *Connector) Describe(text string) TextFacts {
	known := c.main.memo.Of(text)
	return TextFacts{Verb: known.Verb, Count: known.Count, Code: known.Reason.String()}
}

// Fingerprint is a text without its literals, as logs may show it. It is safe for
// concurrent use.
func (c *Connector) Fingerprint(text string) string { return c.main.memo.Of(text).Fingerprint() }
