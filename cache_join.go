// This file lets callers who ask the same at the same time share one question to the database.

package fluxor

import (
	"context"
	"unsafe"

	"github.com/fluxor-db/fluxor/internal/cache"
)

// fly asks the database, or has another caller's answer who asks the same.
func (s *session) fly(ctx context.Context, o *op, why string) error {
	c, q := s.e.cache, &o.read.question
	joined, err := c.flights.Join(ctx, cache.Question{Key: string(q.key), Token: q.token, Asked: q.asked, TTL: o.plan.TTL})
	switch {
	case err != nil:
		return err
	case joined.How == cache.Served && !joinsTooLate(o, joined):
		c.count.joined.Add(1)
		q.how.tell("joined", why, s.e.now().Sub(joined.Asked))
		o.Rows = &keptRows{answer: joined.Answer}
		return nil
	case joined.How == cache.Leading:
		defer joined.Lead.Abort()
		if s.cameMeanwhile(o) {
			return nil
		}
		c.count.misses.add(why)
		q.how.tell("miss", why, 0)
		return s.fill(ctx, o, joined.Lead)
	}
	return s.miss(ctx, o, why)
}

// joinsTooLate reports whether another caller's answer was asked for too long before
// o was: that it has no rows, and so a shorter time, nobody knew before.
func joinsTooLate(o *op, joined cache.Outcome[*cache.Answer]) bool {
	ttl := lasts(o.plan, joined.Answer)
	return ttl > 0 && o.read.question.asked.Sub(joined.Asked) >= ttl
}

// cameMeanwhile serves an answer that was kept between the look that missed it and
// the lead, by a flight that has ended since. Whoever waits for this lead looks
// for himself: he may have come after a write that this look did not see.
func (s *session) cameMeanwhile(o *op) bool {
	c, q, now := s.e.cache, &o.read.question, s.e.now()
	entry, found := c.store.Get(unsafe.String(unsafe.SliceData(q.key), len(q.key)), now)
	if found != cache.Valid {
		return false
	}
	c.count.hits.Add(1)
	s.serve(o, entry, "hit", "", now)
	return true
}
