// This file decides whether a text's answer may be kept, and what it depends on.

package cacheplan

import (
	"slices"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// The codes of Plan.Why beside those of package sqltext's reasons and of a
// Schema.
const (
	// WhyLong: the text is too long to be remembered.
	WhyLong = "long-text"
	// WhyNotAsked: the mode keeps nothing unless a hint or rule asks for it.
	WhyNotAsked = "not-asked-for"
	// WhySchema: the schema is not known yet, or may have changed just now. As a reason
	// for "everything" it speaks against nothing.
	WhySchema = "schema-unknown"
	// WhyStrange: it names a table that the schema lacks, such as one of the server's
	// own: nobody knows when its rows change, and a write may be of anything.
	WhyStrange = "unknown-table"
)

// judgeAnswer fills in what the plan says of the answer.
func (p *Planner) judgeAnswer(plan *Plan) {
	want := p.choose(plan.Known, plan.world.schema)
	plan.Why = p.against(plan, want)
	plan.Serve, plan.Asked = plan.Why == "", want.asked
	plan.Reads, plan.Names = p.depends(plan, want.terms.Tags)
	plan.TTL, plan.EmptyTTL, plan.Rows = p.cfg.TTL, p.cfg.EmptyTTL, p.cfg.Rows
	plan.Revalidate, plan.StaleIfError = p.cfg.Revalidate, p.cfg.StaleIfError
	plan.apply(want.terms)
	if plan.EmptyTTL == 0 || plan.TTL > 0 && plan.TTL < plan.EmptyTTL {
		plan.EmptyTTL = plan.TTL
	}
}

// against is what speaks against keeping the answer; "" if nothing does.
func (p *Planner) against(plan *Plan, want choice) string {
	k := plan.Known
	switch {
	case plan.sense.why() != "":
		return plan.sense.why()
	case k.Frozen:
		return sqltext.Clock.String() // that of its preparation
	case p.cfg.Never != "":
		return p.cfg.Never
	case want.refused != "":
		return want.refused
	case p.cfg.Mode != All && !want.keep:
		return WhyNotAsked
	case !plan.Remembered:
		return WhyLong
	case plan.world.schema == nil && (p.cfg.NeedsSchema || p.cfg.NeedsServer && !plan.world.server):
		return WhySchema
	case plan.world.schema == nil:
		return plan.world.unfit
	}
	if why := plan.world.schema.Refuses(); why != "" {
		return why
	}
	if p.strange(plan.world.schema, k) {
		return WhyStrange
	}
	_, why := plan.world.schema.Reads(plan.reading())
	return why
}

// depends are the tags of a read, and their names. While nothing is known of the
// schema, it depends on everything.
func (p *Planner) depends(plan *Plan, own []string) (tags cache.Tags, names []string) {
	k, schema := plan.Known, plan.world.schema
	if schema == nil {
		return cache.Everything(), nil
	}
	names, _ = schema.Reads(plan.reading())
	names = append(append(make([]string, 0, len(names)+len(own)), names...), own...) // nil would be everything
	slices.Sort(names)
	names = slices.Compact(names)
	return p.cfg.Versions.Tags(append(slices.Clone(names), StatementTag(k.Fingerprint()))...), names
}

// StatementTag is the tag of all answers to statements with a fingerprint. No
// table has such a name.
func StatementTag(fingerprint string) string { return "\x00" + fingerprint }

// strange reports whether something that the schema does not know stands where
// a table does. DUAL is the server's own, and nobody writes it.
func (p *Planner) strange(schema Schema, k *sqltext.Known) bool {
	dual := p.memo.Dialect() == sqltext.Oracle || p.memo.Dialect() == sqltext.MySQL
	return slices.ContainsFunc(k.Tables(), func(name string) bool { return !schema.Relation(name) && !(dual && name == "dual") })
}

// relations are those of names that are relations.
func relations(schema Schema, names []string) []string {
	var found []string
	for _, name := range names {
		if schema.Relation(name) {
			found = append(found, name)
		}
	}
	return found
}
