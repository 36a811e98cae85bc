// This file holds the admin operations that act.

package gateway

import (
	"context"
	"strconv"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// opArgs are those of an operation, by name.
type opArgs map[string]string

// done is the answer of an operation that acts.
type done struct {
	// Databases are those it acted on.
	Databases []string `json:"databases"`
	// Used are their connections that are still at work.
	Used int `json:"used"`
}

// offers are the databases that an operation is for: the one that is named, else
// all.
func (a opArgs) offers(s *Server) ([]*offer, error) {
	name := a[argDatabase]
	if name == "" {
		return s.offers.Load().sorted(), nil
	}
	if o := s.offer(name); o != nil {
		return []*offer{o}, nil
	}
	return nil, wrongArgument("there is no database %q", name)
}

// operated are those of offers that operators can turn.
func (a opArgs) operated(s *Server) ([]*offer, error) {
	all, err := a.offers(s)
	for _, o := range all {
		if _, ok := o.Database.(operated); !ok {
			return nil, wrongArgument("the database %q is of a kind that cannot be asked for that", o.name)
		}
	}
	return all, err
}

// wait is for how long an operation may wait, and whether that was said.
func (a opArgs) wait() (d time.Duration, said bool, err error) {
	text, said := a[argWait]
	if !said {
		return 0, false, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, true, wrongArgument("%s=%q: want a number of milliseconds", argWait, text)
	}
	return time.Duration(n) * time.Millisecond, true, nil
}

// act does something to each database of an operation's.
func (a opArgs) act(s *Server, do func(*offer, operated)) (any, error) {
	s.changes.Lock() // else it may be done to a database that is replaced now
	defer s.changes.Unlock()
	all, err := a.operated(s)
	if err != nil {
		return nil, err
	}
	answer := done{Databases: []string{}}
	for _, o := range all {
		db := o.Database.(operated)
		do(o, db)
		answer.Databases = append(answer.Databases, o.name)
		answer.Used += db.PoolStats().Used
	}
	return answer, nil
}

func pause(ctx context.Context, s *Server, a opArgs) (any, error) {
	limit, waits, err := a.wait()
	if err != nil {
		return nil, err
	}
	answer, err := a.act(s, func(o *offer, db operated) {
		o.paused.Store(true)
		db.Suspend()
	})
	if err != nil || !waits {
		return answer, err
	}
	all, _ := a.operated(s)
	err = await(ctx, limit, "paused, but connections are still used", func() bool { return total(all, used) == 0 })
	return done{answer.(done).Databases, total(all, used)}, err
}

func resume(_ context.Context, s *Server, a opArgs) (any, error) {
	return a.act(s, func(o *offer, db operated) {
		o.paused.Store(false)
		db.Resume()
	})
}

func reconnect(_ context.Context, s *Server, a opArgs) (any, error) {
	return a.act(s, func(_ *offer, db operated) { db.Evict() })
}

func waitClose(ctx context.Context, s *Server, a opArgs) (any, error) {
	limit, waits, err := a.wait()
	if err != nil {
		return nil, err
	}
	all, err := a.operated(s)
	if err != nil {
		return nil, err
	}
	if !waits {
		limit = 1<<63 - 1
	}
	err = await(ctx, limit, "connections are still used that are to be closed", func() bool { return total(all, outdated) == 0 })
	if err != nil {
		return nil, err
	}
	return a.act(s, func(*offer, operated) {})
}

func used(db operated) int { return db.PoolStats().Used }

func outdated(db operated) int {
	p := db.PoolStats()
	return p.Outdated + p.Closing
}

// total adds up a number of databases.
func total(all []*offer, count func(operated) int) (n int) {
	for _, o := range all {
		n += count(o.Database.(operated))
	}
	return n
}

// between is how often is looked whether something that an operator waits for
// has come true.
const between = 10 * time.Millisecond

// await waits until something holds, for the limit at most; else the error says
// that.
func await(ctx context.Context, limit time.Duration, wrong string, holds func() bool) error {
	late := time.NewTimer(limit)
	defer late.Stop()
	look := time.NewTicker(between)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-late.C:
			return refused{wire.ErrorTimeout, wrong}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func disable(_ context.Context, s *Server, a opArgs) (any, error) {
	return a.able(s, true)
}

func enable(_ context.Context, s *Server, a opArgs) (any, error) {
	return a.able(s, false)
}

// able lets new sessions use a database, or not.
func (a opArgs) able(s *Server, disabled bool) (any, error) {
	if a[argDatabase] == "" && disabled {
		return nil, wrongArgument("the argument database is missing")
	}
	s.changes.Lock() // as act
	defer s.changes.Unlock()
	all, err := a.offers(s)
	if err != nil {
		return nil, err
	}
	answer := done{Databases: []string{}}
	for _, o := range all {
		o.disabled.Store(disabled)
		answer.Databases = append(answer.Databases, o.name)
	}
	return answer, nil
}

// killed is the answer of kill.
type killed struct {
	Sessions int `json:"sessions"`
}

func killClient(ctx context.Context, s *Server, a opArgs) (any, error) {
	if a[argSession] == "" {
		return nil, wrongArgument("the argument session is missing")
	}
	return killSessions(ctx, s, a)
}

func killSessions(_ context.Context, s *Server, a opArgs) (any, error) {
	session, database, user := a[argSession], a[argDatabase], a[argUser]
	if session == "" && database == "" && user == "" {
		return nil, wrongArgument("whose sessions? a session, a database or a user must be named")
	}
	n := s.kill(func(k *link) bool {
		return (session == "" || session == k.id) && (database == "" || database == k.db) && (user == "" || user == k.user.Name)
	})
	if n == 0 {
		return nil, wrongArgument("there is no such session")
	}
	return killed{n}, nil
}

func reload(ctx context.Context, s *Server, _ opArgs) (any, error) {
	if s.cfg.Operations.Reload == nil {
		return nil, wrongArgument("the gateway's program reloads nothing")
	}
	changes, err := s.cfg.Operations.Reload(ctx)
	if err != nil {
		return nil, refused{wire.ErrorProtocol, err.Error()}
	}
	return changes, nil
}

func drain(_ context.Context, s *Server, _ opArgs) (any, error) {
	if s.cfg.Operations.Drain == nil {
		return nil, wrongArgument("the gateway's program is not ended so")
	}
	s.cfg.Operations.Drain()
	return struct {
		Sessions int `json:"sessions"`
	}{s.Sessions()}, nil
}
