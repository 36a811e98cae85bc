// This file tests who gets in, by which way, and that all others hear the same.

package gateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/xdg-go/scram"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// withPassword gives app a password as well.
func withPassword(t *testing.T, password string) func(*gateway.Config) {
	t.Helper()
	secret, err := gateway.NewSCRAM(password)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := gateway.ParseSCRAM(secret.Secret())
	if err != nil {
		t.Fatal(err)
	}
	return func(c *gateway.Config) { c.Users[0].SCRAM = parsed }
}

// exchange logs in by SCRAM. It returns what ended the login: welcome or error.
func (c *client) exchange(user, password, mech string, state *tls.ConnectionState) wire.Message {
	c.t.Helper()
	who, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		c.t.Fatal(err)
	}
	talk := who.NewConversation()
	if state != nil {
		channel, err := scram.NewTLSExporterBinding(state)
		if err != nil {
			c.t.Fatal(err)
		}
		talk = who.NewConversationWithChannelBinding(channel)
	}
	first, _ := talk.Step("")
	c.greet(&wire.Hello{User: user, DB: "erp", Mech: mech, Data: wire.Proof(first)})
	for {
		m := c.next()
		if m.Type == wire.TypeWelcome {
			var w wire.Welcome
			c.decode(m, &w)
			if _, err := talk.Step(string(w.Data)); err != nil || !talk.Valid() {
				c.t.Fatalf("the gateway does not prove itself: %v", err)
			}
			return m
		}
		if m.Type == wire.TypeError {
			return m
		}
		var challenge wire.Challenge
		c.decode(m, &challenge)
		reply, err := talk.Step(string(challenge.Data))
		if err != nil {
			c.t.Fatal(err)
		}
		c.send(wire.TypeResponse, 0, &wire.Response{Data: wire.Proof(reply)})
	}
}

func TestAPasswordIsProvedAndNotShown(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withPassword(t, "correct horse"))
	c := dial(t, s.address)
	if m := c.exchange("app", "correct horse", wire.AuthSCRAM, nil); m.Type != wire.TypeWelcome {
		t.Fatalf("got %s", m.Body)
	}
	if got := c.query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
}

func TestATokenMayBeAskedFor(t *testing.T) {
	t.Parallel()
	c := dial(t, sqlite(t).address)
	c.greet(&wire.Hello{User: "app", DB: "erp", Auth: []string{wire.AuthToken}})
	if m := c.next(); m.Type != wire.TypeChallenge {
		t.Fatalf("got %s", m.Type)
	}
	c.send(wire.TypeResponse, 0, &wire.Response{Token: token})
	c.welcomed()
}

func TestEveryFailedLoginSoundsTheSame(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withPassword(t, "correct horse"), func(c *gateway.Config) {
		hash := gateway.HashToken("over").SHA256
		c.Users[0].Tokens = append(c.Users[0].Tokens, gateway.Token{SHA256: hash, Expires: time.Now().Add(-time.Second)})
		c.Users = append(c.Users,
			gateway.User{Name: "off", Disabled: true, Tokens: []gateway.Token{gateway.HashToken(token)}},
			gateway.User{Name: "past", Expires: time.Now().Add(-time.Second), Tokens: []gateway.Token{gateway.HashToken(token)}})
	})
	said := map[string]string{}
	for name, hello := range map[string]wire.Hello{
		"wrong token":   {User: "app", Token: "x"},
		"expired token": {User: "app", Token: "over"},
		"no way":        {User: "app"},
		"unknown user":  {User: "nobody", Token: token},
		"no user":       {Token: token},
		"disabled":      {User: "off", Token: token},
		"expired":       {User: "past", Token: token},
		"certificate":   {User: "app", Mech: wire.AuthMTLS},
		"binding":       {User: "app", Mech: wire.AuthSCRAMPlus},
		"unknown way":   {User: "app", Mech: "plain", Token: token},
		"broken proof":  {User: "app", Mech: wire.AuthSCRAM, Data: wire.Proof("nonsense")},
		"unknown db":    {User: "nobody", DB: "other", Token: token},
	} {
		c := dial(t, s.address)
		c.greet(&hello)
		said[name] = string(c.next().Body)
		c.ended()
	}
	for name, user := range map[string]string{"wrong password": "app", "unknown user's password": "nobody"} {
		c := dial(t, s.address)
		said[name] = string(c.exchange(user, "wrong", wire.AuthSCRAM, nil).Body)
		c.ended()
	}
	for name, text := range said {
		if text != said["wrong token"] || !strings.Contains(text, `"kind":"auth"`) {
			t.Errorf("%s: got %s", name, text)
		}
	}
}

func TestAnUnknownUsersSaltIsAlwaysTheSame(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withPassword(t, "correct horse"))
	salt := func(user string) string {
		c := dial(t, s.address)
		c.greet(&wire.Hello{User: user, DB: "erp", Mech: wire.AuthSCRAM, Data: wire.Proof("n,,n=,r=abcdefgh")})
		var challenge wire.Challenge
		c.decode(c.next(), &challenge)
		return strings.SplitN(string(challenge.Data), ",", 2)[1]
	}
	if salt("nobody") != salt("nobody") || salt("nobody") == salt("somebody") {
		t.Error("a salt tells that the user is unknown")
	}
	if a, b := salt("nobody"), salt("app"); len(a) != len(b) || a[len(a)-7:] != b[len(b)-7:] {
		t.Errorf("an unknown user's challenge looks different: %s, %s", a, b)
	}
}

func TestADatabaseThatIsNotAllowedIsDenied(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) {
		c.Databases["other"] = c.Databases["erp"]
		c.Users[0].Databases = []string{"other"}
	})
	for _, db := range []string{"erp", "none"} {
		c := dial(t, s.address)
		c.greet(&wire.Hello{User: "app", DB: db, Token: token})
		if m := c.next(); !strings.Contains(string(m.Body), `"kind":"denied"`) {
			t.Errorf("%s: got %s", db, m.Body)
		}
		c.ended()
	}
}

func TestASessionEndsWithItsTokenUnlessAnotherIsShown(t *testing.T) {
	t.Parallel()
	soon := time.Now().Add(300 * time.Millisecond)
	s := sqlite(t, func(c *gateway.Config) {
		c.Users[0].Tokens = append(c.Users[0].Tokens, gateway.Token{SHA256: gateway.HashToken("short").SHA256, Expires: soon})
	})
	short := func(h *wire.Hello) { h.Token = "short" }
	over, renewed := login(t, s, short), login(t, s, short)
	renewed.send(wire.TypeResponse, 0, &wire.Response{Token: token})
	renewed.welcomed()
	over.ended() // without a word of the client's
	if got := renewed.query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
	renewed.send(wire.TypeResponse, 0, &wire.Response{Token: "wrong"})
	if m := renewed.next(); !strings.Contains(string(m.Body), `"kind":"auth"`) {
		t.Errorf("got %s", m.Body)
	}
}

func TestAClientThatSpeaksSlowlyIsLeftAfterTheLoginTime(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) { c.Timeouts.Login = 200 * time.Millisecond })
	c := dial(t, s.address)
	began := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for _, b := range []byte(wire.Preamble + strings.Repeat("\x00", 1000)) {
		<-tick.C
		if _, err := c.conn.Write([]byte{b}); err != nil {
			break
		}
	}
	c.ended()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it was left after %s", took)
	}
}

func TestWhatIsNoHelloIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	for name, bytes := range map[string]string{
		"HTTP":        "GET / HTTP/1.1\r\n\r\n",
		"TLS":         "\x16\x03\x01\x02\x00",
		"large frame": wire.Preamble + "\x00\x00\x40\x00\x01\x00\x00\x00\x00\x00\x00\x00",
		"query first": wire.Preamble + "\x00\x00\x00\x0a\x05\x00\x00\x00\x00\x00\x00\x01{}",
		"broken JSON": wire.Preamble + "\x00\x00\x00\x09\x01\x00\x00\x00\x00\x00\x00\x00{",
		"version 2":   `{"type":"hello","versions":[2,3],"user":"app","db":"erp","token":"` + token + `"}` + "\n",
		"SCRAM lines": `{"type":"hello","mech":"scram-sha-256","user":"app","db":"erp"}` + "\n",
	} {
		c := dial(t, s.address)
		c.write([]byte(bytes))
		c.ended()
		if n := s.Sessions(); n != 0 {
			t.Errorf("%s: there are %d sessions", name, n)
		}
	}
}

// authority makes certificates.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	last int64
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	made := a.issue("authority", true)
	a.key = made.PrivateKey.(*ecdsa.PrivateKey)
	a.cert = made.Leaf
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
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
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

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	secret, err := gateway.NewSCRAM("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, gateway.User{SCRAM: secret}); strings.Contains(got, "StoredKey:") || strings.Contains(got, "[1") {
			t.Errorf("%s shows %s", verb, got)
		}
	}
	for _, text := range []string{"", "x", "SCRAM-SHA-256$1:YQ==$YQ==:YQ==", secret.Secret() + "$", "MD5$" + secret.Secret()} {
		if _, err := gateway.ParseSCRAM(text); err == nil {
			t.Errorf("%q is taken for a secret", text)
		}
	}
}
