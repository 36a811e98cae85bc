// This file is the databases of a gateway that runs: which there are, and what becomes of the sessions of those that go.

package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

var (
	errDisabled = errors.New("the database is not served at present")
	errKilled   = errors.New("an operator ended the session")
	errAnew     = refused{wire.ErrorShutdown, "the database is served anew, and this session was of the one before; nothing was done"}
)

// offer is a database as it is served under a name.
type offer struct {
	Database
	name             string
	disabled, paused atomic.Bool
	abandoned        atomic.Bool // another one has its name, and what waits for it must not reach it
	pins             pins

	sessions int    // the server's lock protects it, and what follows
	retired  func() // is called once the offer is over and has no session
}

// leftLocked returns what is to be called now that a session has left.
func (o *offer) leftLocked() (retired func()) {
	if o.sessions > 0 {
		return nil
	}
	retired, o.retired = o.retired, nil
	return retired
}

// offers are the databases by name. It is immutable.
type offers map[string]*offer

// newOffers makes offers of databases; one that was served before under its name
// stays the offer that it was, and of another one under a name stays what an
// operator did to that.
func newOffers(databases map[string]Database, before offers) *offers {
	all := offers{}
	for name, db := range databases {
		o := before[name]
		if o == nil || o.Database != db {
			o = o.replaced(name, db)
		}
		all[name] = o
	}
	return &all
}

// replaced is an offer in the place of o, or of none: disabled and paused where
// that was.
func (o *offer) replaced(name string, db Database) *offer {
	now := &offer{Database: db, name: name}
	if o == nil {
		return now
	}
	now.disabled.Store(o.disabled.Load())
	if d, ok := db.(operated); ok && o.paused.Load() {
		now.paused.Store(true)
		d.Suspend()
	}
	return now
}

func (o *offers) databases() map[string]Database {
	all := map[string]Database{}
	for name, one := range *o {
		all[name] = one.Database
	}
	return all
}

// sorted are the offers in the order of their names.
func (o *offers) sorted() []*offer {
	var all []*offer
	for _, name := range slices.Sorted(maps.Keys(*o)) {
		all = append(all, (*o)[name])
	}
	return all
}

// offer is the database that is served under a name; nil where none is.
func (s *Server) offer(name string) *offer { return (*s.offers.Load())[name] }

// Served is the part of a Config that SetServed changes: all of it, so what is left
// out is served no more.
type Served struct {
	// Databases are those by name, as in Config. A value that is the same as before
	// keeps its sessions.
	Databases map[string]Database
	// Users are those who may log in, Bounds what all users of a database may take, as
	// in Config.
	Users  []User
	Bounds map[string]Bounds
}

// SetServed puts others in the place of the databases, their bounds and the users,
// all at once; if something is wrong with them, the error names all of it and
// nothing changes. What becomes of the users' sessions is as with SetUsers. A
// database whose name is gone or leads to another value is left: its sessions hear
// goaway and may end their transactions, and clients come again for the one that
// is served now. Once it has no session, retired is called with it, from a
// goroutine of the server's or before SetServed returns; its owner closes it then. It
// must not be nil where a database may be left.
// One that an operator has paused or disabled stays so under its name. Of new
// bounds InFlight holds at once, the others for sessions that begin.
func (s *Server) SetServed(to Served, retired func(name string, db Database)) error {
	over, err := s.setServed(to, retired)
	for _, call := range over { // without the lock, which operators wait for
		call()
	}
	return err
}

// setServed is SetServed, but for the calls to retired that are due.
func (s *Server) setServed(to Served, retired func(name string, db Database)) (over []func(), err error) {
	s.changes.Lock()
	defer s.changes.Unlock()
	c := s.cfg
	c.Databases, c.Users, c.Bounds = maps.Clone(to.Databases), slices.Clone(to.Users), maps.Clone(to.Bounds)
	if err := errors.Join(slices.Concat(c.databaseFaults(), c.boundFaults(), c.userFaults())...); err != nil {
		return nil, fmt.Errorf("fluxor: what the gateway is to serve: %w", err)
	}
	s.putBounds(c.Bounds)
	before := *s.offers.Load()
	now := newOffers(c.Databases, before)
	s.offers.Store(now)
	for name, o := range before {
		if (*now)[name] != o {
			if call := s.retire(o, func() { retired(o.name, o.Database) }); call != nil {
				over = append(over, call)
			}
		}
	}
	s.putUsers(c.Users)
	return over, nil
}

// retire asks all sessions of an offer to go. One that is paused stays so: a
// statement that waits there, for instance until a standby has become the primary,
// must not reach the database that was left. What it returns is to be called, if it
// is not nil.
func (s *Server) retire(o *offer, retired func()) (call func()) {
	s.log.Info("fluxor: a database is served no more, or anew", slog.String("database", o.name))
	o.abandoned.Store(o.paused.Load())
	waits, call := s.retiring(o, retired)
	for _, w := range waits { // without the lock: a client may just be told that it waits
		w.leave(errAnew)
	}
	return call
}

// retiring is retire, but for the statements of which none may wait any more.
func (s *Server) retiring(o *offer, retired func()) (waits []*waiting, call func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.retired = retired
	for k := range s.links {
		if k.user == nil || k.offer != o {
			continue
		}
		k.drain(time.Time{})
		if w := k.wait.Load(); w != nil && o.abandoned.Load() {
			waits = append(waits, w)
		}
	}
	return waits, o.leftLocked()
}
