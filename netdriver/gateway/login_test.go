// This file tests who gets in, by which way, and that all others hear the same.

package gateway_test

import (
	"crypto/tls"
	"fmt"
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
	if once, twice := salt("nobody"), salt("nobody"); once != twice || once == salt("somebody") {
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
	renewed.request(wire.TypeResponse, &wire.Response{Token: token})
	if m := renewed.next(); m.Type != wire.TypeWelcome || m.ID != renewed.last {
		t.Errorf("request %d was answered by a %s of %d", renewed.last, m.Type, m.ID)
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

func TestWhoMayNotBeThereAnyMoreIsLeft(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withPassword(t, "correct horse"))
	byToken, byPassword := login(t, s), dial(t, s.address)
	byPassword.exchange("app", "correct horse", wire.AuthSCRAM, nil)
	user := gateway.User{Name: "app", Tokens: []gateway.Token{gateway.HashToken(token), gateway.HashToken("new")}}
	if err := s.SetUsers([]gateway.User{{}}); err == nil {
		t.Error("users without a name were taken")
	}
	if err := s.SetUsers([]gateway.User{user}); err != nil {
		t.Fatal(err)
	}
	byPassword.ended()
	if got := byToken.query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
	user.Tokens = user.Tokens[1:]
	if err := s.SetUsers([]gateway.User{user}); err != nil {
		t.Fatal(err)
	}
	byToken.ended()
	renewed := login(t, s, func(h *wire.Hello) { h.Token = "new" })
	user.Disabled = true
	if err := s.SetUsers([]gateway.User{user}); err != nil {
		t.Fatal(err)
	}
	var f wire.Error
	renewed.decode(renewed.next(), &f)
	if f.Kind != wire.ErrorAuth {
		t.Errorf("got %+v", f)
	}
	renewed.ended()
}
