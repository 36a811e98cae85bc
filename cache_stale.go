// This file shows answers beyond their time where that is permitted, and has them asked for again.

package fluxor

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/breaker"
	"github.com/fluxor-db/fluxor/refusal"
)

// serveOld makes an answer that is kept the query's, if the database could not be
// asked: one that it would only have been compared with, or one that is too old
// where the user permits that. Neither where it was overtaken meanwhile.
func (s *session) serveOld(o *op, err error) bool {
	c, q := s.e.cache, &o.read.question
	entry := q.old
	if entry == nil {
		entry = q.audits
	}
	if entry == nil || c.observes || !s.unavailable(err) || !c.store.Holds(entry) {
		return false
	}
	now := s.e.now()
	switch over := entry.Over(now); {
	case over < 0: // it is counted as a miss
		s.serve(o, entry, "hit", whyUnavailable, now)
		return true
	case o.plan.StaleIfError == 0 || over > o.plan.StaleIfError:
		return false
	}
	c.count.shownOld(now.Sub(entry.Asked))
	c.count.onError.Add(1)
	s.serve(o, entry, "stale", whyUnavailable, now)
	return true
}

// unavailable reports whether err says that the database cannot be asked; that it
// refuses this user, or this statement, is something else.
func (s *session) unavailable(err error) bool {
	if errors.Is(err, refusal.ErrCircuitOpen) {
		return true
	}
	switch s.e.backend.Classify(err) {
	case backend.ClassLogin, backend.ClassFatal, backend.ClassVerdict, backend.ClassSick:
		return false
	case backend.ClassTooMany:
		return s.held == nil // else the statement is too many, as MySQL counts them
	}
	return s.outcome(err) == breaker.Failure
}

// renewable reports whether o can be asked again behind its caller as it was asked:
// by its text, with arguments that stay what they are, and on any connection,
// since none was told something. That would be another question.
func (c *queryCache) renewable(o *op) bool {
	return c.special.Load() == 0 && !o.Prepared && !slices.ContainsFunc(o.Args, func(a driver.NamedValue) bool {
		return a.Value != nil && reflect.TypeOf(a.Value).Kind() == reflect.Pointer
	})
}

// owned returns a copy of arguments with bytes of its own: the caller's may change
// once the call has returned.
func owned(args []driver.NamedValue) []driver.NamedValue {
	args = copied(nil, args)
	for i := range args {
		if b, ok := args[i].Value.([]byte); ok {
			args[i].Value = bytes.Clone(b)
		}
	}
	return args
}

// refreshLimit is how long asking again behind a caller may take.
const refreshLimit = 30 * time.Second

// refresh has a query asked again behind its caller, once, and unless many others
// are: then whoever asks next has it asked.
func (s *session) refresh(o *op, q *cacheQuestion) {
	e, c := s.e, s.e.cache
	if !c.behind.claim(q.key) {
		return
	}
	key, text, args := string(q.key), o.SQL, owned(o.Args)
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
