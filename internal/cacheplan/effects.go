// This file decides what running a text changes: tables, the session, the transaction.

package cacheplan

import (
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// judgeEffects fills in what the plan says of running the text.
//
// What the text does to the session is judged by the text, and by the routines
// that it calls. What it does not show is taken to leave the session alone: a
// trigger, a check, a generated column, an operator or a cast whose code sets
// something for the session, or a view that calls such a function. Code that does
// so has to be kept from the cache by a rule.
func (p *Planner) judgeEffects(plan *Plan) {
	k, s := plan.Known, &plan.sense
	switch {
	case s.verdict == sqltext.Pure, s.reason == sqltext.Calls, s.verdict == sqltext.Write && s.reason == sqltext.Locks: // which changes nothing
		p.judgeRead(plan)
	case s.verdict == sqltext.Write:
		p.judgeWrite(plan)
	case s.verdict == sqltext.Session && k.Verdict == sqltext.Session:
		plan.Session = p.sets(k)
	case s.verdict == sqltext.TxControl:
		plan.Transaction = p.controls(k)
	case s.verdict == sqltext.Flush:
		p.everything(plan)
		plan.Reshapes = true
	}
	p.judgeRoutines(plan)
	if s.reason == sqltext.Calls {
		plan.Undoable = false // a procedure that fails has not taken back what it did before, or has committed it
	}
	if !s.neutral && (k.Verdict == sqltext.Write || k.Verdict == sqltext.Flush) {
		plan.Session = Unsettles
	}
}

// everything says that the text may change anything, also where no rollback
// reaches: code that nobody knows may write over a connection of its own.
func (p *Planner) everything(plan *Plan) {
	plan.Changes, plan.Writes, plan.Written, plan.Undoable = true, cache.Everything(), nil, false
}

// judgeWrite finds what a write may change. A table that the schema does not know
// may have triggers that nobody knows.
func (p *Planner) judgeWrite(plan *Plan) {
	k, schema := plan.Known, plan.world.schema
	p.everything(plan)
	if schema == nil {
		plan.Beyond = WhySchema
		return
	}
	named := relations(schema, k.Tags)
	if len(named) == 0 || p.strange(schema, k) {
		plan.Beyond = WhyStrange
		return
	}
	names, all, why := schema.Writes(k.Tags)
	if all {
		plan.Beyond = why
		return
	}
	plan.Undoable = schema.Transactional(named)
	p.writes(plan, names)
}

// judgeRoutines adds what the routines change that the text calls.
func (p *Planner) judgeRoutines(plan *Plan) {
	names, schema := plan.sense.writes, plan.world.schema
	if len(names) == 0 || plan.Changes && plan.Written == nil {
		return
	}
	if schema == nil {
		p.everything(plan)
		return
	}
	closed, all, _ := schema.Writes(names)
	if all {
		p.everything(plan)
		return
	}
	plan.Changes, plan.Undoable = true, plan.Undoable && p.undoable(schema, names)
	p.writes(plan, slices.Concat(plan.Written, closed))
}

// judgeRead finds what a mere read may change all the same, through a view that
// calls a routine.
func (p *Planner) judgeRead(plan *Plan) {
	schema := plan.world.schema
	if schema == nil {
		return
	}
	switch names, all, why := schema.Effects(plan.reading()); {
	case all:
		plan.Beyond = why
		p.everything(plan)
	case len(names) > 0:
		plan.Changes, plan.Undoable = true, p.undoable(schema, names)
		p.writes(plan, names)
	}
}

// undoable reports whether a rollback takes back what routines write into
// relations. One of Oracle's may write in a transaction of its own.
func (p *Planner) undoable(schema Schema, names []string) bool {
	return p.memo.Dialect() != sqltext.Oracle && schema.Transactional(names)
}

// writes fills in what is changed.
func (p *Planner) writes(plan *Plan, names []string) {
	plan.Written = slices.Compact(slices.Sorted(slices.Values(names)))
	plan.Writes = p.cfg.Versions.Tags(plan.Written...)
}

// sets judges a statement that has to do with the session alone.
func (p *Planner) sets(k *sqltext.Known) Effect {
	switch {
	case k.Neutral:
		return Leaves
	case k.Reason != sqltext.Settings || k.Count != 1:
		return Unsettles
	}
	switch k.Verb {
	case "SET":
		if words := wordsOf(k); p.memo.Dialect() == sqltext.PostgreSQL && len(words) > 1 && words[1] == "local" {
			return SetsLocally
		}
		if p.turnsOn(k.Text()) {
			return Unsettles
		}
		return Sets
	case "USE", "ALTER", "RESET":
		if p.turnsOn(k.Text()) {
			return Unsettles
		}
		return Sets
	case "LISTEN", "UNLISTEN", "NOTIFY":
		return Leaves
	}
	return Unsettles
}

// wordsOf are the words of a text, in lower case and without those of comments.
func wordsOf(k *sqltext.Known) []string { return strings.Fields(k.Fingerprint()) }

// turnsOn reports whether a text sets what transactions do, as for the next one
// alone or so that reads see what is not committed, or sets something to what it
// finds then: the same text may set something else the next time.
func (p *Planner) turnsOn(text string) bool {
	text = strings.ToLower(text)
	_, value, _ := strings.Cut(text, "=")
	computed := p.memo.Dialect() == sqltext.MySQL && strings.ContainsAny(value, "@(")
	return computed || slices.ContainsFunc([]string{"transaction", "isolation", "uncommitted", "completion_type"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

// controls judges a statement that begins or ends a transaction or a part of it.
func (p *Planner) controls(k *sqltext.Known) Control {
	words := wordsOf(k)
	switch k.Verb {
	case "SAVEPOINT", "RELEASE":
		switch {
		case k.Count == 1 && p.memo.Dialect() == sqltext.SQLite:
			return Nests // lang_savepoint.html: outside a transaction it is BEGIN DEFERRED, and the outermost RELEASE a COMMIT
		case k.Count == 1:
			return Stays
		}
	case "ROLLBACK":
		if k.Count == 1 && slices.Contains(words[1:min(len(words), 3)], "to") { // behind WORK or TRANSACTION, too
			return Stays
		}
	}
	ends := k.Verb == "COMMIT" || k.Verb == "ROLLBACK" || k.Verb == "END" || k.Verb == "ABORT"
	if ends && k.Count == 1 && !slices.Contains(words, "chain") {
		return Ends
	}
	return Turns
}
