// This file tests how a gateway ends: at once, or when everybody is done.

package gateway_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// shutdown begins to drain s; the channel has what Shutdown returned.
func shutdown(ctx context.Context, s *served) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(ctx) }()
	return ended
}

func TestADrainLetsATransactionEnd(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	c := login(t, s)
	c.must("create table t (v)")
	c.do(wire.TypeReset, &wire.Empty{})
	c.do(wire.TypeBegin, &wire.Begin{})
	ended := shutdown(t.Context(), s)
	if m := c.next(); m.Type != wire.TypeGoaway {
		t.Fatalf("got %s", m.Type)
	}
	c.must("insert into t values (1)")
	select {
	case err := <-ended:
		t.Fatalf("the drain ended with %v in the transaction", err)
	default:
	}
	if a := c.do(wire.TypeCommit, &wire.Empty{}); a.fail != nil {
		t.Fatal(a.fail)
	}
	f := c.query("select 1").refused(t, wire.ErrorShutdown)
	if f.Applied != wire.AppliedNo || f.Conn != wire.ConnLost || !f.Retryable {
		t.Errorf("got %+v", f)
	}
	_ = c.conn.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", s.address); err == nil {
		t.Error("the gateway still listens")
	}
}

func TestADrainEndsIdleSessionsAndThoseThatDidNotLogIn(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	c, silent := login(t, s), dial(t, s.address)
	ended := shutdown(t.Context(), s)
	if m := c.next(); m.Type != wire.TypeGoaway {
		t.Fatalf("got %s", m.Type)
	}
	c.ended()
	silent.ended()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestADrainThatIsCutShortWithoutSessionsIsNoFailure(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	dial(t, s.address) // that one did not log in
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := <-shutdown(ctx, s); err != nil {
		t.Error(err)
	}
}

func TestADrainThatTakesTooLongEndsTheRest(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.SQLite(t))
	s := serve(t, config(db))
	c := login(t, s)
	c.do(wire.TypeBegin, &wire.Begin{})
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	ended := shutdown(ctx, s)
	var g wire.Goaway
	c.decode(c.next(), &g)
	if g.Reason != "drain" || g.AfterMS > 100 {
		t.Errorf("got %+v", g)
	}
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	c.ended()
	if used := db.PoolStats().Used; used != 0 {
		t.Errorf("%d connections are leased", used)
	}
}

// whole asks for one connection for the whole session.
func whole(h *wire.Hello) { h.Session.Pool = "session" }

func TestADrainLetsAWholeSessionEndThatIsPinnedAndNoOther(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	pinned, free := login(t, s, whole), login(t, s, whole)
	pinned.must("create temp table mine (v)")
	free.query("select 1").value(t)
	ended := shutdown(t.Context(), s)
	if m := free.next(); m.Type != wire.TypeGoaway {
		t.Fatalf("got %s", m.Type)
	}
	free.ended() // after the time that a session has which keeps nothing
	if a := pinned.query("select count(*) from mine"); a.value(t) != int64(0) || a.end.Pin == "" {
		t.Errorf("got %+v", a.end)
	}
	pinned.do(wire.TypeReset, &wire.Empty{})
	pinned.ended()
	_ = pinned.conn.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAWholeSessionThatIsIdleEndsSoonerWhereItIsPinned(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) { c.Timeouts.IdleInTx = 200 * time.Millisecond })
	free := login(t, s, whole)
	free.query("select 1").value(t)
	for _, text := range []string{"create temp table mine (v)", "begin"} {
		c := login(t, s, whole)
		c.must(text)
		c.ended()
	}
	if got := free.query("select 1").value(t); got != int64(1) {
		t.Errorf("one that keeps nothing is ended: %v", got)
	}
}

func TestAResetOfAWholeSessionLeavesNothingOfWhatWasPinned(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t), whole)
	c.must("create temp table mine (v)")
	if a := c.do(wire.TypeReset, &wire.Empty{}); a.fail != nil || a.end.Pin != "" {
		t.Fatalf("got %+v and %v", a.end, a.fail)
	}
	c.query("select count(*) from mine").refused(t, wire.ErrorDB)
}

func TestCloseEndsWhatRuns(t *testing.T) {
	t.Parallel()
	s, db := postgres(t)
	c := login(t, s)
	c.request(wire.TypeQuery, &wire.Statement{SQL: endless})
	dbtest.WaitUntil(t, "it runs", func() bool { return db.PoolStats().Used == 1 })
	began := time.Now()
	_ = s.Close()
	c.ended()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if used := db.PoolStats().Used; used != 0 {
		t.Errorf("%d connections are leased", used)
	}
}

// lateConn takes its first deadline only after another one, or when it is closed.
type lateConn struct {
	net.Conn
	asked, other chan struct{} // closed when the first is there, and the second
	calls        atomic.Int32
}

func (c *lateConn) SetDeadline(at time.Time) error {
	switch c.calls.Add(1) {
	case 1:
		close(c.asked)
		<-c.other
		return c.Conn.SetDeadline(at)
	case 2:
		defer close(c.other)
	}
	return c.Conn.SetDeadline(at)
}

// lateListener accepts one connection, as a lateConn.
type lateListener struct {
	net.Listener
	conn *lateConn
}

func (l *lateListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.conn.Conn = conn
	return l.conn, nil
}

func TestADrainEndsWhoWasJustAccepted(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) { c.Timeouts.Login = time.Hour })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	late := &lateConn{asked: make(chan struct{}), other: make(chan struct{})}
	go func() { _ = s.Serve(&lateListener{l, late}) }() // ends with the drain
	dial(t, l.Addr().String())
	<-late.asked
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if err := s.Shutdown(ctx); err != nil || ctx.Err() != nil {
		t.Errorf("it ended with %v, its context with %v", err, ctx.Err())
	}
}
