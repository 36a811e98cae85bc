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
)

var (
	errDisabled = errors.New("the database is not served at present")
	errKilled   = errors.New("an operator ended the session")
)

// offer is a database as it is served under a name.
type offer struct {
	Database
	name             string
	disabled, paused atomic.Bool

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
// stays the offer that it was.
func newOffers(databases map[string]Database, before offers) *offers {
	all := offers{}
	for name, db := range databases {
		all[name] = &offer{Database: db, name: name}
		if o := before[name]; o != nil && o.Database == db {
			all[name] = o
		}
	}
	return &all
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

// SetServed puts others in the place of the databases and the users, all at once;
// if something is wrong with them, the error names all of it and nothing changes.
// What becomes of the users' sessions is as with SetUsers. A database whose name
// is gone or leads to another value is left: its sessions hear goaway and may end
// their transactions, and clients come again for the one that is served now. Once
// it has no session, retired is called with it, from a goroutine of the server's
// or before SetServed returns; its owner closes it then.
func (s *Server) SetServed(databases map[string]Database, users []User, retired func(name string, db Database)) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	c := s.cfg
	c.Databases, c.Users = maps.Clone(databases), slices.Clone(users)
	if err := errors.Join(append(c.databaseFaults(), c.userFaults()...)...); err != nil {
		return fmt.Errorf("fluxor: what the gateway is to serve: %w", err)
	}
	before := *s.offers.Load()
	now := newOffers(c.Databases, before)
	s.offers.Store(now)
	for name, o := range before {
		if (*now)[name] != o {
			s.retire(o, func() { retired(o.name, o.Database) })
		}
	}
	s.putUsers(c.Users)
	return nil
}

// retire asks all sessions of an offer to go.
func (s *Server) retire(o *offer, retired func()) {
	s.log.Info("fluxor: a database is served no more, or anew", slog.String("database", o.name))
	if db, ok := o.Database.(operated); ok && o.paused.Load() {
		db.Resume() // nobody else will
	}
	s.mu.Lock()
	o.retired = retired
	for k := range s.links {
		if k.user != nil && k.offer == o {
			k.drain(time.Time{})
		}
	}
	call := o.leftLocked()
	s.mu.Unlock()
	if call != nil {
		call()
	}
}
