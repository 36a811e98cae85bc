// This file bounds what one user, and what all users of one database, may take at once and in one answer.

package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fluxor-db/fluxor/internal/limit"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// Bounds are what somebody may take. 0 is no bound. Where a user has one and the
// database another, both hold.
type Bounds struct {
	// Sessions is how many sessions there may be.
	Sessions int
	// InFlight is how many statements may run at once; a transaction and a session
	// that keeps its connection count as one. Others wait in their order, at most a
	// thousand for each that may run: more are refused with the kind overloaded.
	InFlight int
	// Queue is how long a statement may wait, for InFlight and for a connection to
	// the database together. Then it fails with the kind pool_timeout; nothing was
	// run and the session goes on. The shorter one holds.
	Queue time.Duration
	// Rows and Bytes are the most of one result. A statement that answers more
	// fails with the kind too_large when that many were sent.
	Rows, Bytes int64
}

// faults are what is wrong with bounds.
func (b Bounds) faults(fault func(what string)) {
	for _, n := range []struct {
		name string
		n    int64
	}{
		{"Sessions", int64(b.Sessions)}, {"InFlight", int64(b.InFlight)}, {"Queue", int64(b.Queue)}, {"Rows", b.Rows}, {"Bytes", b.Bytes},
	} {
		if n.n < 0 {
			fault(n.name + " is negative")
		}
	}
}

// tighter is the smaller bound of two, of which 0 is none.
func tighter[N int | int64 | time.Duration](a, b N) N {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// and is what both allow in one session.
func (b Bounds) and(o Bounds) Bounds {
	return Bounds{Queue: tighter(b.Queue, o.Queue), Rows: tighter(b.Rows, o.Rows), Bytes: tighter(b.Bytes, o.Bytes)}
}

// waitingFor is how many may wait at a gate for each that may pass; more are
// refused.
const waitingFor = 1000

// gates count the statements that run, of each user and on each database.
type gates map[string]*limit.Concurrency

// gate is the one of a name, made where there is none, with n as its bound.
// The server's lock is held.
func (g gates) gate(name string, n int) *limit.Concurrency {
	if g[name] == nil {
		g[name] = limit.NewConcurrency(limit.ConcurrencyConfig{Mode: limit.Block, Queue: waitingFor * max(n, 1)})
	}
	g[name].SetLimit(n)
	return g[name]
}

// gatesFor are those that a session's statements pass: the user's first, so that
// who waits for himself takes no place on the database.
func (s *Server) gatesFor(u *User, db string) []*limit.Concurrency {
	return []*limit.Concurrency{s.userGates.gate(u.Name, u.Bounds.InFlight), s.databaseGates.gate(db, s.bounds[db].InFlight)}
}

// putBounds puts others in the place of the databases' bounds.
func (s *Server) putBounds(bounds map[string]Bounds) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bounds = bounds
	for name, g := range s.databaseGates {
		g.SetLimit(bounds[name].InFlight)
	}
}

// place is what a session is given when it begins.
type place struct {
	gates  []*limit.Concurrency // its statements pass them
	bounds Bounds               // of each result, and of waiting
}

// placeOf is a session's place. The server's lock is held.
func (s *Server) placeOf(u *User, db string) place {
	return place{s.gatesFor(u, db), u.Bounds.and(s.bounds[db])}
}

// errQueue ends the wait of a statement.
var errQueue = refused{wire.ErrorPoolTimeout, "no connection to the database became free in time"}

// admit waits until the statement may run, where the session does not run one
// already. vacate gives the place back.
func (s *session) admit(c *call) error {
	if s.placed {
		return nil
	}
	s.waiting.begin(c)
	for i, g := range s.gates {
		if err := s.pass(c.ctx, g); err != nil {
			for _, passed := range s.gates[:i] {
				passed.Release()
			}
			return err
		}
	}
	s.placed = true
	return nil
}

// pass goes through one gate.
func (s *session) pass(ctx context.Context, g *limit.Concurrency) error {
	if g.TryAcquire() {
		return nil
	}
	s.waiting.waits(true)
	defer s.waiting.waits(false)
	err := g.Acquire(ctx)
	var no limit.Refused
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &no):
		return refused{wire.ErrorOverloaded, "too many statements wait already"}
	}
	return err
}

// vacate gives the place back that admit took, unless the session keeps its
// connection.
func (s *session) vacate() {
	s.waiting.end()
	if !s.placed || s.lease.own() {
		return
	}
	s.placed = false
	for _, g := range s.gates {
		g.Release()
	}
}

// within counts a row of so many bytes against the bounds of one result.
func (c *call) within(b Bounds, size int) error {
	c.count++
	c.bytes += int64(size)
	switch {
	case b.Rows > 0 && c.count > b.Rows:
		return refused{wire.ErrorTooLarge, fmt.Sprintf("the result has more than the %d rows that are allowed", b.Rows)}
	case b.Bytes > 0 && c.bytes > b.Bytes:
		return refused{wire.ErrorTooLarge, fmt.Sprintf("the result has more than the %d bytes that are allowed", b.Bytes)}
	}
	return nil
}
