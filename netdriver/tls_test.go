// This file tests which certificates are shown, and whose checks are asked.

package netdriver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestACallersOwnCheckOfTheGatewayIsAskedInEveryMode(t *testing.T) {
	a := newAuthority(t)
	no := errors.New("not the one that is pinned")
	for i, mode := range []TLSMode{TLSRequire, TLSVerifyCA, TLSVerifyFull, TLSRequire, TLSVerifyCA, TLSVerifyFull} {
		own := &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS13, VerifyConnection: func(tls.ConnectionState) error { return no }}
		if i >= 3 {
			own.VerifyConnection = nil
			own.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { return no }
		}
		cfg := Config{
			User: "app", Token: "token", TLS: mode, Hosts: []string{fakeLocal(t, a.secure(func(*gateway, *tls.ConnectionState) {}))}, TLSConfig: own,
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

func TestACallersOwnChecksAreGivenTheChainsThatWereVerified(t *testing.T) {
	a := newAuthority(t)
	for mode, want := range map[TLSMode]bool{TLSRequire: false, TLSVerifyCA: true, TLSVerifyFull: true} {
		got, peers := false, false
		cfg := Config{
			User: "app", Token: "token", TLS: mode,
			Hosts: []string{fakeLocal(t, a.secure(func(g *gateway, _ *tls.ConnectionState) { g.enter() }))},
			TLSConfig: &tls.Config{
				RootCAs: a.roots, MinVersion: tls.VersionTLS13,
				VerifyConnection: func(s tls.ConnectionState) error {
					got = len(s.VerifiedChains) > 0
					return nil
				},
				VerifyPeerCertificate: func(raw [][]byte, chains [][]*x509.Certificate) error {
					peers = len(raw) > 0 && len(chains) > 0
					return nil
				},
			},
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
		if got != want || peers != want {
			t.Errorf("%s: there are chains: %v and %v, want %v", mode, got, peers, want)
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

// ambiguous is a connection that takes what is written, and says of the writes after
// the word that they failed.
type ambiguous struct {
	net.Conn
	word *atomic.Bool
}

func (a ambiguous) Write(b []byte) (int, error) {
	n, err := a.Conn.Write(b)
	if a.word.Load() && err == nil {
		err = errors.New("something else was the matter")
	}
	return n, err
}

func TestARequestThatWentOverTLSIsNotSentAgainWhateverItsWriteSays(t *testing.T) {
	a := newAuthority(t)
	var word atomic.Bool
	var dials, execs atomic.Int32
	addr := fakeLocal(t, a.secure(func(g *gateway, _ *tls.ConnectionState) {
		g.enter()
		for m, err := g.r.Next(); err == nil; m, err = g.r.Next() {
			execs.Add(1)
			g.answer(m)
		}
	}))
	c, err := NewConnector(Config{
		User: "app", Token: "token", Hosts: []string{addr}, TLSConfig: &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS13},
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			if dials.Add(1) > 1 {
				return nc, err
			}
			return ambiguous{nc, &word}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close() //nolint:errcheck // it is told of no error that matters
	for range 2 {
		if _, err := db.ExecContext(within(t, 10*time.Second), "insert"); err != nil {
			t.Error(err)
		}
		word.Store(true)
	}
	if n := execs.Load(); n != 2 {
		t.Errorf("%d statements came, want 2", n)
	}
}
