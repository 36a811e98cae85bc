// This file says what the query cache makes of a statement, and why, without running it.

package fluxor

import (
	"context"
	"errors"
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/catalog"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// CacheVerdict is what the query cache makes of a statement.
type CacheVerdict struct {
	// Kept says whether answers are kept, and Why the code of what speaks against it.
	Kept bool
	Why  string
	// Reason is Why in words.
	Reason string
	// By is the hint or the rule that asks for it or forbids it, as it is written; ""
	// for neither.
	By string
	// Verdict is what the statement does, such as "PURE" or "WRITE".
	Verdict string
	// Reads are the tags that an answer depends on, Writes those that running the
	// statement ends; nil with ReadsAll or WritesAll is everything. ReadsAllWhy and
	// WritesAllWhy are the codes of why it is; "" where the text itself says so.
	Reads, Writes             []string
	ReadsAll, WritesAll       bool
	ReadsAllWhy, WritesAllWhy string
	// TTL is how long an answer is shown, 0 until it is overtaken; EmptyTTL the same
	// for an answer without rows; Rows the most rows of one.
	TTL, EmptyTTL time.Duration
	Rows          int
	// StaleIfError and StaleWhileRevalidate are for how long after its time an answer
	// may be shown while the database does not answer, and while it is asked again; 0
	// is never.
	StaleIfError, StaleWhileRevalidate time.Duration
	// Session says what it does to the session: "leaves", "sets", "sets-locally",
	// "unknown".
	Session string
	// Schema says what is known of the tables: "known", "unknown" or "off".
	Schema string
}

// ExplainCache says what the query cache makes of a statement, without running
// it. Where the cache is off it says what the mode "all" would make of it. What the
// database says of its tables is known some time after the first query, or when
// LearnSchema has returned. It is safe for concurrent use.
func (c *Connector) ExplainCache(text string) CacheVerdict {
	q := c.main.cache
	if q == nil {
		return explainText(c.main.set, c.main.backend.Type, text)
	}
	state, _ := c.main.schemaState()
	plan := q.planner.Of(text)
	if q.catalog.bare && plan.Why == cacheplan.WhySchema {
		plan = plan.Fit()
	}
	return verdictOf(plan, state)
}

// ExplainCache says what the text alone tells of what the query cache makes of a
// statement: what hangs on the schema (views, triggers, foreign keys, policies) is
// left out, and the answer or the change may be of everything.
func (u *Understanding) ExplainCache(text string) CacheVerdict {
	return explainText(settings(u.Config), u.Type, text)
}

// explainText makes a planner for one text.
func explainText(set settings, kind, text string) CacheVerdict {
	mode, on := cacheModes[set.Cache]
	if !on {
		mode = cacheplan.All
	}
	return verdictOf(cacheplan.New(planning(set, sqltext.NewMemo(sqltext.ForType(kind)), mode, cache.New())).Of(text), "unknown")
}

// LearnSchema asks the database for its schema and returns when it is known, or
// why it is not: ctx has ended, the database cannot be asked, or its schema is not
// asked for. The cache does that itself behind the first query, and so need not be
// told; it is for whoever wants no answer before, and for a program that knows
// that the schema was changed elsewhere. It is safe for concurrent use.
func (c *Connector) LearnSchema(ctx context.Context) error {
	if c.main.cache == nil {
		return errors.New("fluxor: the query cache is off, and nothing asks for the schema")
	}
	return c.main.learnNow(ctx)
}

func verdictOf(plan *cacheplan.Plan, schema string) CacheVerdict {
	v := CacheVerdict{
		Kept: plan.Serve, Why: plan.Why, Reason: cacheReason(plan.Why), By: plan.Asked, Verdict: plan.Verdict.String(),
		Session: plan.Session.String(), Schema: schema,
	}
	if plan.Serve {
		v.Reads, v.ReadsAll, v.ReadsAllWhy = plan.Names, plan.Names == nil, readsAllWhy(plan)
		v.TTL, v.EmptyTTL, v.Rows = plan.TTL, plan.EmptyTTL, plan.Rows
		v.StaleIfError, v.StaleWhileRevalidate = plan.StaleIfError, plan.Revalidate
	}
	if plan.Changes {
		v.Writes, v.WritesAll, v.WritesAllWhy = plan.Written, plan.Written == nil, plan.Beyond
	}
	return v
}

// readsAllWhy is why an answer depends on everything.
func readsAllWhy(plan *cacheplan.Plan) string {
	if plan.Names != nil {
		return ""
	}
	return cacheplan.WhySchema
}

// cacheReasons says the codes of the cache's own in words.
var cacheReasons = map[string]string{
	whyTransaction: "in a transaction each statement goes to the database; on SQLite, rows that are open are one",
	whySession:     "the connection is in a state that is not known: a transaction begun by a text, a setting with arguments, more than 2 KiB of settings, a temporary table, Raw",
	whyNoCache:     "the context says NoCache",
	whyRefresh:     "the context says Refresh",
	whyArguments:   "an argument has a type that no key is made of, such as sql.Out",
	whyRewritten:   "a middleware below the cache changed the text or the arguments",
	whySteps:       "a middleware asks for the driver's own steps",
	whyAbsent:      "there is no answer: it was not asked for before, or had to make room",
	whyExpired:     "the answer is older than its time",
	whyOvertaken:   "something that the answer depends on was changed since",
	whyBusy:        "something that the answer depends on is being changed, or its change is in doubt",
	whyAudit:       "there is an answer, and it is compared with the database's",
	whyObserved:    "there is an answer, but the cache only observes",
	whyUnavailable: "the database does not answer, and the answer that is kept may be shown",
}

// cacheReason says a code in words; the code itself where there are none.
func cacheReason(code string) string {
	if text, ok := cacheReasons[code]; ok {
		return text
	}
	if text, ok := catalog.TextOf(code); ok {
		return text
	}
	return cacheplan.Text(code)
}
