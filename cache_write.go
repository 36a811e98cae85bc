// This file announces what a session changes, before it is sent, and says how it ended.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/refusal"
)

// planned returns the plan of o's text as it goes to the driver: a middleware may
// have changed it, or somebody the schema while o waited for its connection. An
// argument may have PostgreSQL read the clock.
func (s *session) planned(o *op) *cacheplan.Plan {
	planner := s.e.cache.planner
	if text := o.text(); o.plan == nil || o.plan.Known.Text() != text || !planner.Present(o.plan) {
		o.plan = planner.Of(text)
		if o.plan.Serve && s.e.cache.dialect == sqltext.PostgreSQL && slices.ContainsFunc(o.Args, saysMoment) {
			o.plan = o.plan.Momentary()
		}
	}
	return o.plan
}

// text is what goes to the driver: of a prepared statement, what was prepared.
func (o *op) text() string {
	if o.Prepared && o.st != nil {
		return o.st.runs()
	}
	return o.SQL
}

// announce says, before o is sent on p, what it may change for others to see, and
// notes what it does to the session. Until conclude, nothing of that is kept or
// shown.
func (s *session) announce(p *physical, o *op) {
	switch o.Op {
	case middleware.OpBegin, middleware.OpRollback:
		s.wrote = written{} // what a rollback does not take back was published by its statement
		s.announceTurn(&p.scope)
	case middleware.OpCommit:
		s.announceTurn(&p.scope)
		s.wrote = written{}
	case middleware.OpExec, middleware.OpQuery:
		s.announceText(p, o)
	case middleware.OpPrepare:
		s.announceCopy(o)
	}
}

// announceText is announce for a text.
func (s *session) announceText(p *physical, o *op) {
	plan, sc, inTx := s.planned(o), &p.scope, s.tx != nil
	if plan.Session != cacheplan.Leaves || plan.Transaction != cacheplan.Stays || inTx && plan.Reshapes && s.slips() {
		sc.tell(plan, inTx, len(o.Args))
		s.e.cache.mark(sc)
	}
	if plan.Transaction.Turns(inTx) {
		s.announceTurn(sc)
		return
	}
	if !plan.Changes {
		return
	}
	tags := plan.Writes
	if sc.unknown {
		tags = cache.Everything() // it may have triggers of its own, on tables of all
	}
	if inTx {
		s.wrote.add(plan, tags)
	}
	if sc.unsure() {
		sc.wrote.with(plan, tags)
	}
	if inTx && !sc.unsure() && !plan.Reshapes && plan.Undoable {
		return // its COMMIT is what others see
	}
	s.publish(written{
		dirty: true, tags: tags, reshapes: plan.Reshapes, delayed: plan.Known.Delayed, plan: plan,
		sticks: !plan.Undoable || plan.Known.Count > 1 || plan.Reshapes || sc.unsure() || many(o.Args),
	})
}

// many reports whether a statement runs for each element of an argument, as godror's
// do: where one fails, what the others did may stay.
func many(args []driver.NamedValue) bool {
	return slices.ContainsFunc(args, func(a driver.NamedValue) bool {
		if cache.Plain(a.Value) {
			return false
		}
		t := reflect.TypeOf(a.Value)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		return t.Kind() == reflect.Slice || t.Kind() == reflect.Array
	})
}

// announceTurn is announce for what begins or ends a transaction: what was written
// in the one before becomes visible.
func (s *session) announceTurn(sc *scope) {
	w := s.wrote
	if unsure := sc.wrote; unsure.dirty {
		w.reshapes = w.reshapes || unsure.tags.All()
		if unsure.plan != nil && !s.e.cache.planner.Present(unsure.plan) {
			unsure.tags = cache.Everything()
		}
		w.with(unsure.plan, unsure.tags)
		w.sticks = true
	}
	s.publish(w)
}

// announceCopy is announce for a statement that begins when it is prepared: with
// lib/pq a COPY does.
func (s *session) announceCopy(o *op) {
	plan := s.planned(o)
	switch {
	case plan.Known.Verb != "COPY":
	case s.tx != nil:
		s.wrote.add(plan, plan.Writes)
	default:
		s.publish(written{dirty: true, tags: plan.Writes, plan: plan, sticks: true})
	}
}

// publish begins the change that others are about to see.
func (s *session) publish(w written) {
	if !w.dirty {
		return
	}
	c := s.e.cache
	if w.reshapes {
		c.planner.Forget()
	}
	a := announced{on: true, reshapes: w.reshapes, delayed: w.delayed, undoable: !w.sticks && c.dialect != sqltext.SQLite} // which knows UPDATE OR FAIL
	why := ""
	switch {
	case w.reshapes:
		why = "unknown-effect"
	case w.tags.All():
		why = "unknown-tables"
	case c.planner.Enter(w.plan):
		a.plan = w.plan
	default: // what was written since is under another schema
		why, w.tags = "schema-changed", cache.Everything()
	}
	if why != "" {
		c.count.flushes.add(why)
	}
	a.write = c.versions.Begin(w.tags)
	s.change = a
}

// foresee does what the query cache has to do before o is sent, now that it has
// its connection. It reports whether the cache has answered o.
func (s *session) foresee(o *op) (answered bool) {
	if o.is.has(late) && s.findLate(o) {
		return true
	}
	if s.aside && o.tx == nil {
		return false
	}
	s.announce(s.held.Value, o)
	if o.Op == middleware.OpQuery {
		s.sends(o)
	}
	return false
}

// sent notes that the present operation was carried out, or that it failed with
// err; again says that nothing of it was sent.
func (s *session) sent(p *physical, o *op, err error, again bool) {
	s.follow(&p.scope, o, err)
	if !s.change.on {
		return
	}
	if err == nil && o.Op == middleware.OpQuery {
		o.read.change, s.change = s.change, announced{} // it ends with the rows
		return
	}
	s.conclude(&s.change, o, err, again)
}

// follow notes what an operation did to the session.
func (s *session) follow(sc *scope, o *op, err error) {
	plan := o.plan
	switch {
	case err != nil && s.tx != nil:
		s.mayBeOver(sc)
	case err == nil && (o.Op == middleware.OpCommit || o.Op == middleware.OpRollback):
		sc.over()
	case err == nil && plan != nil && plan.Transaction == cacheplan.Ends && s.tx == nil:
		sc.over()
	}
	if err != nil && plan != nil && plan.Session == cacheplan.Sets {
		sc.unknown = true
	}
	s.e.cache.mark(sc)
}

// mayBeOver notes that a statement failed in a transaction, which the server may
// have rolled back with it, without a word: then what follows commits by itself.
func (s *session) mayBeOver(sc *scope) {
	if s.slips() {
		sc.turned = true
		s.e.cache.mark(sc)
	}
}

// slips reports whether the server ends a transaction for other reasons than
// being told to: the schema was changed, or a statement failed.
func (s *session) slips() bool {
	return s.e.cache.dialect == sqltext.MySQL || s.e.cache.dialect == sqltext.SQLite
}

// conclude says how a change ended that publish began: err is what became of the
// operation, nil for success.
func (s *session) conclude(a *announced, o *op, err error, again bool) {
	s.e.cache.ended(a, s.endOf(a, o, err, again))
}

// endOf is what conclude says.
func (s *session) endOf(a *announced, o *op, err error, again bool) ending {
	switch {
	case err == nil && !a.delayed:
		return done
	case err == nil:
		return doubtful
	case o.Op == middleware.OpBegin: // it may be sent again, and commits what was before
		return doubtful
	case again && !o.is.has(worked), o.is.has(harmless | toNobody), err == driver.ErrSkip: //nolint:errorlint // the contract of ErrSkip is identity
		return undone
	case s.saidNo(err) && a.undoable:
		return undone
	case s.saidNo(err) && !a.delayed:
		return done
	}
	return doubtful
}

// ending is how a change ended.
type ending uint8

const (
	// done: it may have taken effect, and is over.
	done ending = iota
	// undone: nobody ever sees any of it.
	undone
	// doubtful: nobody knows whether it took effect, or still will.
	doubtful
)

// ended ends an announced change. What it did to the schema is forgotten before its
// tags are free: else an answer could be kept by what was known before.
func (c *queryCache) ended(a *announced, how ending) {
	if !a.on {
		return
	}
	a.on = false
	if a.reshapes {
		c.reshaped()
	}
	doubt := time.Duration(0)
	switch how {
	case done:
		a.write.Done()
	case undone:
		a.write.Undone()
	case doubtful:
		doubt = c.doubt
		a.write.Doubtful(doubt)
	}
	if a.plan != nil {
		c.planner.Leave(a.plan, doubt)
		a.plan = nil
	}
}

// saidNo reports whether err is the server's own answer: the statement is over.
func (s *session) saidNo(err error) bool {
	var unknown *refusal.IndeterminateError
	return !errors.As(err, &unknown) && s.e.backend.Classify(err).Answered()
}

// lost ends the change of an operation that a panic ended.
func (s *session) lost(a *announced) {
	if a.on {
		s.e.cache.ended(a, doubtful)
	}
}

// lends is announce for somebody who may do what he likes with p, until
// returned.
func (s *session) lends(p *physical) {
	c := s.e.cache
	if c == nil || s.lent.on {
		return
	}
	p.scope.unknown = true
	p.scope.wrote.with(nil, cache.Everything()) // in a transaction, maybe
	c.mark(&p.scope)
	c.planner.Forget()
	c.count.flushes.add("raw")
	s.lent = announced{write: c.versions.Begin(cache.Everything()), on: true, reshapes: true}
}

// returned ends what lends began. Where he gave a call up, the server may still carry
// it out: err may say so, or the driver, which is done with the connection. Another
// error is his own.
func (s *session) returned(p *physical, err error) {
	switch {
	case !s.lent.on:
	case p.over(), s.e.backend.GivenUp != nil && s.e.backend.GivenUp(p.ci), gaveUp(err):
		s.lost(&s.lent)
	default:
		s.e.cache.ended(&s.lent, done)
	}
}

// gaveUp reports whether an error says that a call did not come to its end.
func gaveUp(err error) bool {
	var unknown *refusal.IndeterminateError
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, driver.ErrBadConn) || errors.As(err, &unknown)
}
