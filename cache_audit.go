// This file compares answers that were kept with what the database says now.

package fluxor

import (
	"log/slog"
	"unsafe"

	"github.com/fluxor-db/fluxor/internal/cache"
)

// audited compares a kept answer with the database's. If the one is still valid
// now, nothing that is known of has changed it since it was kept: then they must be the same.
func (s *session) audited(o *op, key string, answer *cache.Answer) {
	c, q := s.e.cache, &o.read.question
	now := s.e.now()
	entry, found := c.store.Get(unsafe.String(unsafe.StringData(key), len(key)), now)
	if found != cache.Valid || entry != q.audits {
		return
	}
	c.count.audits.Add(1)
	if entry.Answer.Same(answer) {
		return
	}
	c.count.mismatches.Add(1)
	s.e.log.Warn("an answer from the query cache was not what the database says: somebody changes its tables without this connector, or the statement is not a plain read",
		slog.String("statement", o.plan.Known.Fingerprint()), slog.Duration("age", now.Sub(entry.Asked)),
		slog.Any("tags", o.plan.Names), slog.String("cure", "a shorter fluxor_cache_ttl, or no caching of this statement"))
}
