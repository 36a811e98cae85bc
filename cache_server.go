// This file asks what the server is where the query cache does without the schema.

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
