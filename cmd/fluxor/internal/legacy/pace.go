// This file makes the old server slow, small or silent, and ends the statements of clients that left.

package legacy

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// Pace is how fast the server works. The zero value is as fast as it can.
type Pace struct {
	// AtOnce is how many statements it works on at once; the others stand in
	// line, in the order in which they came. 0 is any number.
	AtOnce int
	// Each is how long it works on a statement at least.
	Each time.Duration
	// Scanned is a word, and Scan how long the server works at least on a
	// statement with that word in it: the name of a table without an index.
	Scanned string
	Scan    time.Duration
}

// pace is a Pace and the places in which statements are worked on.
type pace struct {
	Pace
	places chan struct{} // nil for any number
}

// takes is how long the server works on a text at least.
func (p pace) takes(text string) time.Duration {
	if p.Scanned != "" && strings.Contains(text, p.Scanned) {
		return max(p.Each, p.Scan)
	}
	return p.Each
}

// SetPace makes the server work at a pace from the next statement on.
func (s *Server) SetPace(p Pace) {
	next := pace{Pace: p}
	if p.AtOnce > 0 {
		next.places = make(chan struct{}, p.AtOnce)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace = next
}

// Freeze makes the server go silent, as a machine that hangs: connections open,
// and nothing on them is answered, pings neither, until Thaw.
func (s *Server) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen == nil {
		s.frozen = make(chan struct{})
	}
}

// Thaw makes a frozen server go on with what it was asked meanwhile.
func (s *Server) Thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen != nil {
		close(s.frozen)
		s.frozen = nil
	}
}

// Working is how many statements the server works on at this moment. One whose
// client has left ends at once.
func (s *Server) Working() int { return int(s.working.Load()) }

// manner is how the server works at this moment.
func (s *Server) manner() (p pace, frozen <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pace, s.frozen
}

// work answers a request in the server's own time. ctx ends when the client
// leaves, and the statement with it.
func (s *Server) work(ctx context.Context, session *sql.Conn, q request) reply {
	p, frozen := s.manner()
	if frozen != nil {
		select {
		case <-frozen:
		case <-ctx.Done():
			return reply{Error: ctx.Err().Error()}
		}
	}
	if q.Kind == "ping" {
		return reply{}
	}
	if p.places != nil {
		select {
		case p.places <- struct{}{}:
			defer func() { <-p.places }()
		case <-ctx.Done():
			return reply{Error: ctx.Err().Error()}
		}
	}
	s.working.Add(1)
	defer s.working.Add(-1)
	if err := pass(ctx, p.takes(q.SQL)); err != nil {
		return reply{Error: err.Error()}
	}
	return answer(ctx, session, q)
}

// pass lets a time pass, unless ctx ends first.
func pass(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
