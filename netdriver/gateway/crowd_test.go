//go:build unix

// This file tests connections that come from one address all at once: each has its turn, and shuts out no other address.

package gateway_test

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestACrowdFromOneAddressIsLetInAlsoByAGatewayThatWasFrozen(t *testing.T) {
	t.Parallel()
	target := dbtest.Postgres(t).NewDatabase(t)
	cmd, address := spawn(t, target.URL("fluxor_max_open_conns=4"), "127.0.0.1:0")
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGCONT) })
	come := func() (all *sync.WaitGroup) {
		db := remote(t, address)
		all = &sync.WaitGroup{}
		for range times(200, 700) { // of whom 64 may log in at a time
			all.Go(func() {
				c, err := db.Conn(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				t.Cleanup(func() { _ = c.Close() })
			})
		}
		return all
	}
	come().Wait()
	freeze(t, cmd)
	all := come()
	rest(ownDeadline)
	thaw(t, cmd)
	all.Wait()
}

// crowded is a gateway at which two of an address may log in at a time.
func crowded(change ...func(*gateway.Config)) func(*gateway.Config) {
	return func(c *gateway.Config) {
		c.Limits.WaitingPerAddress = 2
		for _, f := range change {
			f(c)
		}
	}
}

func TestWhoComesFromACrowdedAddressWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	s := sqlite(t, crowded())
	first, _ := dial(t, s.address), dial(t, s.address)
	var line []*client
	for range 5 {
		c := dial(t, s.address)
		c.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
		line = append(line, c)
	}
	_ = line[0].conn.Close() // who goes loses its place alone
	if n := s.Sessions(); n != 0 {
		t.Errorf("%d came in out of turn", n)
	}
	_ = first.conn.Close()
	for _, c := range line[1:] {
		c.welcomed()
	}
	last := dial(t, s.address)
	last.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
	last.welcomed()
}

func TestTheTimeForTheLoginHoldsForWhoWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	s := sqlite(t, crowded(func(c *gateway.Config) { c.Timeouts.Login = 200 * time.Millisecond }))
	for _, c := range []*client{dial(t, s.address), dial(t, s.address), dial(t, s.address), dial(t, s.address)} {
		c.ended()
	}
}

func TestWhoWaitsForItsTurnIsLeftWhenTheGatewayEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*served) error{
		"close": func(s *served) error { return s.Close() },
		"drain": func(s *served) error { return s.Shutdown(context.Background()) },
	} {
		s := sqlite(t, crowded(func(c *gateway.Config) { c.Timeouts.Login = time.Hour }))
		all := []*client{dial(t, s.address), dial(t, s.address), dial(t, s.address)}
		login := dial(t, s.address)
		login.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
		if err := end(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, c := range append(all, login) {
			c.ended()
		}
	}
}

// dialFrom is dial from another address of this machine.
func dialFrom(t *testing.T, from, address string) *client {
	t.Helper()
	conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return over(t, conn)
}

func TestACrowdedAddressShutsOutNoOther(t *testing.T) {
	t.Parallel()
	s := sqlite(t, crowded(func(c *gateway.Config) { c.Limits.Waiting = 4 }))
	dial(t, s.address)
	dial(t, s.address)
	dial(t, s.address)
	last := dial(t, s.address)
	dial(t, s.address).ended() // there are as many as may be
	other := dialFrom(t, "127.0.0.2", s.address)
	other.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
	other.welcomed()
	last.ended() // for whom it made room
}
