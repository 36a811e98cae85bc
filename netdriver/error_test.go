// This file tests what errors say to programs, and what a context's end does.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
	"github.com/fluxor-db/fluxor/refusal"
)

func TestErrorsMatchWhatTheyStandFor(t *testing.T) {
	for _, row := range []struct {
		name  string
		said  wire.Error
		is    error
		class backend.Class
		bad   bool // driver.ErrBadConn
		doubt bool // *refusal.IndeterminateError
	}{
		{"duplicate key", wire.Error{Kind: "db", Dialect: "postgres", Code: "23505", SQLState: "23505", Applied: "no", Conn: "ok"}, nil, backend.ClassVerdict, false, false},
		{"timeout", wire.Error{Kind: "timeout", Applied: "no", Conn: "ok"}, context.DeadlineExceeded, backend.ClassVerdict, false, false},
		{"timeout of a change", wire.Error{Kind: "timeout", Applied: "unknown", Conn: "lost"}, refusal.ErrQueryTimeout, backend.ClassDead, false, true},
		{"canceled", wire.Error{Kind: "canceled", Applied: "no", Conn: "ok"}, context.Canceled, backend.ClassVerdict, false, false},
		{"pool", wire.Error{Kind: "pool_timeout", Applied: "no", Conn: "ok"}, refusal.ErrAcquireTimeout, backend.ClassSick, false, false},
		{"overloaded", wire.Error{Kind: "overloaded", Applied: "no", Conn: "ok"}, refusal.ErrOverloaded, backend.ClassVerdict, false, false},
		{"rate", wire.Error{Kind: "rate_limited", Applied: "no", Conn: "ok"}, refusal.ErrRateLimited, backend.ClassVerdict, false, false},
		{"breaker", wire.Error{Kind: "breaker_open", Applied: "no", Conn: "ok"}, refusal.ErrCircuitOpen, backend.ClassSick, false, false},
		{"lost before", wire.Error{Kind: "conn_lost", Applied: "no", Conn: "lost"}, driver.ErrBadConn, backend.ClassDead, true, false},
		{"lost after", wire.Error{Kind: "conn_lost", Applied: "yes", Conn: "lost"}, nil, backend.ClassDead, false, false},
		{"lost within", wire.Error{Kind: "conn_lost", Applied: "unknown", Conn: "lost"}, nil, backend.ClassDead, false, true},
		{"killed", wire.Error{Kind: "db", Dialect: "postgres", Code: "57P01", SQLState: "57P01", Applied: "no", Conn: "lost"}, nil, backend.ClassFatal, false, false},
		{"refused by the driver", wire.Error{Kind: "db", Message: "missing argument", Applied: "unknown", Conn: "ok"}, nil, backend.ClassVerdict, false, false},
		{"sick", wire.Error{Kind: "db", Dialect: "postgres", Code: "53200", SQLState: "53200", Applied: "no", Conn: "ok"}, nil, backend.ClassSick, false, false},
		{"login", wire.Error{Kind: "auth", Applied: "no", Conn: "ok"}, nil, backend.ClassLogin, false, false},
		{"shutdown", wire.Error{Kind: "shutdown", Applied: "no", Conn: "ok"}, nil, backend.ClassUnavailable, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := fromWire("exec", &row.said, nil)
			if row.is != nil && !errors.Is(err, row.is) {
				t.Errorf("it is not %v", row.is)
			}
			if got := errors.Is(err, driver.ErrBadConn); got != row.bad {
				t.Errorf("it is driver.ErrBadConn: %v", got)
			}
			var doubt *refusal.IndeterminateError
			if got := errors.As(err, &doubt); got != row.doubt || got && doubt.Op != "exec" {
				t.Errorf("it is indeterminate: %v", got)
			}
			if got := classify(err); got != row.class {
				t.Errorf("class %v, want %v", got, row.class)
			}
		})
	}
}

func TestARefusalTellsWhenToComeAgain(t *testing.T) {
	err := fromWire("exec", &wire.Error{Kind: wire.ErrorRateLimited, Message: "slowly", RetryAfterMS: 1500, Applied: "no", Conn: "ok"}, nil)
	var refused *refusal.Error
	if !errors.As(err, &refused) || refused.RetryAfter != 1500*time.Millisecond || err.RetryAfter != refused.RetryAfter || err.Error() != "slowly" {
		t.Errorf("got %+v", refused)
	}
}

func TestTheEndOfAContextCancelsInBandAndTheConnectionGoesOn(t *testing.T) {
	sent := make(chan struct{})
	db := open(t, "", func(g *gateway) {
		m := g.want(wire.TypeExec)
		close(sent)
		if c := g.want(wire.TypeCancel); c.ID != m.ID {
			g.t.Errorf("request %d was cancelled, want %d", c.ID, m.ID)
		}
		g.send(wire.TypeError, m.ID, &wire.Error{Kind: wire.ErrorCanceled, Message: "stop", Applied: wire.AppliedNo, Conn: wire.ConnOK})
		g.answer(g.want(wire.TypeExec))
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-sent
		cancel()
	}()
	_, err := db.ExecContext(ctx, "slow")
	if e := asError(t, err); !errors.Is(err, context.Canceled) || e.Applied != AppliedNo || e.Kind != "canceled" {
		t.Errorf("got %+v", e)
	}
	if _, err := db.Exec("next"); err != nil {
		t.Error(err)
	}
	if n := db.Stats().OpenConnections; n != 1 {
		t.Errorf("%d connections are open, want the one", n)
	}
}

// halting is a connection on which a write stops half way, once it has the word.
type halting struct {
	net.Conn
	word *atomic.Bool
}

func (h halting) Write(b []byte) (int, error) {
	if !h.word.CompareAndSwap(true, false) {
		return h.Conn.Write(b)
	}
	n, _ := h.Conn.Write(b[:len(b)/2])
	return n, os.ErrDeadlineExceeded
}

func TestBehindAPieceOfACancelNothingElseIsSent(t *testing.T) {
	var word atomic.Bool
	sent := make(chan struct{})
	addr := fake(t, func(g *gateway) {
		g.enter()
		m := g.want(wire.TypeExec)
		close(sent)
		_, _ = g.conn.Read(make([]byte, 64)) // the piece
		g.send(wire.TypeError, m.ID, &wire.Error{Kind: wire.ErrorCanceled, Applied: wire.AppliedNo, Conn: wire.ConnOK})
		g.silent()
	}, func(g *gateway) {
		g.enter()
		g.answer(g.want(wire.TypeExec))
		g.drain()
	})
	c, err := NewConnector(Config{
		User: "app", Token: "token", Hosts: []string{addr},
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return halting{nc, &word}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close() //nolint:errcheck // it is told of no error that matters
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-sent
		word.Store(true)
		cancel()
	}()
	if _, err := db.ExecContext(ctx, "slow"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := db.ExecContext(within(t, 2*time.Second), "next"); err != nil {
		t.Error(err)
	}
}

func TestADeadlineReachesTheGatewayAndComesBackAsItself(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		id, s := g.statement(wire.TypeQuery)
		if s.TimeoutMS < 1 || s.TimeoutMS > 100 {
			g.t.Errorf("the gateway has %d ms", s.TimeoutMS)
		}
		g.send(wire.TypeHead, id, &wire.Head{Columns: number})
		g.want(wire.TypeCancel)
		g.send(wire.TypeError, id, &wire.Error{Kind: wire.ErrorCanceled, Applied: wire.AppliedNo, Conn: wire.ConnOK})
	})
	rows, err := db.QueryContext(within(t, 100*time.Millisecond), "select")
	if err != nil {
		t.Fatal(err)
	}
	if rows.Next() || !errors.Is(rows.Err(), context.DeadlineExceeded) {
		t.Errorf("got %v", rows.Err())
	}
}

func TestASilentGatewayIsGivenUpAndTheOutcomeIsUnknown(t *testing.T) {
	db := open(t, "", (*gateway).drain, func(g *gateway) { g.answer(g.want(wire.TypeExec)) })
	start := time.Now()
	_, err := db.ExecContext(within(t, 50*time.Millisecond), "insert")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	var doubt *refusal.IndeterminateError
	if !errors.As(err, &doubt) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, driver.ErrBadConn) {
		t.Errorf("got %v", err)
	}
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
}

func TestALostAnswerIsNotAskedForAgain(t *testing.T) {
	hangUp := func(g *gateway) {
		g.want(wire.TypeExec)
		_ = g.conn.Close()
	}
	db := open(t, "", hangUp, func(g *gateway) {
		if m, err := g.r.Next(); err == nil {
			g.t.Errorf("a %s came again", m.Type)
		}
	})
	_, err := db.Exec("insert")
	var doubt *refusal.IndeterminateError
	if !errors.As(err, &doubt) || asError(t, err).Applied != AppliedUnknown || errors.Is(err, driver.ErrBadConn) {
		t.Errorf("got %v", err)
	}
}

func TestWhatLeavesNothingBehindIsAskedForOnAnotherConnection(t *testing.T) {
	hangUp := func(g *gateway) {
		g.want(wire.TypeBegin)
		_ = g.conn.Close()
	}
	db := open(t, "", hangUp, func(g *gateway) {
		g.answer(g.want(wire.TypeBegin))
		g.answer(g.want(wire.TypeRollback))
	})
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

func TestACommitWhoseAnswerIsLostIsInDoubt(t *testing.T) {
	db := open(t, "?network_timeout=50ms", func(g *gateway) {
		g.answer(g.want(wire.TypeBegin))
		g.want(wire.TypeCommit)
	})
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var doubt *refusal.IndeterminateError
	if err := tx.Commit(); !errors.As(err, &doubt) || doubt.Op != "commit" {
		t.Errorf("got %v", err)
	}
}

func TestAnErrorOfNoRequestEndsTheSession(t *testing.T) {
	said := &wire.Error{Kind: wire.ErrorShutdown, Message: "going down", Applied: wire.AppliedNo, Conn: wire.ConnLost}
	for name, one := range map[string]struct {
		script func(*gateway, uint32)
		want   Applied
	}{
		"not begun": {func(g *gateway, _ uint32) { g.send(wire.TypeError, 0, said) }, AppliedNo},
		"half answered": {func(g *gateway, id uint32) {
			g.send(wire.TypeHead, id, &wire.Head{Columns: number})
			g.send(wire.TypeError, 0, said)
		}, AppliedUnknown},
		"nobody knows": {func(g *gateway, _ uint32) {
			unsure := *said
			unsure.Applied = wire.AppliedUnknown
			g.send(wire.TypeError, 0, &unsure)
		}, AppliedUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			tx, err := open(t, "", func(g *gateway) {
				g.answer(g.want(wire.TypeBegin))
				id, _ := g.statement(wire.TypeQuery)
				one.script(g, id)
			}).Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback() //nolint:errcheck // the session is gone
			rows, err := tx.Query("insert")
			if err == nil {
				for rows.Next() {
					t.Error("a row came")
				}
				err = rows.Err()
			}
			e := asError(t, err)
			if e.Kind != "shutdown" || e.Applied != one.want || !strings.Contains(e.Error(), "going down") || errors.Is(err, driver.ErrBadConn) != (one.want == AppliedNo) {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestAMessageThatTheGatewayWouldNotTakeIsNotSent(t *testing.T) {
	addr := fake(t, func(g *gateway) {
		g.greet()
		g.send(wire.TypeChallenge, 0, &wire.Challenge{Mech: wire.AuthToken})
		g.want(wire.TypeResponse)
		g.send(wire.TypeWelcome, 0, &wire.Welcome{Version: 1, Codec: g.codec.String(), Dialect: "sqlite", MaxFrame: 8192, MaxMessage: 20_000})
		_, s := g.statement(wire.TypeExec)
		if len(s.SQL) != 10_000 {
			g.t.Errorf("a text of %d bytes came", len(s.SQL))
		}
	})
	db := pool(t, "tcp://app:token@"+addr+"/erp")
	if _, err := db.Exec(strings.Repeat("x", 30_000)); asError(t, err).Kind != "too_large" {
		t.Errorf("got %v", err)
	}
	_, err := db.ExecContext(within(t, time.Second), strings.Repeat("x", 10_000))
	if asError(t, err).Applied != AppliedUnknown {
		t.Errorf("got %v", err)
	}
}

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	db := open(t, "", func(g *gateway) { g.answer(g.want(wire.TypePing)) }, func(g *gateway) {})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = c.Raw(func(dc any) error {
		_, err := dc.(driver.ExecerContext).ExecContext(ctx, "insert", nil) //nolint:forcetypeassert // ours
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAdminRefusesAForeignPool(t *testing.T) {
	db := sql.OpenDB(foreign{})
	defer func() { _ = db.Close() }()
	if _, err := Metrics(t.Context(), db); !errors.Is(err, ErrForeign) {
		t.Errorf("got %v", err)
	}
}

// foreign is a connector of another driver.
type foreign struct{ driver.Connector }

func (foreign) Connect(context.Context) (driver.Conn, error) { return foreignConn{}, nil }
func (foreign) Driver() driver.Driver                        { return &Driver{} }

type foreignConn struct{ driver.Conn }

func (foreignConn) Close() error { return nil }
