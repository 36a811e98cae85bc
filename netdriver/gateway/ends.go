// This file is how the gateway ends a session: the client hears why where it can be told at once, and the log and the audit log have it.

package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// overdue ends a session that asked for nothing for as long as it may.
func (s *session) overdue() bool {
	t := s.server.cfg.Timeouts
	m := ending(wire.ErrorTimeout, "")
	switch {
	case s.lease.tx != nil:
		m.Message = fmt.Sprintf("the session asked for nothing for %s within a transaction, which is rolled back (timeouts.idle_in_tx)", t.IdleInTx)
	case s.lease.pin != "":
		m.Message = fmt.Sprintf("the session asked for nothing for %s while it kept a connection to the database (timeouts.idle_in_tx)", t.IdleInTx)
	case s.told:
		m = ending(wire.ErrorShutdown, errEnd.Error())
	default:
		m.Message, m.Retryable = fmt.Sprintf("the session asked for nothing for %s (timeouts.idle)", t.Idle), true
	}
	return s.leave(0, m)
}

// farewell ends a session as Close does: what it runs is canceled, and soon its
// connection ends, whatever it does. The server's lock is held.
func (k *link) farewell() {
	in := k.in.Load()
	if in == nil {
		k.hangUp()
		return
	}
	k.ending.Store(true)
	in.nudge()
	_ = k.conn.SetWriteDeadline(time.Now().Add(parting))
}

// ends notes why the gateway ends the session.
func (s *session) ends(m *wire.Error) {
	s.why = m
	level := slog.LevelInfo
	switch {
	case s.told || s.ending.Load():
		level = slog.LevelDebug // all of them end, which is no news
	case m.Kind == wire.ErrorTimeout && s.held():
		level = slog.LevelWarn // most often a program that forgot it
	}
	s.server.log.Log(s.server.life, level, "fluxor: the gateway ends a session", slog.String("user", s.owner.Name), slog.String("database", s.db),
		slog.String("address", s.address), slog.String("session", s.id), slog.String("kind", string(m.Kind)), slog.String("reason", m.Message))
}

// logout is the record of the session's end, with the reason where the gateway ended
// it. One whose client did not let itself be told has the same.
func (s *session) logout() *record {
	switch {
	case s.why != nil:
	case s.revoked.Load():
		s.ends(ending(wire.ErrorAuth, errEnded))
	case s.killed.Load():
		s.ends(ending(wire.ErrorShutdown, errKilled.Error()))
	case errors.Is(s.out.fail, os.ErrDeadlineExceeded):
		s.ends(ending(wire.ErrorTimeout, fmt.Sprintf("the client did not take what was written for %s (timeouts.write)", s.server.cfg.Timeouts.Write)))
	}
	r := s.record("logout")
	if s.why != nil {
		r.Outcome, r.Reason = string(s.why.Kind), s.why.Message
	}
	return r
}
