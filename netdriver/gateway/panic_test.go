// This file tests that what breaks under one session ends no other.

package gateway_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestAPanicEndsItsSessionAlone(t *testing.T) {
	t.Parallel()
	s := serve(t, config(&faulty{query: func(context.Context, string) (driver.Rows, error) { panic("of the driver's") }}))
	c, other := login(t, s), login(t, s)
	if f := c.query("select 1").refused(t, wire.ErrorInternal); f.Conn != wire.ConnLost || f.Applied != wire.AppliedUnknown || strings.Contains(f.Message, "driver") {
		t.Errorf("got %+v", f)
	}
	c.ended()
	if a := other.do(wire.TypePing, &wire.Ping{}); a.fail != nil {
		t.Error(a.fail)
	}
}

// breaking is a listener whose first connection panics when it is read while armed,
// or where it is given words that are too much for it.
type breaking struct {
	net.Listener
	armed *atomic.Bool
	words string // "" is none
	first sync.Once
}

type breakingConn struct {
	net.Conn
	*breaking
}

func (l *breaking) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.first.Do(func() { conn = breakingConn{conn, l} })
	}
	return conn, err
}

func (c breakingConn) Read(b []byte) (int, error) {
	if c.armed.Load() {
		panic("of the connection's")
	}
	return c.Conn.Read(b)
}

func (c breakingConn) Write(b []byte) (int, error) {
	if c.words != "" && bytes.Contains(b, []byte(c.words)) {
		panic("of the connection's")
	}
	return c.Conn.Write(b)
}

// throughBreaking serves a configuration through a listener that breaks.
func throughBreaking(t *testing.T, c gateway.Config, b *breaking) *served {
	t.Helper()
	g, err := gateway.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if b.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(b) }()
	t.Cleanup(func() { _ = g.Close(); <-ended })
	return &served{g, b.Addr().String()}
}

func TestAPanicOfTheWordThatAStatementWaitsEndsItsSessionAlone(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.SQLite(t), one)
	s := throughBreaking(t, config(db), &breaking{armed: new(atomic.Bool), words: "queued"})
	waits, holder := login(t, s), login(t, s)
	holder.do(wire.TypeBegin, &wire.Begin{})
	waits.request(wire.TypeQuery, &wire.Statement{SQL: "select 1"})
	waits.ended()
	if got := holder.query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
}

func TestAPanicBesideARequestEndsItsSessionAlone(t *testing.T) {
	t.Parallel()
	armed, causes := new(atomic.Bool), make(chan error, 1)
	s := throughBreaking(t, config(&faulty{query: func(ctx context.Context, _ string) (driver.Rows, error) {
		armed.Store(true) // somebody reads beside it soon
		<-ctx.Done()
		armed.Store(false)
		causes <- context.Cause(ctx)
		return nil, ctx.Err()
	}}), &breaking{armed: armed})
	c, other := login(t, s), login(t, s)
	c.request(wire.TypeQuery, &wire.Statement{SQL: "select 1"})
	c.ended()
	if cause := <-causes; cause == nil || !strings.Contains(cause.Error(), "gone") {
		t.Errorf("the request ended for %v", cause)
	}
	if a := other.do(wire.TypePing, &wire.Ping{}); a.fail != nil {
		t.Error(a.fail)
	}
}
