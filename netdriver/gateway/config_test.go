// This file tests what a configuration is told, and which connections are not served.

package gateway_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestAllFaultsOfAConfigurationAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := gateway.New(gateway.Config{
		Databases: map[string]gateway.Database{"erp": nil},
		Users: []gateway.User{
			{}, {Name: "a", Databases: []string{"none"}, Certificates: []string{"x"}, Sessions: -1, SCRAM: &gateway.SCRAM{}}, {Name: "a"},
		},
		TLS:      &tls.Config{},
		Limits:   gateway.Limits{Sessions: -1, Frame: 1, Window: 64<<10 - 1},
		Timeouts: gateway.Timeouts{Idle: -time.Second},
	})
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{
		`database "erp"`, "the name is missing", "no way to log in", "no database none", "SCRAM keys", "Sessions is negative",
		"the name is taken", "there is no certificate", "Limits.Sessions", "Limits.Frame", "Limits.Window", "Timeouts.Idle",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said in:\n%v", want, err)
		}
	}
}

func TestOthersAreNotServedWithoutTLSUnlessThatIsAllowed(t *testing.T) {
	t.Parallel()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "0.0.0.0:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	c := config(connector(t, dbtest.SQLite(t)))
	s, err := gateway.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(listen()); err == nil || errors.Is(err, gateway.ErrServerClosed) {
		t.Errorf("got %v", err)
	}
	c.AllowPlaintext = true
	if s, err = gateway.New(c); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listen()) }()
	_ = s.Close()
	if err := <-ended; !errors.Is(err, gateway.ErrServerClosed) {
		t.Errorf("got %v", err)
	}
}

func TestLimitsOfSessionsAreKept(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*gateway.Config){
		"all":     func(c *gateway.Config) { c.Limits.Sessions = 2 },
		"user":    func(c *gateway.Config) { c.Limits.SessionsPerUser = 2 },
		"one":     func(c *gateway.Config) { c.Users[0].Sessions = 2 },
		"address": func(c *gateway.Config) { c.Limits.SessionsPerAddress = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sqlite(t, change)
			first := login(t, s)
			login(t, s)
			c := dial(t, s.address)
			c.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
			if m := c.next(); !strings.Contains(string(m.Body), `"kind":"overloaded"`) {
				t.Errorf("got %s", m.Body)
			}
			c.ended()
			_ = first.conn.Close()
			dbtest.WaitUntil(t, "a session is gone", func() bool { return s.Sessions() == 1 })
			login(t, s)
		})
	}
}

func TestConnectionsThatDoNotLogInAreLimited(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) { c.Limits.Waiting = 2 })
	first := dial(t, s.address)
	dial(t, s.address)
	dial(t, s.address).ended()
	_ = first.conn.Close()
	dbtest.WaitUntil(t, "there is room", func() bool {
		c := dial(t, s.address)
		_, _ = c.conn.Write([]byte(wire.Preamble))
		c.out.Add(wire.TypeHello, 0, &wire.Hello{User: "app", DB: "erp", Token: token}, c.codec)
		_, _ = c.conn.Write(c.out.Bytes())
		m, err := c.r.Next()
		_ = c.conn.Close()
		return err == nil && m.Type == wire.TypeWelcome
	})
}

func TestASessionThatSaysNothingEnds(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) { c.Timeouts.Idle = 50 * time.Millisecond })
	login(t, s).ended()
	held := sqlite(t, func(c *gateway.Config) { c.Timeouts.IdleInTx = 50 * time.Millisecond })
	c := login(t, held)
	c.do(wire.TypeBegin, &wire.Begin{})
	c.ended()
}
