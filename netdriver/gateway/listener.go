// This file accepts connections and decides which of them are served.

package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Between accepts that fail, as they do where descriptors are used up.
const (
	firstBackoff = 5 * time.Millisecond
	mostBackoff  = time.Second
)

// Serve accepts connections until Shutdown or Close, and then returns
// ErrServerClosed. It closes the listener in any case. Without TLS it serves unix
// sockets and loopback addresses only, unless the configuration allows others: the
// error says so at once. An accept that fails is repeated after 5 ms to 1 s; where
// somebody else closed the listener, the error is the listener's.
func (s *Server) Serve(l net.Listener) error {
	if s.cfg.TLS == nil && !s.cfg.AllowPlaintext && !local(l.Addr()) {
		_ = l.Close()
		return fmt.Errorf("fluxor: the gateway would speak without TLS on %s; set TLS, or AllowPlaintext", l.Addr())
	}
	if !s.listen(l) {
		_ = l.Close()
		return ErrServerClosed
	}
	defer s.unlisten(l)
	for wait := time.Duration(0); ; {
		conn, err := l.Accept()
		switch {
		case err == nil:
			wait = 0
			attentive(conn)
			s.accept(conn)
		case s.over():
			return ErrServerClosed
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			wait = min(max(2*wait, firstBackoff), mostBackoff)
			s.log.Warn("fluxor: the gateway could not accept a connection", slog.Any("error", err), slog.Duration("again_in", wait))
			s.rest(wait)
		}
	}
}

// rest waits, unless the gateway ends.
func (s *Server) rest(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.life.Done():
	}
}

func (s *Server) listen(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || s.closed {
		return false
	}
	s.listeners[l] = struct{}{}
	s.serving.Store(true)
	return true
}

func (s *Server) unlisten(l net.Listener) {
	s.mu.Lock()
	delete(s.listeners, l)
	s.mu.Unlock()
	_ = l.Close()
}

// accept serves a connection in a goroutine of its own, which Close waits for.
func (s *Server) accept(conn net.Conn) {
	k := &link{server: s, conn: conn, address: addressOf(conn)}
	if !s.arrived(k) {
		_ = conn.Close()
		s.log.Warn("fluxor: too many connections wait for their login", slog.String("address", k.address))
		return
	}
	go k.serve()
}

// arrived counts a connection that has not logged in; false where there are too
// many.
func (s *Server) arrived(k *link) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, c := s.cfg.Limits, &s.counts
	if s.draining || s.closed || c.waiting >= l.Waiting || c.waitingFrom[k.address] >= l.WaitingPerAddress {
		return false
	}
	c.waiting++
	c.waitingFrom[k.address]++
	k.waits = true
	s.links[k] = struct{}{}
	s.wg.Add(1)
	return true
}

// admitted makes a connection a session of the user of that name, as the user is
// now, and returns its place; the error says which limit is against it.
func (s *Server) admitted(k *link, name string) (place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.users.Load()
	if !d.still(name, k.db, k.shown, time.Now()) { // they changed since the login began
		return place{}, errLogin
	}
	u := d.byName[name]
	if err := s.againstLocked(k, u); err != nil {
		return place{}, err
	}
	c := &s.counts
	c.waited(k)
	c.sessions++
	c.byUser[u.Name]++
	c.byDatabase[k.db]++
	c.from[k.address]++
	k.offer.sessions++
	k.user, k.id, k.since = u, newID(), time.Now()
	k.lasts(d.until(name, k.shown))
	return s.placeOf(u, k.db), nil
}

// againstLocked is what is against a session.
func (s *Server) againstLocked(k *link, u *User) error {
	l, c := s.cfg.Limits, &s.counts
	mine, all := tighter(u.Sessions, u.Bounds.Sessions), s.bounds[k.db].Sessions
	if mine == 0 {
		mine = l.SessionsPerUser
	}
	switch {
	case s.draining || s.closed:
		return errEnd
	case s.offer(k.db) != k.offer || k.offer.disabled.Load():
		return errDisabled
	case c.sessions >= l.Sessions:
		return errors.New("the gateway has as many sessions as it may have")
	case mine > 0 && c.byUser[u.Name] >= mine:
		return errors.New("the user has as many sessions as it may have")
	case l.SessionsPerAddress > 0 && c.from[k.address] >= l.SessionsPerAddress:
		return errors.New("the address has as many sessions as it may have")
	case all > 0 && c.byDatabase[k.db] >= all:
		return errors.New("the database has as many sessions as it may have")
	}
	return nil
}

// gone forgets a connection.
func (s *Server) gone(k *link) {
	if retired := s.forgotten(k); retired != nil {
		retired()
	}
}

// forgotten is gone; it returns what is to be called where the connection was the
// last one of a database that is no longer served.
func (s *Server) forgotten(k *link) (retired func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.links, k)
	if k.left != nil {
		k.left.Stop()
	}
	if k.expiry != nil {
		k.expiry.Stop()
	}
	s.counts.waited(k)
	if k.user == nil {
		return nil
	}
	s.counts.sessions--
	less(s.counts.byUser, k.user.Name)
	less(s.counts.byDatabase, k.db)
	less(s.counts.from, k.address)
	k.offer.sessions--
	return k.offer.leftLocked()
}

// counts are how many connections there are.
type counts struct {
	waiting, sessions                     int
	waitingFrom, byUser, byDatabase, from map[string]int
}

func newCounts() counts {
	return counts{waitingFrom: map[string]int{}, byUser: map[string]int{}, byDatabase: map[string]int{}, from: map[string]int{}}
}

// waited ends a connection's wait for its login.
func (c *counts) waited(k *link) {
	if k.waits {
		k.waits = false
		c.waiting--
		less(c.waitingFrom, k.address)
	}
}

// less counts one less of a name.
func less(m map[string]int, name string) {
	if m[name]--; m[name] <= 0 {
		delete(m, name)
	}
}

// local reports whether only this machine reaches an address.
func local(a net.Addr) bool {
	switch a := a.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	}
	return false
}

// addressOf is where a connection comes from, without its port.
func addressOf(conn net.Conn) string {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.IP.String()
	}
	return "local"
}

// within is a context that ends with the gateway.
func (s *Server) within() (context.Context, context.CancelCauseFunc) {
	return context.WithCancelCause(s.life)
}
