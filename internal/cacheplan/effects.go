// This file decides what running a text changes: tables, the session, the transaction.

package cacheplan

import (
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// judgeEffects fills in what the plan says of running the text.
func (p *Planner) judgeEffects(plan *Plan) {
	k := plan.Known
	switch k.Verdict {
	case sqltext.Pure:
		p.judgeRead(plan)
	case sqltext.Write:
		if k.Reason == sqltext.Locks { // which changes nothing
			p.judgeRead(plan)
		} else {
			p.judgeWrite(plan)
		}
	case sqltext.Session:
		plan.Session = p.sets(k)
	case sqltext.TxControl:
		plan.Transaction = p.controls(k)
	default:
		plan.Changes, plan.Writes, plan.Reshapes, plan.Undoable = true, cache.Everything(), true, p.cfg.Dialect != sqltext.MySQL
		plan.Session = Unsettles
		if p.builds(k) {
			plan.Session = Leaves
		}
	}
	if !k.Neutral && k.Verdict == sqltext.Write {
		plan.Session = Unsettles
	}
}

// judgeWrite finds what a write may change. A table that the schema does not know
// may have triggers that nobody knows.
func (p *Planner) judgeWrite(plan *Plan) {
	k, schema := plan.Known, plan.world.schema
	plan.Changes, plan.Writes = true, cache.Everything()
	plan.Undoable = p.cfg.Dialect != sqltext.MySQL
	if schema == nil || strange(schema, k) {
		return
	}
	named := relations(schema, k.Tags)
	if len(named) == 0 {
		return
	}
	names, all, _ := schema.Writes(k.Tags)
	if all {
		return
	}
	plan.Undoable = plan.Undoable || schema.Transactional(named)
	p.writes(plan, names)
}

// judgeRead finds what a mere read may change all the same, through a view that
// calls a routine.
func (p *Planner) judgeRead(plan *Plan) {
	schema := plan.world.schema
	if schema == nil {
		return
	}
	switch names, all, _ := schema.Effects(plan.Known.Tags); {
	case all:
		plan.Changes, plan.Writes, plan.Undoable = true, cache.Everything(), p.cfg.Dialect != sqltext.MySQL
	case len(names) > 0:
		plan.Changes, plan.Undoable = true, p.cfg.Dialect != sqltext.MySQL || schema.Transactional(names)
		p.writes(plan, names)
	}
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
	words := strings.Fields(strings.ToLower(k.Text()))
	switch k.Verb {
	case "SET":
		if p.cfg.Dialect == sqltext.PostgreSQL && len(words) > 1 && words[1] == "local" {
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

// turnsOn reports whether a text sets what transactions do, as for the next one
// alone or so that reads see what is not committed, or sets something to what it
// finds then: the same text may set something else the next time.
func (p *Planner) turnsOn(text string) bool {
	text = strings.ToLower(text)
	_, value, _ := strings.Cut(text, "=")
	computed := p.cfg.Dialect == sqltext.MySQL && strings.ContainsAny(value, "@(")
	return computed || slices.ContainsFunc([]string{"transaction", "isolation", "uncommitted", "completion_type"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

// controls judges a statement that begins or ends a transaction or a part of it.
func (p *Planner) controls(k *sqltext.Known) Control {
	words := strings.Fields(strings.ToLower(k.Text()))
	switch k.Verb {
	case "SAVEPOINT", "RELEASE":
		switch {
		case k.Count > 1:
		case p.cfg.Dialect == sqltext.SQLite:
			return Nests
		default:
			return Stays
		}
	case "ROLLBACK":
		if k.Count == 1 && slices.Contains(words, "to") {
			return Stays
		}
	}
	ends := k.Verb == "COMMIT" || k.Verb == "ROLLBACK" || k.Verb == "END" || k.Verb == "ABORT"
	if ends && k.Count == 1 && !strings.Contains(strings.ToLower(k.Text()), "chain") {
		return Ends
	}
	return Turns
}

var (
	// building are the first words of statements that change the schema, rights or
	// storage, and leave the session alone unless a word of calling stands in them.
	building = strings.Fields("CREATE DROP ALTER TRUNCATE RENAME GRANT REVOKE COMMENT ANALYZE VACUUM REINDEX REFRESH CLUSTER OPTIMIZE REPAIR")
	// calling are words with which such a statement may run something, make
	// something that hides other tables, or change who asks.
	calling = strings.Fields("temp temporary as select with execute begin do call language default set session system role user authorization using generated trigger event into insert")
)

// builds reports whether a statement that may do anything to tables is known to
// leave the session as it was.
func (p *Planner) builds(k *sqltext.Known) bool {
	if k.Count > 1 || k.Reason != sqltext.UnknownStatement || !slices.Contains(building, firstWord(k.Text())) {
		return false
	}
	text := strings.ToLower(k.Text())
	if strings.Contains(text, "/*!") || strings.Contains(text, "/*m!") || strings.Contains(text, `u&"`) {
		return false // words that stand where they are not seen
	}
	words := strings.FieldsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '$' && r < 128
	})
	return !slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains(calling, w) || strings.HasPrefix(w, "pg_temp")
	})
}

func firstWord(text string) string {
	words := strings.Fields(text)
	if len(words) == 0 {
		return ""
	}
	return strings.ToUpper(words[0])
}
