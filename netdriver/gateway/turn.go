// This file has connections wait for their turn to log in, where many come from one address at once.

package gateway

import (
	"log/slog"
	"net"
	"slices"
	"time"
)

// accept serves a connection in a goroutine of its own, which Close waits for, now or
// when it is its turn.
func (s *Server) accept(conn net.Conn) {
	k := &link{server: s, conn: conn, address: addressOf(conn), came: time.Now()}
	turn, left := s.arrived(k)
	if left != nil {
		_ = left.conn.Close()
		s.log.Warn("fluxor: too many connections wait for their login", slog.String("address", left.address))
	}
	if turn {
		go k.serve()
	}
}

// arrived counts a connection that has not logged in, and says whether it is its turn.
// Where there are too many, one is left: the new one, or the last in line where the
// new one's address has room. So an address that sends many shuts out no other.
func (s *Server) arrived(k *link) (turn bool, left *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.counts
	full := c.waiting+len(c.line) >= s.cfg.Limits.Waiting
	switch {
	case s.draining || s.closed:
		return false, k
	case !s.roomLocked(k) && !full:
		k.left = time.AfterFunc(s.cfg.Timeouts.Login, func() { s.tired(k) })
		c.line = append(c.line, k)
		return false, nil
	case full && (len(c.line) == 0 || !s.roomLocked(k)):
		return false, k
	case full:
		left = c.line[len(c.line)-1]
		c.outOfLine(len(c.line) - 1)
	}
	s.beginLocked(k)
	return true, left
}

// roomLocked says whether one more of the connection's address may log in now.
func (s *Server) roomLocked(k *link) bool {
	return s.counts.waitingFrom[k.address] < s.cfg.Limits.WaitingPerAddress
}

// beginLocked counts a connection that is to log in now.
func (s *Server) beginLocked(k *link) {
	c := &s.counts
	c.waiting++
	c.waitingFrom[k.address]++
	k.waits = true
	s.links[k] = struct{}{}
	s.wg.Add(1)
}

// outOfLine takes a connection out of the line.
func (c *counts) outOfLine(i int) {
	c.line[i].left.Stop()
	c.line[i].left = nil
	c.line = slices.Delete(c.line, i, i+1)
}

// callIn serves those in line whose turn it is now, since others have logged in or gone.
func (s *Server) callIn() {
	for k := s.nextInLine(); k != nil; k = s.nextInLine() {
		go k.serve()
	}
}

// nextInLine takes the first whose address has room out of the line; nil for nobody.
func (s *Server) nextInLine() *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.counts
	i := slices.IndexFunc(c.line, s.roomLocked)
	if i < 0 || s.draining || s.closed {
		return nil
	}
	k := c.line[i]
	c.outOfLine(i)
	s.beginLocked(k)
	return k
}

// tired ends the wait of a connection whose time for the login is over.
func (s *Server) tired(k *link) {
	s.mu.Lock()
	i := slices.Index(s.counts.line, k)
	if i >= 0 {
		s.counts.outOfLine(i)
	}
	s.mu.Unlock()
	if i >= 0 {
		_ = k.conn.Close()
	}
}

// disperse ends the waits of all in line where the gateway ends.
func (s *Server) disperse() {
	s.mu.Lock()
	var all []*link
	for (s.draining || s.closed) && len(s.counts.line) > 0 {
		all = append(all, s.counts.line[0])
		s.counts.outOfLine(0)
	}
	s.mu.Unlock()
	for _, k := range all {
		_ = k.conn.Close()
	}
}
