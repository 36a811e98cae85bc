// This file tests which certificates are shown, and whose checks are asked.

package netdriver

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestACallersOwnCheckOfTheGatewayIsAskedInEveryMode(t *testing.T) {
	a := newAuthority(t)
	no := errors.New("not the one that is pinned")
	for _, mode := range []TLSMode{TLSRequire, TLSVerifyCA, TLSVerifyFull} {
		cfg := Config{
			User: "app", Token: "token", TLS: mode, Hosts: []string{fakeLocal(t, a.secure(func(*gateway, *tls.ConnectionState) {}))},
			TLSConfig: &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS13, VerifyConnection: func(tls.ConnectionState) error { return no }},
		}
		c, err := NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Connect(within(t, 10*time.Second)); !errors.Is(err, no) {
			t.Errorf("%s: got %v", mode, err)
		}
	}
}

func TestACallersOwnCheckIsGivenTheChainsThatWereVerified(t *testing.T) {
	a := newAuthority(t)
	for mode, want := range map[TLSMode]bool{TLSRequire: false, TLSVerifyCA: true, TLSVerifyFull: true} {
		got := false
		cfg := Config{
			User: "app", Token: "token", TLS: mode,
			Hosts: []string{fakeLocal(t, a.secure(func(g *gateway, _ *tls.ConnectionState) { g.enter() }))},
			TLSConfig: &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS13, VerifyConnection: func(s tls.ConnectionState) error {
				got = len(s.VerifiedChains) > 0
				return nil
			}},
		}
		c, err := NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		cn, err := c.Connect(within(t, 10*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		_ = cn.Close()
		if got != want {
			t.Errorf("%s: there are chains: %v, want %v", mode, got, want)
		}
	}
}

func TestACertificateThatIsMadeWhenItIsAskedForLogsIn(t *testing.T) {
	a := newAuthority(t)
	own, err := tls.LoadX509KeyPair(a.path("cert.pem"), a.path("key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	addr := fakeLocal(t, a.secure(func(g *gateway, s *tls.ConnectionState) {
		g.greet()
		if g.hello.Mech != wire.AuthMTLS || len(s.PeerCertificates) != 1 {
			g.t.Errorf("the hello takes %q with %d certificates", g.hello.Mech, len(s.PeerCertificates))
		}
		g.welcome(nil)
		g.drain()
	}))
	cfg := Config{User: "app", Hosts: []string{addr}, Auth: AuthMTLS, TLSConfig: &tls.Config{
		RootCAs: a.roots, MinVersion: tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil },
	}}
	c, err := NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cn, err := c.Connect(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	_ = cn.Close()
	cfg.TLSConfig.GetClientCertificate = nil
	if _, err := NewConnector(cfg); err == nil || !strings.Contains(err.Error(), "cert and key") {
		t.Errorf("without any certificate: %v", err)
	}
}

func TestATokenIsNotForWhoeverHasSomeCertificateThatTheSystemTrusts(t *testing.T) {
	cfg := Config{User: "app", Token: "token", Hosts: []string{"gateway.example"}, TLS: TLSVerifyCA}
	c, err := NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if c.cfg.safeForToken(net.JoinHostPort("gateway.example", defaultPort)) {
		t.Error("the token is offered")
	}
	cfg.Auth = AuthToken
	if _, err := NewConnector(cfg); err == nil || !strings.Contains(err.Error(), "authority of your own") {
		t.Errorf("got %v", err)
	}
}
