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
	until    time.Time // when the certificate ends
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

// until is when the login ends of a user who is still there and showed that; zero
// is never.
func (d *directory) until(name string, what shown) time.Time {
	u, end := d.byName[name], what.until
	if what.names == nil && what.password == nil {
		end = u.until(what.token)
	}
	return earlier(end, u.Expires)
}

// SetUsers puts others in the place of the users. Sessions go on whose user may
// still use their database and showed what is still valid, until that ends as the
// new users say; all others end, with what they run. If something is wrong with the
// users, the error names all of it and nothing changes.
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
	warnOfShared(users, s.log)
	for _, name := range s.takeUsers(newDirectory(users)) {
		s.log.Info("fluxor: a session ends, its user may not have it any more", slog.String("user", name))
	}
}

// takeUsers has those count from now on, and returns whose sessions end: a log may
// stand still, which the server's lock must not.
func (s *Server) takeUsers(d *directory) (ended []string) {
	now := time.Now()
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
		switch {
		case k.user == nil:
		case d.still(k.user.Name, k.db, k.shown, now):
			k.lasts(d.until(k.user.Name, k.shown))
		default:
			ended = append(ended, k.user.Name)
			k.revoke()
		}
	}
	return ended
}

// renewed has a session go on by a token, and by nothing that it showed before;
// false where the users changed meanwhile and the token does not let it.
func (s *Server) renewed(k *link, token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, what := s.users.Load(), shown{token: HashToken(token).SHA256, reads: k.shown.reads}
	if k.revoked.Load() || !d.still(k.user.Name, k.db, what, time.Now()) {
		return false
	}
	k.shown = what
	k.lasts(d.until(k.user.Name, what))
	return true
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

// lookAgain is how often the clock on the wall is looked at, which ends a login:
// timers do not notice that it was put forward, or that the machine slept.
const lookAgain = time.Minute

// lasts says when the login ends; zero is never. Then the session ends, also while
// it runs something. The server's lock is held.
func (k *link) lasts(until time.Time) {
	if k.expiry != nil {
		k.expiry.Stop()
	}
	if until.IsZero() {
		k.expiry = nil
		k.ends.Store(nil)
		return
	}
	k.ends.Store(&until)
	k.expiry = time.AfterFunc(min(time.Until(until), lookAgain), func() { k.server.expired(k) })
}

// loginEnds is what lasts said.
func (k *link) loginEnds() time.Time {
	if end := k.ends.Load(); end != nil {
		return *end
	}
	return time.Time{}
}

// ended reports whether the login has ended by now.
func (k *link) ended(now time.Time) bool {
	end := k.loginEnds()
	return !end.IsZero() && !now.Before(end)
}

// expired runs in a timer's goroutine. The login may have been prolonged meanwhile,
// the clock set back, or it is only time to look.
func (s *Server) expired(k *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, here := s.links[k]; !here {
		return
	}
	if !k.ended(time.Now()) {
		k.lasts(k.loginEnds())
		return
	}
	k.revoke()
}
