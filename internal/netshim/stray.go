// This file is the connection that belongs to no line: a driver's cancel request.

package netshim

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Connections that belong to no line are a driver's cancel requests. Some
// calls wait for them (lib/pq's prepared statements, stmt.go, watchCancel), so
// they must not take longer than a frozen server is given anyway: each step,
// the dial and every Read, may take strayStep, or four times what a dial
// takes where the network is slower than that, up to longestStep.
const (
	strayLimit  = 10 * time.Second
	strayStep   = 180 * time.Millisecond
	longestStep = 2 * time.Second
)

// stray is a connection whose deadline the driver can only bring forward.
//
// A cancel request is over when the server closes its connection. One that is
// given up before that may still reach the server, at a time when something
// else runs there; it is counted in late.
type stray struct {
	net.Conn
	step time.Duration
	late *atomic.Uint64

	mu    sync.Mutex // protects the fields below; only SetReadDeadline, which never blocks, is called under it
	end   time.Time
	asked time.Time // the driver's own deadline for Read
	limit time.Time // of the Read under way; zero while there is none
	wrote bool
	over  bool // the end was read, or the request is counted as late
}

func newStray(c net.Conn, step time.Duration, late *atomic.Uint64) *stray {
	s := &stray{Conn: c, step: step, late: late, end: time.Now().Add(strayLimit)}
	_ = c.SetDeadline(s.end) // a connection without deadlines is closed by Read's own timer
	return s
}

// Read waits for a step at most.
func (s *stray) Read(b []byte) (int, error) {
	s.mu.Lock()
	s.limit = earlier(s.end, time.Now().Add(s.step))
	wait := earlier(s.asked, s.limit)
	deaf := s.Conn.SetReadDeadline(wait) != nil
	s.mu.Unlock()
	if deaf {
		t := time.AfterFunc(time.Until(wait), func() { _ = s.Conn.Close() })
		defer t.Stop()
	}
	n, err := s.Conn.Read(b)
	s.read(err)
	return n, err
}

// read notes how a Read ended.
func (s *stray) read(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = time.Time{}
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
		s.giveUpLocked()
	default:
		s.over = true // the server's end of it
	}
}

// giveUpLocked counts a request whose end nobody will see.
func (s *stray) giveUpLocked() {
	if s.wrote && !s.over {
		s.over = true
		s.late.Add(1)
	}
}

// Write sends a request.
func (s *stray) Write(b []byte) (int, error) {
	s.mu.Lock()
	s.wrote = true
	s.mu.Unlock()
	return s.Conn.Write(b)
}

// Close closes the connection.
func (s *stray) Close() error {
	s.mu.Lock()
	s.giveUpLocked()
	s.mu.Unlock()
	return s.Conn.Close()
}

func (s *stray) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

func (s *stray) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = t
	return s.Conn.SetReadDeadline(earlier(earlier(t, s.limit), s.end))
}

func (s *stray) SetWriteDeadline(t time.Time) error {
	return s.Conn.SetWriteDeadline(earlier(t, s.end))
}
