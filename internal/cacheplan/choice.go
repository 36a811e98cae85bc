// This file finds what the user wants of a text: by a hint in it, or by a rule.

package cacheplan

import (
	"slices"

	"github.com/fluxor-db/fluxor/internal/cacherules"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// The codes of Plan.Why for what the user wants.
const (
	// WhyHint: a hint forbids it.
	WhyHint = "hint-forbids"
	// WhyRule: a rule forbids it.
	WhyRule = "rule-forbids"
	// WhyBadHint: the hint is not understood.
	WhyBadHint = "bad-hint"
)

// choice is what the user wants of a text.
type choice struct {
	keep    bool   // that its answers are kept
	refused string // the code of why they must not be; "" if they may
	asked   string // by which hint or rule
	terms   sqltext.Terms
}

// forRules is what rules look at in a text. Whatever may be a table of the schema is
// one: a column that is called so as well. While nothing is known of the schema,
// each name may be one that a rule forbids.
func forRules(k *sqltext.Known, schema Schema) cacherules.Query {
	q := cacherules.Query{Fingerprint: k.Fingerprint(), Tables: k.Tables()}
	if schema == nil {
		q.Names = k.Tags
		return q
	}
	for _, name := range relations(schema, k.Tags) {
		if !slices.Contains(k.Tables(), name) {
			q.Tables = append(slices.Clip(q.Tables), name)
		}
	}
	return q
}

// choose looks for a hint, and for a rule where there is none.
func (p *Planner) choose(k *sqltext.Known, schema Schema) choice {
	hint, err := sqltext.HintOf(p.memo.Dialect(), k.Text())
	switch {
	case err != nil:
		if p.cfg.BadHint != nil {
			p.cfg.BadHint(k, err)
		}
		return choice{refused: WhyBadHint}
	case hint.NoCache:
		return choice{refused: WhyHint, asked: hint.String()}
	case hint.Cache:
		return choice{keep: true, terms: hint.Terms, asked: hint.String()}
	case p.cfg.Rules == nil:
		return choice{}
	}
	rule, fits := p.cfg.Rules.Match(forRules(k, schema))
	switch {
	case !fits:
		return choice{}
	case rule.Off:
		return choice{refused: WhyRule, asked: rule.String()}
	}
	return choice{keep: p.cfg.Mode != Hint, terms: rule.Terms, asked: rule.String()}
}

// apply puts the user's terms in the place of the usual ones.
func (plan *Plan) apply(t sqltext.Terms) {
	if t.HasTTL {
		plan.TTL = t.TTL
	}
	if t.Rows > 0 {
		plan.Rows = t.Rows
	}
	if t.StaleWhileRevalidate != 0 {
		plan.Revalidate = max(t.StaleWhileRevalidate, 0)
	}
	if t.StaleIfError != 0 {
		plan.StaleIfError = max(t.StaleIfError, 0)
	}
}
