// This file answers queries from the cache, and keeps the answers of those that it cannot answer.

package fluxor

import (
	"context"
	"database/sql/driver"
	"math/rand/v2"
	"slices"
	"time"
	"unsafe"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/middleware"
)

// arrive is where the session begins for an operation that came down the user's
// Middleware.
func (s *session) arrive(ctx context.Context, o *op) error {
	if s.e.cache == nil {
		return s.carry(ctx, o)
	}
	if o.is.has(inside) { // it comes down InnerMiddleware
		return s.carry(ctx, o)
	}
	optioned := o.optioned()
	if o.Op == middleware.OpQuery {
		return s.read(ctx, o, optioned)
	}
	return s.onward(ctx, o)
}

// onward sends o down InnerMiddleware, where there is any, to the database.
func (s *session) onward(ctx context.Context, o *op) error {
	if s.e.within == nil {
		return s.carry(ctx, o)
	}
	o.is.set(inside)
	defer o.is.unset(inside)
	return s.e.within.Handle(ctx, &o.Call)
}

// read answers a query from the cache if it can.
func (s *session) read(ctx context.Context, o *op, optioned bool) error {
	o.is.unset(late | fromCache) // a middleware may send o down again, with another context
	if s.hearsNo(ctx) {
		return s.onward(ctx, o)
	}
	q, plan := &o.read.question, s.planned(o)
	q.how, q.keeps, q.sent, q.alters = controlOf(ctx), false, false, false
	q.old, q.audits = nil, nil
	why := s.bypasses(plan, o, q)
	if optioned {
		why = whyArguments
	}
	if why != "" {
		if why == cacheplan.WhySchema {
			s.e.freshen(s.e.now())
		}
		s.e.cache.count.passed.add(why)
		q.how.tell("bypass", why, 0)
		return s.onward(ctx, o)
	}
	now := s.asked()
	if now.IsZero() {
		now = s.e.now()
	}
	s.e.freshen(now)
	if s.held == nil && s.e.cache.special.Load() > 0 {
		o.is.set(late) // which connection it will be decides what it may be shown
		return s.fill(ctx, o, cache.Lead[*cache.Answer]{})
	}
	if why = s.find(o, plan, now); why == "" {
		return nil
	}
	if s.held != nil || q.how.renew || !q.keeps || s.e.cache.observes || q.audits != nil {
		return s.miss(ctx, o, why)
	}
	return s.fly(ctx, o, why)
}

// hearsNo reports whether a caller gets an error, whatever is kept: his context is
// over, or asks for a session that is not the connector's.
func (s *session) hearsNo(ctx context.Context) bool {
	refuse := s.e.backend.Refuse
	return ctx.Err() != nil || refuse != nil && refuse(ctx) != ""
}

// bypasses is why the cache has no part in a query; "" where it has.
func (s *session) bypasses(plan *cacheplan.Plan, o *op, q *cacheQuestion) string {
	switch {
	case !plan.Serve:
		return plan.Why
	case q.how.without:
		return whyNoCache
	case s.tx != nil, s.snapshot():
		return whyTransaction
	case o.MaySkip:
		return whySteps
	}
	if s.held != nil {
		sc := &s.held.Value.scope
		if sc.unsure() || o.outdated(s.held.Value) {
			return whySession
		}
		q.scope = sc.told
	}
	var ok bool
	if q.key, ok = cache.AppendKey(q.key[:0], asked(o, plan), q.scope, o.Args); !ok {
		return whyArguments
	}
	return ""
}

// snapshot reports whether rows that are open hold the session to the state of when
// they were asked for: on SQLite they are a transaction, and what is read beside
// them may be older than what others were told.
func (s *session) snapshot() bool { return s.open > 0 && s.e.cache.dialect == sqltext.SQLite }

// asked stands for the text in a key, and for the way it goes: a driver may give
// other Go types and names to the columns of what was prepared, as go-sql-driver does.
func asked(o *op, plan *cacheplan.Plan) uint64 {
	if o.Prepared {
		return plan.ID<<1 | 1
	}
	return plan.ID << 1
}

// optioned reports whether a prepared statement is or was run with an argument that
// is no value.
func (o *op) optioned() bool {
	if !o.Prepared || o.st == nil {
		return false
	}
	mark := o.st.options()
	*mark = *mark || slices.ContainsFunc(o.Args, func(a driver.NamedValue) bool { return !cache.Plain(a.Value) })
	return *mark
}

// outdated reports whether a prepared statement was prepared before its session was
// told something: it may go on as if it had not been.
func (o *op) outdated(p *physical) bool { return o.Prepared && o.st != nil && o.st.older(p) }

// find looks for an answer. It returns "" if o has it, and else why not; then it
// has taken the token for the answer of the database, where there is one.
func (s *session) find(o *op, plan *cacheplan.Plan, now time.Time) (why string) {
	c, q := s.e.cache, &o.read.question
	if why = s.look(o, plan, now); why == "" {
		return ""
	}
	q.asked = now
	q.token, q.keeps = c.versions.Capture(plan.Reads)
	q.keeps = q.keeps && c.planner.Current(plan)
	return why
}

// look is find without the token.
func (s *session) look(o *op, plan *cacheplan.Plan, now time.Time) (why string) {
	c, q := s.e.cache, &o.read.question
	if q.how.renew {
		return whyRefresh
	}
	entry, found := c.store.Get(unsafe.String(unsafe.SliceData(q.key), len(q.key)), now)
	switch found {
	case cache.Valid:
		if c.observes {
			c.count.would.Add(1)
			q.old = entry // a mark, which is never shown
			return whyObserved
		}
		if c.audit > 0 && rand.N(100) < c.audit {
			q.audits = entry
			return whyAudit
		}
		c.count.hits.Add(1)
		s.serve(o, entry, "hit", "", now)
		return ""
	case cache.Expired:
		if c.observes {
			return whyExpired
		}
		if over := entry.Over(now); over < plan.Revalidate && c.renewable(o) {
			s.refresh(o, q)
			c.count.shownOld(now.Sub(entry.Asked))
			s.serve(o, entry, "stale", whyExpired, now)
			return ""
		}
		q.old = entry
		return whyExpired
	case cache.Busy:
		return whyBusy
	case cache.Overtaken:
		return whyOvertaken
	}
	return whyAbsent
}

// serve makes a kept answer the query's.
func (s *session) serve(o *op, entry *cache.Entry, status, why string, now time.Time) {
	o.Rows = &keptRows{answer: entry.Answer}
	if told := o.read.question.how.told; told != nil {
		o.read.question.how.tell(status, why, max(now.Sub(entry.Asked), 0))
	}
}

// lasts is for how long an answer may be shown; 0 = until it is overtaken.
func lasts(plan *cacheplan.Plan, answer *cache.Answer) time.Duration {
	if answer.Rows() == 0 && plan.EmptyTTL > 0 {
		return plan.EmptyTTL
	}
	return plan.TTL
}

// miss asks the database.
func (s *session) miss(ctx context.Context, o *op, why string) error {
	s.e.cache.count.misses.add(why)
	o.read.question.how.tell("miss", why, 0)
	return s.fill(ctx, o, cache.Lead[*cache.Answer]{})
}

// fill asks the database and keeps its answer where that may be.
func (s *session) fill(ctx context.Context, o *op, lead cache.Lead[*cache.Answer]) error {
	q, settled := &o.read.question, s.held != nil
	err := s.onward(ctx, o)
	switch {
	case err != nil:
		if ctx.Err() == nil {
			lead.Fail()
		} // else whoever waits asks in its place
		if s.serveOld(o, err) {
			return nil
		}
		return err
	case o.is.has(fromCache):
		o.is.unset(fromCache)
		return nil
	case !q.keeps || o.Rows == nil || !q.sent: // else a middleware has answered
		lead.Fail()
		return nil
	case s.e.cache.observes:
		s.keepMark(o)
		return nil
	}
	s.keepAnswer(o, &lead, settled)
	return nil
}

// keepAnswer reads the answer to its end, keeps it, and gives the lease back that
// was taken for it alone.
func (s *session) keepAnswer(o *op, lead *cache.Lead[*cache.Answer], settled bool) {
	c, q, plan := s.e.cache, &o.read.question, o.plan
	limits := c.limits
	limits.Rows = plan.Rows
	got := readAhead(o.Rows, limits)
	if got.answer == nil {
		lead.Fail()
		c.count.unfit(got.fit)
		if rows := o.Rows; got.err != nil && s.serveOld(o, got.err) { // nobody has seen a row of it
			_ = rows.Close()
			return
		}
		o.Rows = got.rows
		return
	}
	holder := s.held
	if err := o.Rows.Close(); err != nil {
		lead.Fail()
		o.Rows = &keptRows{answer: got.answer, closing: err}
		return
	}
	o.Rows = &keptRows{answer: got.answer}
	if holder == nil || q.alters || holder.Value.scope.unsure() || holder.Value.scope.told != q.scope || o.outdated(holder.Value) {
		lead.Fail()
		c.count.dropped.Add(1)
		return
	}
	s.put(o, got.answer)
	lead.Land(got.answer)
	if !settled && s.held != nil && s.open == 0 && s.tx == nil && c.special.Load() == 0 {
		s.release()
	}
}

// sends notes that a query goes to the database.
func (s *session) sends(o *op) {
	q := &o.read.question
	q.sent = true
	if q.keeps {
		q.sentAt = s.e.now()
		q.alters = q.alters || !s.sameQuestion(o, o.plan)
	}
}

// sameQuestion reports whether what is sent is what was asked: a middleware may
// have changed it on the way, and may change it back.
func (s *session) sameQuestion(o *op, plan *cacheplan.Plan) bool {
	if s.e.within == nil {
		return true
	}
	q := &o.read.question
	n := len(q.key)
	again, ok := cache.AppendKey(q.key, asked(o, plan), q.scope, o.Args)
	same := ok && plan.Known.Text() == o.text() && string(again[n:]) == string(again[:n])
	q.key = again[:n]
	return same
}

// put keeps an answer, and compares it with the one that was kept if that is to be
// audited.
func (s *session) put(o *op, answer *cache.Answer) {
	c, q := s.e.cache, &o.read.question
	key := string(q.key)
	if q.audits != nil {
		s.audited(o, key, answer)
	}
	if c.store.Put(key, answer, q.token, q.sentAt, lasts(o.plan, answer)) {
		c.count.kept.Add(1)
	} else {
		c.count.dropped.Add(1)
	}
}

// keepMark notes, where the cache only observes, that an answer would be kept.
func (s *session) keepMark(o *op) {
	c, q := s.e.cache, &o.read.question
	if q.old != nil { // it is noted already, and not too old
		return
	}
	mark := cache.NewRecorder(nil, c.limits).Answer()
	if c.store.Put(string(q.key), mark, q.token, q.sentAt, o.plan.TTL) {
		c.count.kept.Add(1)
	}
}

// findLate is find for a query that has its connection now. It reports whether o
// has its answer.
func (s *session) findLate(o *op) bool {
	o.is.unset(late)
	c, q, sc := s.e.cache, &o.read.question, &s.held.Value.scope
	if sc.unsure() || o.outdated(s.held.Value) {
		c.count.passed.add(whySession)
		q.how.tell("bypass", whySession, 0)
		return false
	}
	plan := o.plan
	if !s.sameQuestion(o, plan) {
		c.count.passed.add(whyRewritten)
		q.how.tell("bypass", whyRewritten, 0)
		return false
	}
	q.scope = sc.told
	q.key, _ = cache.AppendKey(q.key[:0], asked(o, plan), q.scope, o.Args)
	why := s.find(o, plan, s.e.now())
	if why == "" {
		o.is.set(fromCache)
		return true
	}
	c.count.misses.add(why)
	q.how.tell("miss", why, 0)
	return false
}
