// This file declares what is known of a text before it runs: whether its answer may be kept, and what running it changes.

// Package cacheplan decides for each text what the query cache does with it.
//
// A [Planner] joins what the text says (package sqltext), what the database says
// of its tables (a [Schema]), and what the user asked for (mode, hints, rules),
// and remembers the result by text. Without a schema it is right all the same:
// then each answer depends on everything, and each write ends all answers.
package cacheplan

import (
	"slices"
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/catalog"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// Plan is what is known of a text. It is immutable and shared.
type Plan struct {
	// ID stands for the text in keys of answers. No other text gets it again.
	ID uint64
	// Known is the analysis of the text, and Verdict what it does once the routines
	// that it calls are judged.
	Known   *sqltext.Known
	Verdict sqltext.Verdict
	// Remembered is whether the memo keeps it; else it is read anew each time.
	Remembered bool

	// Serve is whether its answer may be kept and shown, and Why the stable code
	// of what speaks against it; "" where nothing does.
	Serve bool
	Why   string
	// Asked is what asks for it or forbids it: a hint or a rule as it is written; ""
	// for neither.
	Asked string
	// Reads are what the answer depends on, and Names the same in words; nil is
	// everything.
	Reads cache.Tags
	Names []string
	// TTL is how long an answer may be shown, 0 until it is overtaken; EmptyTTL
	// the same for an answer without rows.
	TTL, EmptyTTL time.Duration
	// Rows is the most rows of an answer that is kept.
	Rows int
	// Revalidate and StaleIfError are how long after TTL an answer may be shown
	// while it is asked for again, and while the database cannot be asked.
	Revalidate, StaleIfError time.Duration

	// Changes is whether running it may change what others read, and Writes what;
	// Written are the names, nil for everything.
	Changes bool
	Writes  cache.Tags
	Written []string
	// Beyond is the code of why that is everything; "" where it is not, and where the
	// text itself says so.
	Beyond string
	// Undoable is whether a rollback, and the server's refusal, take all of its
	// changes back.
	Undoable bool
	// Reshapes is whether it may change the schema.
	Reshapes bool
	// Session is what it does to the session.
	Session Effect
	// Transaction is what it does to the transaction.
	Transaction Control

	world *world
	sense sense
}

// Fit is the plan, whose Why is WhySchema, where the server is one of which answers may be
// kept, and no schema is asked for.
func (plan *Plan) Fit() *Plan {
	fit := *plan
	fit.Serve, fit.Why = true, ""
	return &fit
}

// reading are the names that running the text may read.
func (plan *Plan) reading() []string {
	if len(plan.sense.reads) == 0 {
		return plan.Known.Tags
	}
	return slices.Concat(plan.Known.Tags, plan.sense.reads)
}

// Momentary is the plan of the same text with arguments for which the server reads
// the clock: its answer is of its moment.
func (plan *Plan) Momentary() *Plan {
	timed := *plan
	timed.Serve, timed.Why = false, sqltext.Clock.String()
	return &timed
}

// Effect is what a text does to the session.
type Effect uint8

const (
	// Leaves: nothing that a later statement's meaning hangs on.
	Leaves Effect = iota
	// Sets: it sets what it says, and the same text sets the same again.
	Sets
	// SetsLocally: as Sets, until the transaction ends.
	SetsLocally
	// Unsettles: anything.
	Unsettles
)

// Control is what a text does to the transaction.
type Control uint8

const (
	// Stays: nothing; a savepoint is nothing, too.
	Stays Control = iota
	// Turns: it begins one, or ends one and begins the next.
	Turns
	// Ends: it ends one.
	Ends
	// Nests: nothing within a transaction; outside it begins or ends one. SQLite's
	// savepoints do.
	Nests
)

// Turns reports whether a transaction begins or ends with it, where there is one
// under way or not.
func (c Control) Turns(inTx bool) bool {
	return c == Turns || c == Ends || c == Nests && !inTx
}

// Schema is what the database says of its tables. Names are in lower case,
// without their schema. It is immutable.
type Schema interface {
	// Relation reports whether a name is a table's, a view's or a synonym's.
	Relation(name string) bool
	// Reads returns all that an answer depends on whose text has these names, those
	// of columns and aliases among them. If it must not be kept, why is a stable
	// code.
	Reads(names []string) (tags []string, why string)
	// Writes returns all that may change with a change whose text has these names;
	// all means everything.
	Writes(names []string) (tags []string, all bool, why string)
	// Effects returns the same for a mere query, which may read a view that calls a
	// routine: nothing, as a rule.
	Effects(names []string) (tags []string, all bool, why string)
	// Transactional reports whether a rollback takes back what was written into
	// these relations.
	Transactional(names []string) bool
	// Routine returns what is known of the routines of a name; false for none of the
	// user's own.
	Routine(name string) (catalog.Routine, bool)
	// Refuses is why nothing may be kept at all; "" for nothing.
	Refuses() string
}
