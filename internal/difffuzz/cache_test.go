// This file is what the harness needs of Fluxor's cache: the options that turn it on, the way past it, and what it did.

package difffuzz

import "context"

// options turns Fluxor's cache on where no cache of the test's own takes its
// place.
func options(*naive) string { return "" }

// uncached reads past the cache.
func uncached(ctx context.Context) context.Context { return ctx }

// watched tells after a read what the cache did.
func watched(ctx context.Context) (_ context.Context, told func() string) {
	return ctx, func() string { return "" }
}
