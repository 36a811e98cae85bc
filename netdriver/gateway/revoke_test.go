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

// ends are when what app has ends.
type ends struct{ token, user time.Time }

func (e ends) users() []gateway.User {
	hash := gateway.HashToken(token)
	hash.Expires = e.token
	return []gateway.User{{Name: "app", Tokens: []gateway.Token{hash}, Expires: e.user}}
}

// reloaded is a client that logs in before the users change.
func reloaded(t *testing.T, before, after ends) *client {
	t.Helper()
	s := sqlite(t, func(c *gateway.Config) { c.Users = before.users() })
	c := login(t, s)
	if err := s.SetUsers(after.users()); err != nil {
		t.Fatal(err)
	}
	if got := c.query("select 1").value(t); got != int64(1) {
		t.Fatal(got)
	}
	return c
}

func TestAReloadThatSetsAnEndEndsTheSessionsThatAreThereThen(t *testing.T) {
	t.Parallel()
	late := time.Now().Add(time.Hour)
	for name, try := range map[string]struct {
		before ends
		after  func(soon time.Time) ends
	}{
		"the user's is set":    {ends{}, func(soon time.Time) ends { return ends{user: soon} }},
		"the token's is set":   {ends{}, func(soon time.Time) ends { return ends{token: soon} }},
		"the user's is moved":  {ends{user: late}, func(soon time.Time) ends { return ends{user: soon} }},
		"the token's is moved": {ends{token: late}, func(soon time.Time) ends { return ends{token: soon} }},
	} {
		soon := time.Now().Add(500 * time.Millisecond)
		c := reloaded(t, try.before, try.after(soon))
		var f wire.Error
		if c.decode(c.next(), &f); f.Kind != wire.ErrorAuth || time.Now().Before(soon) {
			t.Errorf("%s: got %+v, %s before the end", name, f, time.Until(soon))
		}
		c.ended()
	}
}

func TestAReloadThatProlongsALoginLetsTheSessionGoOn(t *testing.T) {
	t.Parallel()
	soon, late := time.Now().Add(2*time.Second), time.Now().Add(time.Hour)
	clients := map[string]*client{}
	for name, try := range map[string]struct{ before, after ends }{
		"the token's is moved": {ends{token: soon}, ends{token: late}},
		"the token's is taken": {ends{token: soon, user: late}, ends{user: late}},
		"the user's is moved":  {ends{user: soon}, ends{user: late}},
	} {
		clients[name] = reloaded(t, try.before, try.after)
	}
	<-time.After(time.Until(soon) + 100*time.Millisecond)
	for name, c := range clients {
		if got := c.query("select 1").value(t); got != int64(1) {
			t.Errorf("%s: got %v", name, got)
		}
	}
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

func TestWhoGuessesWithinASessionIsNotHeardForAWhile(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) { c.Limits.FailedLogins = 3 })
	c := login(t, s)
	shows := func(secret string) bool {
		c.send(wire.TypeResponse, 0, &wire.Response{Token: wire.Secret(secret)})
		return c.next().Type == wire.TypeWelcome
	}
	for range 3 {
		if shows("wrong") {
			t.Fatal("a wrong token renews the login")
		}
	}
	if shows(token) || tries(t, s, "app", token) {
		t.Error("who guessed too often is heard")
	}
	if got := c.query("select 1").value(t); got != int64(1) {
		t.Errorf("the session does not go on: %v", got)
	}
	dbtest.WaitUntil(t, "the session is heard again", func() bool { return shows(token) })
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
