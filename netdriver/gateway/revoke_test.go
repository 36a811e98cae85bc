// This file tests that who may not be there any more is gone within a second, and that guessing is slow.

package gateway_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// soon is how fast a session has to end.
const soon = time.Second

func TestARevokedSessionEndsWithinASecondWhateverItDoes(t *testing.T) {
	t.Parallel()
	target := dbtest.Postgres(t).NewDatabase(t)
	db := connector(t, target.URL())
	s := serve(t, config(db))
	idle, running, stalled, open := login(t, s), login(t, s), login(t, s), login(t, s)
	id := running.request(wire.TypeQuery, &wire.Statement{SQL: endless})
	stalled.request(wire.TypeQuery, &wire.Statement{SQL: "select repeat('x', 1000) from generate_series(1, 1000000)"})
	open.do(wire.TypeBegin, &wire.Begin{})
	dbtest.WaitUntil(t, "all run", func() bool { return db.PoolStats().Used == 3 })
	late := dbtest.Lateness(t)
	began := time.Now()
	if err := s.SetUsers(nil); err != nil {
		t.Fatal(err)
	}
	if f := running.answer(id).refused(t, wire.ErrorAuth); f.Applied == wire.AppliedYes {
		t.Errorf("got %+v", f)
	}
	for _, c := range []*client{idle, running, open} {
		c.ended()
	}
	dbtest.WaitUntil(t, "all sessions are gone", func() bool { return s.Sessions() == 0 })
	if took := time.Since(began); took > soon+late() {
		t.Errorf("it took %s", took)
	}
	dbtest.WaitUntil(t, "all leases are back", func() bool { return db.PoolStats().Used == 0 })
}

func TestALoginThatEndsOnItsOwnEndsWhatItRuns(t *testing.T) {
	t.Parallel()
	s, db := postgresWith(t, func(c *gateway.Config) {
		c.Users[0].Tokens[0].Expires = time.Now().Add(time.Second)
	})
	c := login(t, s)
	id := c.request(wire.TypeQuery, &wire.Statement{SQL: endless})
	c.answer(id).refused(t, wire.ErrorAuth)
	c.ended()
	dbtest.WaitUntil(t, "the lease is back", func() bool { return db.PoolStats().Used == 0 })
}

func TestASessionEndsWhoseUserOnlyReadsFromNowOn(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	c := login(t, s)
	user := gateway.User{Name: "app", Tokens: []gateway.Token{gateway.HashToken(token)}, ReadOnly: true}
	if err := s.SetUsers([]gateway.User{user}); err != nil {
		t.Fatal(err)
	}
	c.ended()
	login(t, s).exec("create table t (v)").refused(t, wire.ErrorReadOnly)
}

// tries logs in and says whether it worked.
func tries(t *testing.T, s *served, user, secret string) bool {
	t.Helper()
	c := dial(t, s.address)
	defer c.conn.Close() //nolint:errcheck // it is over
	c.greet(&wire.Hello{User: user, DB: "erp", Token: wire.Secret(secret)})
	m := c.next()
	if m.Type != wire.TypeWelcome && !strings.Contains(string(m.Body), `"kind":"auth"`) {
		t.Fatalf("got %s", m.Body)
	}
	return m.Type == wire.TypeWelcome
}

func TestWhoGuessesTooOftenIsNotHeardForAWhile(t *testing.T) {
	t.Parallel()
	s := sqlite(t, reader, func(c *gateway.Config) { c.Limits.FailedLogins = 3 })
	for range 2 {
		tries(t, s, "app", "wrong")
	}
	if !tries(t, s, "app", token) {
		t.Fatal("two failures are too many")
	}
	for range 3 {
		tries(t, s, "app", "wrong")
	}
	if tries(t, s, "app", token) {
		t.Error("who guessed too often is heard")
	}
	if !tries(t, s, "reader", token) {
		t.Error("another user is not heard")
	}
	dbtest.WaitUntil(t, "the user is heard again", func() bool { return tries(t, s, "app", token) })
}

func TestWithoutThatBoundAnybodyMayGuess(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) { c.Limits.FailedLogins = -1 })
	for range 30 {
		tries(t, s, "app", "wrong")
	}
	if !tries(t, s, "app", token) {
		t.Error("it was not heard")
	}
}

// watched is a listener that shows what it accepted.
type watched struct {
	net.Listener
	conns chan *net.TCPConn
}

func (w *watched) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err == nil {
		w.conns <- conn.(*net.TCPConn)
	}
	return conn, err
}

func TestTheKernelLooksAfterClientsThatVanish(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{l, make(chan *net.TCPConn, 1)}
	s, err := gateway.New(config(&faulty{}))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(w) }()
	defer func() { _ = s.Close(); <-ended }()
	login(t, &served{s, l.Addr().String()})
	raw, err := (<-w.conns).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct{ level, option, want int }{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 5},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 6},
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 45_000}, // six questions from the fifteenth second on
	} {
		_ = raw.Control(func(fd uintptr) {
			if got, err := unix.GetsockoptInt(int(fd), o.level, o.option); err != nil || got != o.want {
				t.Errorf("option %d of level %d is %d, %v, want %d", o.option, o.level, got, err, o.want)
			}
		})
	}
}
