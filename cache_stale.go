// This file shows answers beyond their time where that is permitted, and has them asked for again.

package fluxor

import (
	"context"
	"errors"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/breaker"
	"github.com/fluxor-db/fluxor/refusal"
)

// serveOld makes an old answer the query's, if the database could not be asked
// and the user permits it.
func (s *session) serveOld(o *op, err error) bool {
	q := &o.read.question
	if q.old == nil || o.plan.StaleIfError == 0 || !s.unavailable(err) {
		return false
	}
	now := s.e.now()
	if q.old.Over(now) > o.plan.StaleIfError {
		return false
	}
	s.e.cache.count.shownOld(now.Sub(q.old.Asked))
	s.e.cache.count.onError.Add(1)
	s.serve(o, q.old, "stale", whyUnavailable, now)
	return true
}

// unavailable reports whether err says that the database cannot be asked; that it
// refuses this user, or this statement, is something else.
func (s *session) unavailable(err error) bool {
	if errors.Is(err, refusal.ErrCircuitOpen) {
		return true
	}
	switch s.e.backend.Classify(err) {
	case backend.ClassLogin, backend.ClassFatal, backend.ClassVerdict:
		return false
	}
	return s.outcome(err) == breaker.Failure
}

// refresh has a query asked again behind its caller, once, and unless many others
// are: then whoever asks next has it asked.
func (s *session) refresh(o *op, q *cacheQuestion) {
	c := s.e.cache
	if !c.behind.claim(q.key) {
		return
	}
	key, e, text, args := string(q.key), s.e, o.SQL, copied(nil, o.Args)
	c.count.refreshed.Add(1)
	if !c.behind.run(func(ctx context.Context) {
		defer c.behind.unclaim(key)
		ctx, cancel := context.WithTimeout(Refresh(ctx), refreshLimit)
		defer cancel()
		c.again(ctx, e, text, args)
	}) {
		c.behind.unclaim(key)
	}
}

// refreshLimit is how long asking again behind a caller may take.
const refreshLimit = 30 * time.Second
