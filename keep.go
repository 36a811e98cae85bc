// This file is the session's use of the statement cache.

package fluxor

import (
	"context"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/middleware"
)

// heed looks at what o's text does before it runs: p keeps nothing over a
// statement that may change the session.
func (s *session) heed(p *physical, o *op) {
	c := p.kept
	switch o.Op {
	case middleware.OpExec, middleware.OpQuery:
	case middleware.OpPrepare: // with lib/pq a COPY begins here
		c.copying = c.copying || c.k.memo.Of(o.SQL).Verb == "COPY"
		return
	default:
		return
	}
	o.known = c.k.memo.Of(o.SQL)
	if o.known.Neutral {
		return
	}
	c.empty()
	c.unsettled = s.tx != nil
	c.reshaped = c.reshaped || reshapes(o.known)
}

// told tells the other connections of tables that o changed, or made to last
// where a text began the transaction. A transaction's end tells by itself.
func (s *session) told(p *physical, o *op) {
	if p.kept.reshaped && s.tx == nil && o.known != nil && (reshapes(o.known) || o.known.Verdict == sqltext.TxControl) {
		p.kept.tell()
	}
}

// statementFor returns the statement that p keeps for o's text, which it prepares where
// the text is worth it; nil where the text is to run as if there were no cache.
func (s *session) statementFor(ctx context.Context, p *physical, o *op) (*prepared, error) {
	c := p.kept
	if c == nil || c.useless || o.is.has(anew) || !worth(o.known) {
		return nil, nil
	}
	if s.open > 0 || c.copying {
		return nil, nil // lib/pq would take the statement for a part of what is under way (stmt.go, exec)
	}
	if ps := c.get(o.SQL); ps != nil {
		o.is.set(byKept)
		return ps, nil
	}
	if !c.admits(o.known) {
		return nil, nil
	}
	si, err := p.prepare(ctx, o.SQL)
	if err != nil && c.k.how.Full != nil && c.k.how.Full(err) {
		return nil, s.makeRoom(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	ps := p.keep(o.SQL, si, true)
	c.put(ps)
	s.tidy(ctx, p)
	o.is.set(byKept)
	return ps, nil
}

// makeRoom gives up what p keeps, for good: the server holds too many
// statements, and others need theirs more.
func (s *session) makeRoom(ctx context.Context, p *physical) error {
	p.kept.k.full.Store(true)
	p.kept.empty()
	return s.closeDoomed(ctx, p, p.kept.k.size)
}

// tooOld gives up a kept statement whose error may be due to its age, on all
// connections, and reports whether the text may run again.
func (s *session) tooOld(p *physical, o *op, err error) bool {
	if p.broken || p.cut() {
		return false
	}
	age := s.e.keeper.how.Age(err, o.known.Verdict == sqltext.Pure)
	switch age {
	case backend.AgeFits:
		if !s.e.backend.Classify(err).Answered() {
			p.kept.forget(o.SQL) // the server may hold a part of the call: go-sql-driver sends long arguments ahead
		}
		return false
	case backend.AgeAborted:
		return true // it says so in other words to a text
	}
	s.e.keeper.spread(o.SQL) // to p as well
	return age == backend.AgeOver
}

// tidy closes what p's cache gave up, once that is as much as it may hold: a
// lease may be long, and each start of one closes but a few.
func (s *session) tidy(ctx context.Context, p *physical) {
	if p.dooms.Load() && p.spares() > p.kept.k.size {
		_ = s.closeDoomed(ctx, p, p.kept.k.size)
	}
}
