// This file tests that the gateway asks for what it keeps of a user, and that strangers learn nothing by it.

package gateway_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	_ "github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// threeWays has a user by token, one by password, and one by both.
func threeWays(t *testing.T) func(*gateway.Config) {
	t.Helper()
	secret, err := gateway.NewSCRAM("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	tokens := []gateway.Token{gateway.HashToken(token)}
	return func(c *gateway.Config) {
		c.Users = []gateway.User{{Name: "token", Tokens: tokens}, {Name: "password", SCRAM: secret}, {Name: "both", Tokens: tokens, SCRAM: secret}}
	}
}

// asked is the way that the gateway asks for, and what it says in it.
func asked(t *testing.T, s *served, hello wire.Hello) (string, string) {
	t.Helper()
	c := dial(t, s.address)
	defer c.conn.Close() //nolint:errcheck // it is over
	hello.DB = "erp"
	c.greet(&hello)
	m := c.next()
	if m.Type != wire.TypeChallenge {
		return m.Type.String(), ""
	}
	var ask wire.Challenge
	c.decode(m, &ask)
	return ask.Mech, string(ask.Data)
}

// either is a hello that begins SCRAM and would show a token as well.
func either(user string) wire.Hello {
	return wire.Hello{
		User: user, Auth: []string{wire.AuthSCRAM, wire.AuthToken},
		Mech: wire.AuthSCRAM, Data: wire.Proof("n,,n=,r=abcdefgh"),
	}
}

func TestTheGatewayAsksForWhatItKeepsOfTheUser(t *testing.T) {
	t.Parallel()
	s := sqlite(t, threeWays(t))
	for user, want := range map[string]string{"token": wire.AuthToken, "password": wire.AuthSCRAM, "both": wire.AuthSCRAM} {
		if mech, data := asked(t, s, either(user)); mech != want || (data != "") != (want == wire.AuthSCRAM) {
			t.Errorf("%s: asked for %s %q", user, mech, data)
		}
	}
	shows := wire.Hello{User: "password", Auth: []string{wire.AuthSCRAM, wire.AuthToken}, Mech: wire.AuthToken, Token: token}
	if mech, data := asked(t, s, shows); mech != wire.AuthSCRAM || data != "" {
		t.Errorf("a token in a password's place: asked for %s %q", mech, data)
	}
	bound := wire.Hello{User: "password", Auth: []string{wire.AuthSCRAM}, Mech: wire.AuthSCRAMPlus, Data: wire.Proof("p=tls-exporter,,n=,r=abcdefgh")}
	if mech, data := asked(t, s, bound); mech != wire.AuthSCRAM || data != "" {
		t.Errorf("begun in another way: asked for %s %q", mech, data)
	}
	only := either("token")
	only.Auth = []string{wire.AuthSCRAM}
	if mech, data := asked(t, s, only); mech != wire.AuthSCRAM || data == "" {
		t.Errorf("a way that was not offered: asked for %s %q", mech, data)
	}
}

func TestWhatAnUnknownUserIsAskedForIsFixedAndCouldBeAUsers(t *testing.T) {
	t.Parallel()
	ways, byToken := threeWays(t), 0
	s, other := sqlite(t, ways), sqlite(t, ways)
	const names = 40
	for i := range names {
		hello := either(fmt.Sprint("nobody", i))
		first, _ := asked(t, s, hello)
		for _, again := range []*served{s, other} {
			if mech, _ := asked(t, again, hello); mech != first {
				t.Errorf("%s is asked for %s, and then for %s", hello.User, first, mech)
			}
		}
		if first == wire.AuthToken {
			byToken++
		}
	}
	if byToken == 0 || byToken == names {
		t.Errorf("%d of %d unknown users are asked for a token, where one user of three is", byToken, names)
	}
	alike := sqlite(t) // all its users have tokens alone
	for i := range names {
		if mech, _ := asked(t, alike, either(fmt.Sprint("nobody", i))); mech != wire.AuthToken {
			t.Errorf("where all have tokens a stranger is asked for %s", mech)
		}
	}
}

func TestALoginIsOneTryWhateverTheUserHas(t *testing.T) {
	t.Parallel()
	said := &heard{}
	s := sqlite(t, threeWays(t), func(c *gateway.Config) {
		c.Limits.FailedLogins = 1 // a try in vain would shut the user out
		c.Logger = slog.New(slog.NewTextHandler(said, nil))
	})
	for user, secret := range map[string]string{"token": token, "password": "correct horse", "both": "correct horse"} {
		db, err := sql.Open("fluxor+tcp", "tcp://"+user+":"+url.PathEscape(secret)+"@"+s.address+"/erp")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := db.PingContext(t.Context()); err != nil {
				t.Errorf("%s: %v", user, err)
			}
			db.SetMaxIdleConns(-1) // the next one logs in anew
		}
		_ = db.Close()
	}
	if strings.Contains(said.String(), "failed") {
		t.Errorf("the log says %s", said.String())
	}
	db, err := sql.Open("fluxor+tcp", "tcp://token:wrong@"+s.address+"/erp")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	if err := db.PingContext(t.Context()); err == nil || strings.Count(said.String(), "a login failed") != 1 {
		t.Errorf("got %v, and the log says %s", err, said.String())
	}
}
