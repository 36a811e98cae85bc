// This file asks which server answers the query cache, and what it is where the cache does without the schema.

package fluxor

import (
	"context"
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/catalog"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// serverEvery is how often it is asked for while the cache is used.
const serverEvery = 10 * time.Second

// lookUp asks for the schema, or where the cache does without, for what the server is.
func (e *engine) lookUp(ctx context.Context) error {
	if e.cache.catalog.bare {
		return e.learnServer(ctx)
	}
	return e.learn(ctx)
}

// lookEvery is how often.
func (e *engine) lookEvery() time.Duration {
	if e.cache.catalog.bare {
		return serverEvery
	}
	return e.set.CacheCatalog
}

// learnServer asks whether the server is one of which answers may be kept. Until it
// is known none is; where it cannot be asked again, what was known goes on.
func (e *engine) learnServer(ctx context.Context) error {
	c, a := e.cache, &e.cache.catalog
	if err := e.learnWho(ctx); err != nil {
		return err
	}
	why, err := catalog.Refusal(ctx, sqltext.ForType(e.backend.Type), e.readText)
	if err != nil {
		e.unlearned(ctx, err)
		return err
	}
	if c.planner.LearnServer(why) {
		c.versions.Invalidate(cache.Everything()) // of what the server was meanwhile, nobody announced anything
	}
	a.mu.Lock()
	a.fault, a.told = nil, false
	a.mu.Unlock()
	return nil
}

// learnWho asks which server answers. If it is another one than before, one has taken
// over behind the address, with rows that nobody announced: all answers end, and
// nothing is known of its schema. The world ends before the answers do, so that none is
// kept by what was known of the server before.
func (e *engine) learnWho(ctx context.Context) error {
	server, err := catalog.Identity(ctx, sqltext.ForType(e.backend.Type), e.readText)
	if err != nil {
		e.unlearned(ctx, err)
		return err
	}
	if c := e.cache; c.catalog.meets(server) {
		c.planner.Forget()
		c.count.flushes.add("server-changed")
		c.versions.Invalidate(cache.Everything())
	}
	return nil
}

// meets notes which server answers, and reports whether another one did before.
// Then its schema was another one's.
func (a *cacheCatalog) meets(server string) (other bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	other = a.server != "" && a.server != server
	a.server = server
	if other {
		a.print, a.last = "", nil
	}
	return other
}

// soonest is how long after a look a lost connection can make the next one due.
const soonest = time.Second

// suspects notes that a connection is lost or cannot be had: another server may take
// over. Which one answers is asked with the next query, and once more after a
// connection was opened, over a new one: that at hand may lead to the server before.
func (e *engine) suspects() {
	if e.cache != nil {
		e.cache.catalog.lost.Store(true)
		e.looksSoon()
	}
}

// opened notes that a connection was opened.
func (e *engine) opened() {
	if e.cache != nil && e.cache.catalog.lost.Swap(false) {
		e.looksSoon()
	}
}

// looksSoon makes the next look due, unless the last one began just now.
func (e *engine) looksSoon() {
	a := &e.cache.catalog
	e.prober.anew.Store(true)
	due := a.seen.Load() + int64(soonest)
	for next := a.next.Load(); next > due && !a.next.CompareAndSwap(next, due); {
		next = a.next.Load()
	}
}
