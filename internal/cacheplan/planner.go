// This file makes plans of texts and remembers them for as long as the schema is the same.

package cacheplan

import (
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacherules"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// Mode says whose answers are kept.
type Mode uint8

const (
	// Hint: those of texts that ask for it.
	Hint Mode = iota
	// Rules: those that a rule names as well.
	Rules
	// All: those of each text that is proven to be a plain read.
	All
)

// Config says what a Planner decides by.
type Config struct {
	// Memo remembers the texts. No other planner may use it.
	Memo *sqltext.Memo
	// Versions make the tags.
	Versions *cache.Versions
	// Mode says whose answers are kept.
	Mode Mode
	// TTL, EmptyTTL, Rows, Revalidate and StaleIfError are those of plans to which
	// neither a hint nor a rule gives others.
	TTL, EmptyTTL time.Duration
	Rows          int
	Revalidate    time.Duration
	StaleIfError  time.Duration
	// NeedsSchema keeps nothing while the schema is not known: a view may call a
	// function that nobody sees in the text.
	NeedsSchema bool
	// NeedsServer keeps nothing, where no schema is known, until LearnServer.
	NeedsServer bool
	// Never is why nothing may be kept at all; "" for nothing.
	Never string
	// Rules are the user's; nil means none.
	Rules *cacherules.Rules
	// BadHint is told of a hint that is not understood, once for each plan; nil means nobody
	// is.
	BadHint func(k *sqltext.Known, err error)
}

// Planner makes plans. It is safe for concurrent use.
type Planner struct {
	cfg   Config
	memo  *sqltext.Memo
	ids   atomic.Uint64
	world atomic.Pointer[world]
}

// world is what is known of the database at one time. Its identity is what
// counts: a plan of another world is made anew.
type world struct {
	schema Schema // nil: nothing is known
	server bool   // it is known what the server is
	unfit  string // why nothing of it may be kept, then; "" for nothing
	under  underway
	before atomic.Pointer[world] // one that ended and that writes may be under way in; nil for none
}

// New returns a planner that knows no schema.
func New(c Config) *Planner {
	p := &Planner{cfg: c, memo: c.Memo}
	p.world.Store(&world{})
	return p
}

// page is what is kept with a text.
type page struct {
	id   uint64
	plan atomic.Pointer[Plan]
}

// Of returns the plan of a text in the present world.
func (p *Planner) Of(text string) *Plan {
	k := p.memo.Of(text)
	w := p.world.Load()
	at, _ := k.Planned().(*page)
	if at == nil {
		at = k.Plan(&page{id: p.ids.Add(1)}).(*page)
	}
	if plan := at.plan.Load(); plan != nil && plan.world == w {
		return plan
	}
	plan := p.plan(k, w, at.id)
	at.plan.Store(plan)
	return plan
}

// Present reports whether the plan was made in the present world.
func (p *Planner) Present(plan *Plan) bool { return p.world.Load() == plan.world }

// Current reports whether the plan was made in the present world, and no write is
// under way that was announced in one before. Who keeps an answer asks it after
// taking the token: a change of the schema ends the world before it announces
// itself, so that it is seen in one of the two.
func (p *Planner) Current(plan *Plan) bool { return p.Present(plan) && plan.world.settled() }

// Forget ends the world: until the next Learn, nothing is known of the schema.
// It is called before a statement is announced that may change it, and again
// when that statement is over, before its tags are free.
func (p *Planner) Forget() {
	for !p.follow(p.world.Load(), nil) {
	}
}

// Since returns what Learn needs to know that no Forget came between.
func (p *Planner) Since() any { return p.world.Load() }

// Learn begins a world with a schema that was asked for after Since returned
// since. It does nothing, and reports false, if the world has ended since.
func (p *Planner) Learn(since any, s Schema) bool {
	w, ok := since.(*world)
	return ok && p.follow(w, s)
}

// follow begins the world that comes after one, unless another has.
func (p *Planner) follow(before *world, s Schema) bool {
	return p.begin(before, &world{schema: s, server: before.server, unfit: before.unfit})
}

// LearnServer notes why no answer of the server may be kept, "" for nothing, where no
// schema says so, and reports whether that is news. It outlives each world.
func (p *Planner) LearnServer(unfit string) (news bool) {
	for {
		before := p.world.Load()
		if before.server && before.unfit == unfit {
			return false
		}
		if p.begin(before, &world{schema: before.schema, server: true, unfit: unfit}) {
			return true
		}
	}
}

// begin has a world come after another, unless one has.
func (p *Planner) begin(before, w *world) bool {
	w.before.Store(before)
	if !p.world.CompareAndSwap(before, w) {
		return false
	}
	w.settled() // lets go of those that ended long ago
	return true
}

// Schema returns what is known of the database; nil for nothing.
func (p *Planner) Schema() Schema { return p.world.Load().schema }

// plan makes a plan.
func (p *Planner) plan(k *sqltext.Known, w *world, id uint64) *Plan {
	plan := &Plan{ID: id, Known: k, Remembered: p.memo.Keeps(k.Text()), world: w, Undoable: true, sense: p.senseOf(k, w.schema)}
	plan.Verdict = plan.sense.verdict
	p.judgeEffects(plan)
	p.judgeAnswer(plan)
	return plan
}
