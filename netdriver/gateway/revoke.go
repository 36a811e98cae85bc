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
)

// shown is what a client logged in with, so that it can be asked later whether
// that still holds. Exactly one of its fields is set.
type shown struct {
	token    [sha256.Size]byte
	password []byte   // the stored key of it
	names    []string // of the certificate
}

// still reports whether a user who showed that may use the database.
func (d *directory) still(name, db string, what shown, now time.Time) bool {
	u := d.byName[name]
	switch {
	case u == nil || !u.may(now) || !u.allows(db):
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
	for k := range s.links {
		if k.user != nil && !d.still(k.user.Name, k.db, k.shown, now) {
			s.log.Info("fluxor: a session ends, its user may not have it any more", slog.String("user", k.user.Name))
			k.revoke()
		}
	}
}

// renewed notes that a session goes on by a token.
func (s *Server) renewed(k *link, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.shown = shown{token: HashToken(token).SHA256}
}

// revoke ends the session at the end of what it runs.
func (k *link) revoke() {
	k.revoked.Store(true)
	if in := k.in.Load(); in != nil {
		in.nudge()
	}
}
