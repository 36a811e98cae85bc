// This file is what the harness needs of Fluxor's cache: the options that turn it on, the way past it, and what it did.

package difffuzz

import (
	"context"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor"
)

// options turns Fluxor's cache on where no cache of the test's own takes its
// place. Answers last until something is written, so that none is right because
// it ended by itself.
func options(dsn string, n *naive) string {
	if n != nil {
		return ""
	}
	mark := "?"
	if strings.Contains(dsn, "?") {
		mark = "&"
	}
	return mark + "fluxor_cache=all&fluxor_cache_ttl=0&fluxor_cache_empty_ttl=0"
}

// uncached reads past the cache.
func uncached(ctx context.Context) context.Context { return fluxor.NoCache(ctx) }

// watched tells after a read what the cache did.
func watched(ctx context.Context) (_ context.Context, told func() string) {
	ctx, answer := fluxor.CacheInfo(ctx)
	return ctx, func() string { return strings.TrimSpace(answer.Status + " " + answer.Why) }
}

// schemaPatience is how long the cache may take to ask for the schema.
const schemaPatience = time.Second

// settle has the cache ask for the schema, and waits for it: until it is known
// each write ends everything, and hides what the schema would have got wrong.
func (p *player) settle(ctx context.Context) {
	if p.naive != nil {
		return
	}
	late := time.After(schemaPatience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		rows, err := p.db.QueryContext(ctx, "select 1")
		if err == nil {
			_ = rows.Close()
		}
		if stats := p.connector.CacheStats(); stats.Schema == "known" || stats.SchemaFault != "" {
			return // it knows, or could not learn: a lock may be in the way
		}
		select {
		case <-late:
			return
		case <-tick.C:
		}
	}
}
