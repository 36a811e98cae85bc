// This file changes the users of a gateway that runs, and ends the sessions of those who may not be there any more.

package gateway

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// shown is what a client logged in with, so that it can be asked later whether
// that still holds. Exactly one of its fields but reads and until is set.
type shown struct {
	reads    bool      // the user only read
	until    time.Time // when it ends; zero is never
	token    [sha256.Size]byte
	password []byte   // the stored key of it
	names    []string // of the certificate
}

// still reports whether a user who showed that may use the database.
func (d *directory) still(name, db string, what shown, now time.Time) bool {
	u := d.byName[name]
	switch {
	case u == nil || !u.may(now) || !u.allows(db) || u.ReadOnly != what.reads:
		return false
	case what.names != nil:
		return u.certified(what.names)
	case what.password != nil:
		return u.SCRAM != nil && bytes.Equal(u.SCRAM.StoredKey, what.password)
	}
	return slices.ContainsFunc(u.Tokens, func(t Token) bool {
		return t.SHA256 == what.token && (t.Expires.IsZero() || now.Before(t.Expires))
	})
}

// SetUsers puts others in the place of the users. Sessions go on whose user may
// still use their database and showed what is still valid; all others end, at the
// end of what they run now. If something is wrong with the users, the error names
// all of it and nothing changes.
func (s *Server) SetUsers(users []User) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	c := s.cfg
	c.Databases, c.Users = s.offers.Load().databases(), slices.Clone(users)
	if err := errors.Join(c.userFaults()...); err != nil {
		return fmt.Errorf("fluxor: the gateway's users: %w", err)
	}
	s.putUsers(c.Users)
	return nil
}

// putUsers is SetUsers for users with whom nothing is wrong.
func (s *Server) putUsers(users []User) {
	d, now := newDirectory(users), time.Now()
	s.users.Store(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, g := range s.userGates {
		n := 0
		if u := d.byName[name]; u != nil {
			n = u.Bounds.InFlight
		}
		g.SetLimit(n)
	}
	for k := range s.links {
		if k.user != nil && !d.still(k.user.Name, k.db, k.shown, now) {
			s.log.Info("fluxor: a session ends, its user may not have it any more", slog.String("user", k.user.Name))
			k.revoke()
		}
	}
}

// renewed notes that a session goes on by a token.
func (s *Server) renewed(k *link, token string, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.shown = shown{token: HashToken(token).SHA256, reads: k.shown.reads, until: until}
}

// revokedGrace is how long a session whose login has ended may take to say so to
// its client.
const revokedGrace = 700 * time.Millisecond

// errRevoked cancels what a session runs whose login has ended.
var errRevoked = refused{wire.ErrorAuth, errEnded}

// revoke ends the session: what it runs is canceled, and soon its connection ends,
// whatever it does. The server's lock is held.
func (k *link) revoke() {
	k.revoked.Store(true)
	if in := k.in.Load(); in != nil {
		in.interrupt(errRevoked)
	}
	if k.left == nil {
		k.left = time.AfterFunc(revokedGrace, k.hangUp)
	}
}

// expire ends the session when its login does, also while it runs something.
func (s *session) expire() {
	if s.expiry != nil {
		s.expiry.Stop()
	}
	if !s.until.IsZero() {
		s.expiry = time.AfterFunc(time.Until(s.until), func() { s.server.expired(s.link) })
	}
}

// expired runs in a timer's goroutine. The login may have been renewed meanwhile.
func (s *Server) expired(k *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, here := s.links[k]; here && !k.shown.until.IsZero() && !time.Now().Before(k.shown.until) {
		k.revoke()
	}
}
