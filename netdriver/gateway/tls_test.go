// This file tests logins over TLS: bound to the channel, and by certificate.

package gateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// authority makes certificates.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	last int64
	ends time.Time // of what it issues
}

func newAuthority(t *testing.T) *authority { return newAuthorityUntil(t, time.Now().Add(time.Hour)) }

// newAuthorityUntil ends then, and what it issues when another one does.
func newAuthorityUntil(t *testing.T, end time.Time) *authority {
	a := &authority{t: t, ends: end}
	made := a.issue("authority", true)
	a.key = made.PrivateKey.(*ecdsa.PrivateKey)
	a.cert, a.ends = made.Leaf, time.Now().Add(time.Hour)
	return a
}

// issue makes a certificate for a DNS name, valid on loopback.
func (a *authority) issue(name string, itself bool) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.last++
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(a.last), Subject: pkix.Name{Organization: []string{"test"}}, DNSNames: []string{name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: a.ends,
		IsCA: itself, BasicConstraintsValid: itself, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := a.cert, a.key
	if itself {
		parent, signer = cert, key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// overTLS serves with a certificate of a's, and takes those of clients.
func (a *authority) overTLS(c *gateway.Config) {
	c.TLS = &tls.Config{
		Certificates: []tls.Certificate{a.issue("localhost", false)}, ClientCAs: a.pool(), ClientAuth: tls.VerifyClientCertIfGiven,
	}
}

// dial connects over TLS, with a certificate where there is one.
func (a *authority) dial(s *served, certs ...tls.Certificate) (*client, tls.ConnectionState) {
	a.t.Helper()
	conn, err := tls.Dial("tcp", s.address, &tls.Config{RootCAs: a.pool(), Certificates: certs})
	if err != nil {
		a.t.Fatal(err)
	}
	return over(a.t, conn), conn.ConnectionState()
}

func TestOverTLSAPasswordMayBeBoundToTheChannel(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := sqlite(t, withPassword(t, "correct horse"), a.overTLS)
	c, state := a.dial(s)
	if m := c.exchange("app", "correct horse", wire.AuthSCRAMPlus, &state); m.Type != wire.TypeWelcome {
		t.Fatalf("got %s", m.Body)
	}
	if state.Version != tls.VersionTLS13 {
		t.Errorf("TLS has version %x", state.Version)
	}
	plain, _ := a.dial(s)
	if m := plain.exchange("app", "correct horse", wire.AuthSCRAM, nil); m.Type != wire.TypeWelcome {
		t.Fatalf("without binding: %s", m.Body)
	}
	unbound, _ := a.dial(s)
	unbound.greet(&wire.Hello{User: "app", DB: "erp", Mech: wire.AuthSCRAMPlus, Data: wire.Proof("n,,n=,r=abcdefgh")})
	if m := unbound.next(); !strings.Contains(string(m.Body), `"kind":"auth"`) {
		t.Errorf("a login that is not bound got %s", m.Body)
	}
	_, other := a.dial(s)
	relayed, _ := a.dial(s)
	if m := relayed.exchange("app", "correct horse", wire.AuthSCRAMPlus, &other); m.Type != wire.TypeError {
		t.Error("a proof of another channel was taken")
	}
}

func TestALoginByCertificateEndsWithTheFirstOfItsChain(t *testing.T) {
	t.Parallel()
	a := newAuthorityUntil(t, time.Now().Add(3*time.Second))
	s := sqlite(t, a.overTLS, func(c *gateway.Config) { c.Users[0].Certificates = []string{"billing.example"} })
	c, _ := a.dial(s, a.issue("billing.example", false))
	c.greet(&wire.Hello{User: "app", DB: "erp", Auth: []string{wire.AuthMTLS}})
	c.welcomed()
	if m := c.next(); m.Type != wire.TypeError || !strings.Contains(string(m.Body), `"kind":"auth"`) {
		t.Errorf("got %s %s", m.Type, m.Body)
	}
}

func TestACertificateIsAUser(t *testing.T) {
	t.Parallel()
	a, stranger := newAuthority(t), newAuthority(t)
	s := sqlite(t, a.overTLS, func(c *gateway.Config) { c.Users[0].Certificates = []string{"billing.example"} })
	for name, try := range map[string]struct {
		cert tls.Certificate
		user string
		want wire.Type
	}{
		"named":      {a.issue("billing.example", false), "app", wire.TypeWelcome},
		"unnamed":    {a.issue("billing.example", false), "", wire.TypeWelcome},
		"other name": {a.issue("other.example", false), "app", wire.TypeError},
		"other user": {a.issue("billing.example", false), "nobody", wire.TypeError},
		"unknown to": {a.issue("other.example", false), "", wire.TypeError},
	} {
		c, _ := a.dial(s, try.cert)
		c.greet(&wire.Hello{User: try.user, DB: "erp", Auth: []string{wire.AuthMTLS}})
		if m := c.next(); m.Type != try.want {
			t.Errorf("%s: got %s", name, m.Body)
		}
	}
	c, _ := a.dial(s, stranger.issue("billing.example", false))
	_, _ = c.conn.Write([]byte(wire.Preamble))
	c.ended()
}

func TestWithoutTLSATLSPortSaysNothing(t *testing.T) {
	t.Parallel()
	s := sqlite(t, newAuthority(t).overTLS)
	c := dial(t, s.address)
	c.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
	c.ended()
}

func TestAProbeThatSaysNothingIsNoWarning(t *testing.T) {
	t.Parallel()
	log := &heard{}
	s := sqlite(t, newAuthority(t).overTLS, func(c *gateway.Config) {
		c.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	_ = dial(t, s.address).conn.Close()
	reset := dial(t, s.address).conn
	_ = reset.(*net.TCPConn).SetLinger(0)
	_ = reset.Close()
	said := func() int { return strings.Count(log.String(), "a connection ended before it said anything") }
	dbtest.WaitUntil(t, "both are known", func() bool { return said() == 2 })
	if strings.Contains(log.String(), "level=WARN") {
		t.Errorf("the log has:\n%s", log)
	}
	c := dial(t, s.address)
	c.write([]byte(`{"type":"hello"}`))
	c.ended()
	dbtest.WaitUntil(t, "the other one is warned of", func() bool { return strings.Contains(log.String(), "level=WARN") })
	if !strings.Contains(log.String(), "a connection without TLS") || said() != 2 {
		t.Errorf("the log has:\n%s", log)
	}
}
