// This file tests which ways to log in the client offers, and that it follows the gateway's choice.

package netdriver

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// begins reads a hello that offers SCRAM and the token, and begins with one of them.
func (g *gateway) begins(mech string, token wire.Secret) {
	g.greet()
	if !slices.Equal(g.hello.Auth, []string{wire.AuthSCRAM, wire.AuthToken}) || g.hello.Mech != mech || g.hello.Token != token {
		g.t.Errorf("the hello is %+v", g.hello)
	}
}

func TestTheGatewayChoosesTheWayAndTheNextLoginBeginsWithIt(t *testing.T) {
	scripts := []func(*gateway){
		func(g *gateway) { // the token is asked for
			g.begins(wire.AuthSCRAM, "")
			g.send(wire.TypeChallenge, 0, &wire.Challenge{Mech: wire.AuthToken})
			var r wire.Response
			m := g.want(wire.TypeResponse)
			if err := r.Decode(m.Body, m.Codec()); err != nil || r.Token != "token" {
				g.t.Errorf("the response: %v, the token is right: %v", err, r.Token == "token")
			}
			g.welcome(nil)
		},
		func(g *gateway) { // and shown at once
			g.begins(wire.AuthToken, "token")
			g.welcome(nil)
		},
		func(g *gateway) { // the user has a password from now on
			g.begins(wire.AuthToken, "token")
			g.send(wire.TypeChallenge, 0, &wire.Challenge{Mech: wire.AuthSCRAM})
			m := g.want(wire.TypeResponse)
			var r wire.Response
			_ = r.Decode(m.Body, m.Codec())
			g.hello.Mech, g.hello.Data = wire.AuthSCRAM, r.Data
			scramLogin(g, scramServer(g.t, "token", nil))
		},
		func(g *gateway) {
			g.begins(wire.AuthSCRAM, "")
			scramLogin(g, scramServer(g.t, "token", nil))
		},
	}
	for i, login := range scripts {
		scripts[i] = func(g *gateway) {
			login(g)
			g.answer(g.want(wire.TypeExec))
		}
	}
	db := pool(t, "tcp://app:token@"+fake(t, scripts...)+"/erp")
	for range scripts {
		if _, err := db.Exec("insert"); err != nil {
			t.Fatal(err)
		}
		db.SetMaxIdleConns(-1) // the next one logs in anew
		db.SetMaxIdleConns(1)
	}
}

func TestATokenIsOfferedOnlyWhereNobodyElseReadsIt(t *testing.T) {
	a := newAuthority(t)
	for name, row := range map[string]struct {
		host    string
		mode    TLSMode
		offered bool
	}{
		"plaintext, this machine":      {"localhost:7654", TLSDisable, true},
		"plaintext, another machine":   {"gateway.example:7654", TLSDisable, false},
		"TLS with anybody":             {"gateway.example:7654", TLSRequire, false},
		"TLS with a known certificate": {"gateway.example:7654", TLSVerifyCA, true},
	} {
		t.Run(name, func(t *testing.T) {
			look := func(g *gateway) {
				g.greet()
				if got := slices.Contains(g.hello.Auth, wire.AuthToken); got != row.offered || !slices.Contains(g.hello.Auth, wire.AuthSCRAM) {
					g.t.Errorf("the hello offers %v", g.hello.Auth)
				}
				g.send(wire.TypeChallenge, 0, &wire.Challenge{Mech: wire.AuthToken})
				m, err := g.r.Next()
				if shown := err == nil && strings.Contains(string(m.Body), "token"); shown != row.offered {
					g.t.Errorf("the token is shown: %v, want %v", shown, row.offered)
				}
				g.deny()
			}
			cfg := Config{User: "app", Token: "token", Hosts: []string{row.host}, Database: "erp", TLS: row.mode}
			script := look
			if row.mode != TLSDisable {
				cfg.TLSConfig = &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS13}
				script = a.secure(func(g *gateway, _ *tls.ConnectionState) { look(g) })
			}
			address := fake(t, script)
			cfg.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}
			c, err := NewConnector(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Connect(within(t, 10*time.Second)); err == nil {
				t.Error("the login worked")
			}
		})
	}
}

func TestALoginThatFailsSaysThatTheTokenWasHeldBack(t *testing.T) {
	a := newAuthority(t)
	for name, row := range map[string]struct {
		host, auth string
		roots      bool // an authority of the caller's own
		want       string
	}{
		"anybody":                    {"gateway.example:7654", AuthAuto, false, "tls=verify-ca with an authority of your own"},
		"an authority of the user's": {"gateway.example:7654", AuthAuto, true, ""},
		"this machine":               {"localhost:7654", AuthAuto, false, ""},
		"SCRAM was asked for":        {"gateway.example:7654", AuthSCRAM, false, ""},
	} {
		cfg := Config{User: "app", Token: "token", Hosts: []string{row.host}, TLS: TLSRequire, Auth: row.auth}
		if row.roots {
			cfg.TLS, cfg.TLSConfig = TLSVerifyCA, &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS13}
		}
		address := fake(t, a.secure(func(g *gateway, _ *tls.ConnectionState) {
			g.greet()
			g.deny()
		}))
		cfg.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
		c, err := NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Connect(within(t, 10*time.Second))
		e := asError(t, err)
		if got := e.Message != "no"; e.Kind != "auth" || got != (row.want != "") || !strings.Contains(e.Message, row.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATokenThatSCRAMDoesNotTakeIsShownWhereItMayBe(t *testing.T) {
	const token = "to\aken" // SASLprep has no control characters
	script := func(g *gateway) {
		if g.greet(); g.hello.User == "" {
			return // with auth=scram nothing is sent
		}
		if g.hello.Token != token || !slices.Equal(g.hello.Auth, []string{wire.AuthToken}) {
			g.t.Errorf("the hello is %+v", g.hello)
		}
		g.welcome(nil)
		g.drain()
	}
	for auth, works := range map[string]bool{AuthAuto: true, AuthSCRAM: false} {
		c, err := NewConnector(Config{User: "app", Token: token, Hosts: []string{fake(t, script)}, Auth: auth})
		if err != nil {
			t.Fatal(err)
		}
		cn, err := c.Connect(within(t, 10*time.Second))
		if (err == nil) != works || err != nil && !strings.Contains(err.Error(), "cannot be used for SCRAM") {
			t.Errorf("auth=%s: %v", auth, err)
		}
		if err == nil {
			_ = cn.Close()
		}
	}
}
