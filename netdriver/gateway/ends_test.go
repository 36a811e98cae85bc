// This file tests that a session which the gateway ends hears why, and that the log and the audit log have it.

package gateway_test

import (
	"database/sql/driver"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// farewell is the error of the session itself, behind which the connection ends.
func (c *client) farewell() *wire.Error {
	c.t.Helper()
	m := c.next()
	if m.Type == wire.TypeGoaway {
		m = c.next()
	}
	if m.Type != wire.TypeError || m.ID != 0 {
		c.t.Fatalf("got %s %d %s, want an error of the session", m.Type, m.ID, m.Body)
	}
	var f wire.Error
	c.decode(m, &f)
	c.ended()
	return &f
}

// parting is a way in which a session ends, and what is said of it.
type parting struct {
	change    func(*gateway.Config)
	do        func(*served, *client)
	kind      wire.ErrorKind
	says      string
	retryable bool
}

// partings are all of them.
func partings() map[string]parting {
	quick := func(d *time.Duration) { *d = 50 * time.Millisecond }
	return map[string]parting{
		"idle": {
			change: func(c *gateway.Config) { quick(&c.Timeouts.Idle) },
			do:     func(*served, *client) {}, kind: wire.ErrorTimeout, says: "timeouts.idle)", retryable: true,
		},
		"idle in a transaction": {
			change: func(c *gateway.Config) { quick(&c.Timeouts.IdleInTx) },
			do:     func(_ *served, c *client) { c.do(wire.TypeBegin, &wire.Begin{}) },
			kind:   wire.ErrorTimeout, says: "within a transaction, which is rolled back (timeouts.idle_in_tx)",
		},
		"idle with a connection": {
			change: func(c *gateway.Config) { quick(&c.Timeouts.IdleInTx) },
			do:     func(_ *served, c *client) { c.must("create temp table t (v)") },
			kind:   wire.ErrorTimeout, says: "timeouts.idle_in_tx",
		},
		"killed": {
			do:   func(s *served, c *client) { kill(c.t, s, c) },
			kind: wire.ErrorShutdown, says: "ended the session", retryable: true,
		},
		"drained": {
			do:   func(s *served, c *client) { shutdown(c.t.Context(), s) },
			kind: wire.ErrorShutdown, says: "the gateway ends", retryable: true,
		},
		"closed": {
			do:   func(s *served, c *client) { c.do(wire.TypeBegin, &wire.Begin{}); _ = s.Close() },
			kind: wire.ErrorShutdown, says: "the gateway ends", retryable: true,
		},
	}
}

func TestWhoIsEndedHearsWhyAndTheLogsHaveIt(t *testing.T) {
	t.Parallel()
	for name, one := range partings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, audit := &heard{}, &heard{}
			s := sqlite(t, func(c *gateway.Config) {
				c.Audit, c.Logger = audit, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				if one.change != nil {
					one.change(c)
				}
			})
			c := login(t, s)
			one.do(s, c)
			f := c.farewell()
			if f.Kind != one.kind || !strings.Contains(f.Message, one.says) || f.Applied != wire.AppliedNo || f.Conn != wire.ConnLost || f.Retryable != one.retryable {
				t.Errorf("got %+v", f)
			}
			dbtest.WaitUntil(t, "the session is over", func() bool { return s.Sessions() == 0 })
			_ = s.Close()
			if !strings.Contains(log.String(), f.Message) {
				t.Errorf("the log is\n%s", log)
			}
			all := audit.records(t)
			if r := all[len(all)-1]; r.Event != "logout" || r.Outcome != string(one.kind) || r.Reason != f.Message {
				t.Errorf("the audit log ends with %+v", r)
			}
		})
	}
}

// kill ends the session of c as an operator does.
func kill(t testing.TB, s *served, c *client) {
	t.Helper()
	if _, err := s.Admin(t.Context(), gateway.RoleAdmin, "kill_client", map[string]string{"session": c.hello.Session}); err != nil {
		t.Fatal(err)
	}
}

func TestATransactionThatWasIdleForTooLongHearsThatNothingTookEffect(t *testing.T) {
	t.Parallel()
	for _, commits := range []bool{false, true} {
		s := sqlite(t, func(c *gateway.Config) { c.Timeouts.IdleInTx = 50 * time.Millisecond })
		db := throughDriver(t, s, "")
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		dbtest.WaitUntil(t, "the session is over", func() bool { return s.Sessions() == 0 })
		if commits {
			err = tx.Commit()
		} else {
			_, err = tx.ExecContext(t.Context(), "create table t (v)")
		}
		var e *netdriver.Error
		if !errors.As(err, &e) {
			t.Fatalf("got %v", err)
		}
		if e.Applied != netdriver.AppliedNo || e.Kind != "timeout" || !strings.Contains(e.Error(), "idle_in_tx") || !errors.Is(err, driver.ErrBadConn) {
			t.Errorf("got %+v", e)
		}
	}
}

func TestWhatRunsWhenTheGatewayIsClosedHearsSoAndMayBeAskedElsewhere(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), func(c *fluxor.RuntimeConfig) { c.MaxOpenConns = 1 })
	s := serve(t, config(db))
	holds, waits := login(t, s), login(t, s)
	holds.request(wire.TypeQuery, &wire.Statement{SQL: "select pg_sleep(60)"})
	dbtest.WaitUntil(t, "it runs", func() bool { return db.PoolStats().Used == 1 })
	waits.request(wire.TypeExec, &wire.Statement{SQL: "create table t (v int)"})
	dbtest.WaitUntil(t, "the other one waits", func() bool { return db.PoolStats().Waiting == 1 })
	_ = s.Close()
	for _, c := range []*client{holds, waits} {
		f := c.answer(c.last).refused(t, wire.ErrorShutdown)
		if f.Applied != wire.AppliedNo || f.Conn != wire.ConnLost || !f.Retryable {
			t.Errorf("got %+v", f)
		}
		if f := c.farewell(); f.Kind != wire.ErrorShutdown {
			t.Errorf("then %+v", f)
		}
	}
}
