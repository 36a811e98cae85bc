// This file is what a context says of the cache: that it is to be left out, that it is to be renewed, and who wants to know what it did.

package fluxor

import (
	"context"
	"time"
)

// CacheAnswer says where the answer of a query came from. It is filled in when
// the query returns; a query that failed before the cache was asked leaves it as
// it is.
type CacheAnswer struct {
	// Status is "hit", the answer was kept; "joined", another caller asked for it at
	// the same time; "stale", it was kept and is too old, see
	// RuntimeConfig.CacheStaleIfError and CacheStaleWhileRevalidate; "miss", the
	// database was asked; "bypass", the cache had no part in it.
	Status string
	// Why says in a code why the database was asked.
	Why string
	// Age is how long ago the answer was asked for; 0 for one of the database.
	Age time.Duration
}

// cacheControl is what a context says.
type cacheControl struct {
	without, renew bool
	told           *CacheAnswer
}

type cacheControlKey struct{}

// NoCache returns a context whose queries go to the database: their answers are
// neither taken from the cache nor kept.
func NoCache(ctx context.Context) context.Context {
	c := controlOf(ctx)
	c.without = true
	return context.WithValue(ctx, cacheControlKey{}, &c)
}

// Refresh returns a context whose queries go to the database and whose answers
// are kept in the place of those that were.
func Refresh(ctx context.Context) context.Context {
	c := controlOf(ctx)
	c.renew = true
	return context.WithValue(ctx, cacheControlKey{}, &c)
}

// CacheInfo returns a context whose next query says where its answer came from.
// The answer must not be read while a query runs, nor the context be used by two
// queries at once.
func CacheInfo(ctx context.Context) (context.Context, *CacheAnswer) {
	c := controlOf(ctx)
	c.told = new(CacheAnswer)
	return context.WithValue(ctx, cacheControlKey{}, &c), c.told
}

func controlOf(ctx context.Context) cacheControl {
	if c, ok := ctx.Value(cacheControlKey{}).(*cacheControl); ok {
		return *c
	}
	return cacheControl{}
}

// tell tells whoever wants to know.
func (c cacheControl) tell(status, why string, age time.Duration) {
	if c.told != nil {
		*c.told = CacheAnswer{Status: status, Why: why, Age: age}
	}
}
