// This file is the server: its sessions, who may have one, and how all of them end.

// Package gateway serves databases to clients that hold neither a driver nor a
// password of the database: one process in front of connectors of Fluxor's. It
// speaks the protocol of docs/PROTOCOL.md.
//
// Each client's connection is a session with a goroutine of its own, on one
// virtual connection. What is leased for a statement goes back when the statement
// is over and proven to leave the database's session as it was; else the session
// keeps it, and the answer says why.
package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ErrServerClosed is what Serve returns, as it is, once Shutdown or Close was called,
// also where that was before Serve. Sessions may still go on then: who is to know
// that they have ended waits for Shutdown or Close. Retrying does not help: a Server
// serves once, and New makes another.
var ErrServerClosed = errors.New("fluxor: the gateway is closed")

// Server is a gateway. It is safe for concurrent use, and several listeners may be
// served at a time. It is over once Shutdown or Close was called; then it serves
// nobody any more. Its databases are closed by whoever made them, after that.
type Server struct {
	cfg     Config
	users   atomic.Pointer[directory]
	offers  atomic.Pointer[offers]
	memory  budget
	guesses *throttle
	log     *slog.Logger
	audit   *audit

	began   time.Time
	serving atomic.Bool // a listener was there
	leaving atomic.Bool // the gateway will drain soon
	changes sync.Mutex  // one change of users and databases at a time; before mu

	life context.Context // of all sessions
	end  context.CancelCauseFunc
	wg   sync.WaitGroup // goroutines of sessions

	visits visits // of the admin pages

	mu                       sync.Mutex // protects all below; nothing is read or written under it
	listeners                map[net.Listener]struct{}
	links                    map[*link]struct{} // logged in or not
	counts                   counts
	bounds                   map[string]Bounds // of databases, by name; immutable
	userGates, databaseGates gates
	draining                 bool
	closed                   bool
}

// errEnd is why requests are ended by Close.
var errEnd = errors.New("the gateway ends")

// New returns a gateway that serves nothing yet, and has nothing to close until Serve
// is called. It asks no database. The error names all that is wrong with the
// configuration; retrying does not help.
func New(c Config) (*Server, error) {
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("fluxor: the gateway's configuration: %w", err)
	}
	c = c.Filled()
	s := &Server{
		cfg: c, memory: budget{most: c.Limits.Memory}, log: c.Logger, audit: newAudit(c), guesses: newThrottle(c.Limits.FailedLogins),
		listeners: map[net.Listener]struct{}{}, links: map[*link]struct{}{}, counts: newCounts(), began: time.Now(),
		bounds:    maps.Clone(c.Bounds),
		userGates: gates{}, databaseGates: gates{},
	}
	warnOfShared(c.Users, s.log)
	s.users.Store(newDirectory(c.Users))
	s.offers.Store(newOffers(c.Databases, nil))
	s.life, s.end = context.WithCancelCause(context.Background())
	return s, nil
}

// Sessions is how many clients are logged in. It may be called from any goroutine.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts.sessions
}

// Shutdown drains the gateway: it accepts nobody any more and asks each client to
// finish. A transaction may go on to its end, and so may a session that keeps its
// connection for what a statement may have left there; any other is served no more,
// and ended a second later. Shutdown returns when all have gone, or else when ctx
// ends: then the rest is ended as by Close and the error, if there are sessions, is the
// context's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopListening(true)
	s.mu.Lock()
	left, _ := ctx.Deadline()
	for l := range s.links {
		l.drain(left)
	}
	s.mu.Unlock()
	gone := make(chan struct{})
	go func() { // ends with the sessions, which Close ends at the latest
		s.wg.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return s.Close()
	case <-ctx.Done():
		if s.Sessions() == 0 { // who did not log in has nothing to finish
			return s.Close()
		}
		return errors.Join(ctx.Err(), s.Close())
	}
}

// Close ends the gateway: statements that run are canceled, transactions rolled
// back, and who takes it within a second hears so. It returns when all sessions have ended and the audit log is written; the
// error is always nil. Closing twice is harmless.
func (s *Server) Close() error {
	s.stopListening(false)
	s.mu.Lock()
	s.closed = true
	for l := range s.links {
		l.farewell()
	}
	s.mu.Unlock()
	s.end(errEnd)
	late := time.AfterFunc(parting, s.hangUp)
	s.wg.Wait()
	late.Stop()
	s.visits.close()
	s.audit.close()
	return nil
}

// hangUp ends all connections that are left. It runs in a timer's goroutine.
func (s *Server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.links {
		l.hangUp()
	}
}

// stopListening closes the listeners.
func (s *Server) stopListening(draining bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = s.draining || draining
	for l := range s.listeners {
		_ = l.Close()
		delete(s.listeners, l)
	}
	if !draining {
		s.closed = true
	}
}

// over reports whether nobody is to be served any more.
func (s *Server) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining || s.closed
}

// newID names a session.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
