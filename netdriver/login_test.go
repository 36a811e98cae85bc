// This file tests the login: who proves what to whom, and what is never sent.

package netdriver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql/driver"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xdg-go/scram"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// scramServer lets the user in who knows the secret; binding is the channel's.
func scramServer(t *testing.T, secret string, binding *scram.ChannelBinding) *scram.ServerConversation {
	t.Helper()
	client, err := scram.SHA256.NewClient("app", secret, "")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "some salt", Iters: 4096})
	if err != nil {
		t.Fatal(err)
	}
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { return stored, nil })
	if err != nil {
		t.Fatal(err)
	}
	if binding != nil {
		return server.NewConversationWithChannelBinding(*binding)
	}
	return server.NewConversation()
}

// scramLogin plays SCRAM from the first message in the hello to the welcome.
func scramLogin(g *gateway, talk *scram.ServerConversation) {
	first, err := talk.Step(string(g.hello.Data))
	if err != nil {
		g.t.Errorf("the first message: %v", err)
	}
	g.send(wire.TypeChallenge, 0, &wire.Challenge{Mech: g.hello.Mech, Data: wire.Proof(first)})
	m := g.want(wire.TypeResponse)
	var r wire.Response
	_ = r.Decode(m.Body, m.Codec())
	last, err := talk.Step(string(r.Data))
	if err != nil || !talk.Valid() {
		g.deny()
		return
	}
	g.welcome(wire.Proof(last))
}

// deny refuses the login.
func (g *gateway) deny() {
	g.send(wire.TypeError, 0, &wire.Error{Kind: wire.ErrorAuth, Message: "no", Applied: wire.AppliedNo, Conn: wire.ConnLost})
}

func TestSCRAMLogsInWithoutShowingTheToken(t *testing.T) {
	talk := scramServer(t, "token", nil)
	db := pool(t, "tcp://app:token@"+fake(t, func(g *gateway) {
		g.greet()
		if g.hello.Mech != wire.AuthSCRAM || g.hello.Token != "" || g.hello.User != "app" || g.hello.DB != "erp" {
			g.t.Errorf("the hello is %+v", g.hello)
		}
		scramLogin(g, talk)
		g.answer(g.want(wire.TypeExec))
		g.drain()
	})+"/erp")
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
}

func TestAWrongTokenIsRefusedAndNotTriedElsewhere(t *testing.T) {
	talk := scramServer(t, "another", nil)
	refuses := fake(t, func(g *gateway) {
		g.greet()
		scramLogin(g, talk)
	}, func(g *gateway) { g.t.Error("the login was tried twice") })
	other := fake(t, func(g *gateway) { g.t.Error("the login went to the second host") })
	_, err := pool(t, "tcp://app:token@"+refuses+","+other+"/erp").Exec("insert")
	if e := asError(t, err); e.Kind != "auth" || strings.Contains(err.Error(), "token") || errors.Is(err, driver.ErrBadConn) {
		t.Errorf("got %v", err)
	}
}

func TestAGatewayMustProveThatItKnowsTheUser(t *testing.T) {
	for name, script := range map[string]func(*gateway, *scram.ServerConversation){
		"a welcome without a proof": func(g *gateway, talk *scram.ServerConversation) {
			first, _ := talk.Step(string(g.hello.Data))
			g.send(wire.TypeChallenge, 0, &wire.Challenge{Mech: g.hello.Mech, Data: wire.Proof(first)})
			g.want(wire.TypeResponse)
			g.welcome(nil)
		},
		"a wrong proof": func(g *gateway, talk *scram.ServerConversation) {
			first, _ := talk.Step(string(g.hello.Data))
			g.send(wire.TypeChallenge, 0, &wire.Challenge{Mech: g.hello.Mech, Data: wire.Proof(first)})
			g.want(wire.TypeResponse)
			g.welcome(wire.Proof("v=cm9uZw=="))
		},
		"a welcome at once": func(g *gateway, _ *scram.ServerConversation) { g.welcome(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			talk := scramServer(t, "token", nil)
			_, err := pool(t, "tcp://app:token@"+fake(t, func(g *gateway) {
				g.greet()
				script(g, talk)
			})+"/erp").Exec("insert")
			if err == nil || !strings.Contains(err.Error(), "did not prove") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestALoginThatAsksTooMuchIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		ask  *wire.Challenge
		want string
	}{
		"rounds without end": {&wire.Challenge{Mech: wire.AuthSCRAM, Data: wire.Proof("r=x,s=c2FsdA==,i=2000000000")}, "rounds of SCRAM"},
		"more than integers": {&wire.Challenge{Mech: wire.AuthSCRAM, Data: wire.Proof("r=x,s=c2FsdA==,i=99999999999999999999")}, "rounds of SCRAM"},
		"another way":        {&wire.Challenge{Mech: wire.AuthMTLS}, "not offered"},
		"an unknown way":     {&wire.Challenge{Mech: "plain"}, "not offered"},
		"the same for ever":  {&wire.Challenge{Mech: wire.AuthToken}, "more than the login has"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pool(t, "tcp://app:token@"+fake(t, func(g *gateway) {
				g.greet()
				g.send(wire.TypeChallenge, 0, row.ask)
				if row.ask.Mech == wire.AuthToken {
					g.want(wire.TypeResponse)
					g.send(wire.TypeChallenge, 0, row.ask)
				}
				g.drain()
			})+"/erp").Exec("insert")
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestAuthSCRAMNeverSendsTheToken(t *testing.T) {
	_, err := pool(t, "tcp://app:token@"+fake(t, func(g *gateway) {
		g.greet()
		if slices.Contains(g.hello.Auth, wire.AuthToken) {
			g.t.Errorf("the hello offers %v", g.hello.Auth)
		}
		g.send(wire.TypeChallenge, 0, &wire.Challenge{Mech: wire.AuthToken})
		g.drain()
	})+"/erp?auth=scram").Exec("insert")
	if err == nil || !strings.Contains(err.Error(), "not offered") {
		t.Errorf("got %v", err)
	}
}

func TestAuthTokenSavesAChallenge(t *testing.T) {
	db := pool(t, "tcp://app:token@"+fake(t, func(g *gateway) {
		g.greet()
		if g.hello.Mech != wire.AuthToken || g.hello.Token != "token" {
			g.t.Errorf("the hello is %+v", g.hello)
		}
		g.welcome(nil)
		g.answer(g.want(wire.TypeExec))
		g.drain()
	})+"/erp?auth=token")
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
}

// authority is a certificate authority with files for a server and a client.
type authority struct {
	dir    string
	server tls.Certificate
	roots  *x509.CertPool
}

// newAuthority makes certificates; the server's is for localhost.
func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, root := certificate(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	a := &authority{dir: t.TempDir(), roots: x509.NewCertPool()}
	a.roots.AddCert(root)
	a.write(t, "ca.pem", "CERTIFICATE", root.Raw)
	serverKey, server := certificate(t, &x509.Certificate{DNSNames: []string{"localhost"}}, root, key)
	a.server = tls.Certificate{Certificate: [][]byte{server.Raw}, PrivateKey: serverKey}
	clientKey, client := certificate(t, &x509.Certificate{Subject: pkix.Name{CommonName: "app"}}, root, key)
	a.write(t, "cert.pem", "CERTIFICATE", client.Raw)
	der, err := x509.MarshalPKCS8PrivateKey(clientKey)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, "key.pem", "PRIVATE KEY", der)
	return a
}

func certificate(t *testing.T, c, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, made
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(a.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// options are those of a DSN that trusts the authority.
func (a *authority) options() string { return "?ca=" + escape(a.path("ca.pem")) }

// secure puts TLS below a script.
func (a *authority) secure(script func(*gateway, *tls.ConnectionState)) func(*gateway) {
	return func(g *gateway) {
		c := tls.Server(g.conn, &tls.Config{
			Certificates: []tls.Certificate{a.server}, ClientCAs: a.roots, ClientAuth: tls.VerifyClientCertIfGiven, MinVersion: tls.VersionTLS13,
		})
		if c.Handshake() != nil {
			return
		}
		state := c.ConnectionState()
		g.conn, g.r = c, wire.NewReader(c, wire.Limits{})
		script(g, &state)
	}
}

func TestOverTLSSCRAMIsBoundToTheChannel(t *testing.T) {
	a := newAuthority(t)
	db := pool(t, "tcp://app:token@"+fakeLocal(t, a.secure(func(g *gateway, s *tls.ConnectionState) {
		g.greet()
		if g.hello.Mech != wire.AuthSCRAMPlus {
			g.t.Errorf("the hello takes %s", g.hello.Mech)
		}
		binding, err := scram.NewTLSExporterBinding(s)
		if err != nil {
			g.t.Error(err)
		}
		scramLogin(g, scramServer(g.t, "token", &binding))
		g.answer(g.want(wire.TypeExec))
		g.answer(g.want(wire.TypeExec))
		g.drain()
	}), func(g *gateway) { g.t.Error("a second connection came") })+"/erp"+a.options())
	for range 2 {
		if _, err := db.Exec("insert"); err != nil {
			t.Error(err)
		}
	}
}

func TestAChannelThatIsBoundElsewhereIsNoticed(t *testing.T) {
	a := newAuthority(t)
	_, err := pool(t, "tcp://app:token@"+fakeLocal(t, a.secure(func(g *gateway, _ *tls.ConnectionState) {
		g.greet()
		other := scram.ChannelBinding{Type: scram.ChannelBindingTLSExporter, Data: make([]byte, 32)}
		scramLogin(g, scramServer(g.t, "token", &other))
	}))+"/erp"+a.options()+"&auth=scram").Exec("insert")
	if e := asError(t, err); e.Kind != "auth" {
		t.Errorf("got %v", err)
	}
}

func TestACertificateLogsIn(t *testing.T) {
	a := newAuthority(t)
	db := pool(t, "tcp://"+fakeLocal(t, a.secure(func(g *gateway, s *tls.ConnectionState) {
		g.greet()
		if g.hello.Mech != wire.AuthMTLS || len(s.PeerCertificates) != 1 || s.PeerCertificates[0].Subject.CommonName != "app" {
			g.t.Errorf("the hello takes %s with %d certificates", g.hello.Mech, len(s.PeerCertificates))
		}
		g.welcome(nil)
		g.answer(g.want(wire.TypeExec))
		g.drain()
	}))+"/erp"+a.options()+"&auth=mtls&cert="+escape(a.path("cert.pem"))+"&key="+escape(a.path("key.pem")))
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
}

func TestTheCertificateIsLookedAtAsTheModeSays(t *testing.T) {
	a := newAuthority(t)
	for _, row := range []struct {
		name, options string
		in            bool
	}{
		{"unknown authority", "?tls=verify-full", false},
		{"unknown authority, verify-ca", "?tls=verify-ca", false},
		{"unknown authority, require", "?tls=require", true},
		{"another name", a.options() + "&server_name=elsewhere", false},
		{"another name, verify-ca", a.options() + "&server_name=elsewhere&tls=verify-ca", true},
		{"the name", a.options(), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			addr := fakeLocal(t, a.secure(func(g *gateway, _ *tls.ConnectionState) {
				g.greet()
				if !row.in {
					g.t.Error("a hello came")
				}
				g.welcome(nil)
				g.answer(g.want(wire.TypePing))
				g.drain()
			}))
			c, err := (&Driver{}).OpenConnector("tcp://" + addr + "/erp" + row.options)
			if err != nil {
				t.Fatal(err)
			}
			cn, err := c.Connect(within(t, 10*time.Second))
			if err == nil {
				_ = cn.Close()
			}
			if (err == nil) != row.in {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNothingFallsBackToPlaintext(t *testing.T) {
	plain := func(g *gateway) {
		var first [1]byte
		if _, err := g.conn.Read(first[:]); err != nil || first[0] == 'F' || first[0] == '{' {
			g.t.Errorf("the connection began with %q, %v", first, err)
		}
		_, _ = g.conn.Write([]byte("no TLS here"))
	}
	_, err := pool(t, "tcp://app:token@"+fake(t, plain)+"/erp?tls=require").Exec("insert")
	var wrong tls.RecordHeaderError
	if !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
}

// fakeLocal is fake under the name localhost.
func fakeLocal(t *testing.T, scripts ...func(*gateway)) string {
	t.Helper()
	_, port, err := net.SplitHostPort(fake(t, scripts...))
	if err != nil {
		t.Fatal(err)
	}
	return "localhost:" + port
}
