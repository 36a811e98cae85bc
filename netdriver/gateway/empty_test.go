// This file tests that nobody logs in with nothing.

package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/xdg-go/scram"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	gatewayconfig "github.com/fluxor-db/fluxor/netdriver/gateway/config"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// refusesLast checks that nobody takes users of whom the last one is at fault, and
// returns a gateway that has the others.
func refusesLast(t *testing.T, c gateway.Config, want string) *served {
	t.Helper()
	kept := c.Users
	if _, err := gateway.New(c); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("New says %v, want %q", err, want)
	}
	c.Users = kept[:len(kept)-1]
	s := serve(t, c)
	if err := s.SetUsers(kept); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("SetUsers says %v, want %q", err, want)
	}
	if err := s.SetServed(gateway.Served{Databases: c.Databases, Users: kept}, nil); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("SetServed says %v, want %q", err, want)
	}
	return s
}

func TestAUserWithAnEmptyTokenIsRefused(t *testing.T) {
	t.Parallel()
	c := config(connector(t, dbtest.SQLite(t)))
	c.Users = append(c.Users, gateway.User{Name: "open", Tokens: []gateway.Token{gateway.HashToken(token), gateway.HashToken("")}})
	refusesLast(t, c, "user 2 (open): token 2 is empty")
}

func TestAnEmptyTokenLetsNobodyIn(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	for name, user := range map[string]string{"known": "app", "unknown": "nobody", "none": ""} {
		c := dial(t, s.address)
		c.greet(&wire.Hello{User: user, DB: "erp", Auth: []string{wire.AuthToken}})
		if m := c.next(); m.Type != wire.TypeChallenge {
			t.Fatalf("%s: got %s %s", name, m.Type, m.Body)
		}
		c.send(wire.TypeResponse, 0, &wire.Response{})
		if m := c.next(); m.Type != wire.TypeError || !strings.Contains(string(m.Body), `"kind":"auth"`) {
			t.Errorf("%s: got %s %s", name, m.Type, m.Body)
		}
	}
	h := s.AdminHandler(gateway.AdminPages{})
	for _, authorization := range []string{"Basic YXBwOg==", "Bearer ", "Basic Og=="} {
		r := httptest.NewRequest(http.MethodGet, "/admin/version", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: got %d", authorization, w.Code)
		}
	}
}

// ofNothing is what another program keeps of an empty password.
func ofNothing(t *testing.T, rounds int) *gateway.SCRAM {
	t.Helper()
	c, err := scram.SHA256.NewClient("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := c.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "a salt of another", Iters: rounds})
	if err != nil {
		t.Fatal(err)
	}
	return &gateway.SCRAM{Iterations: kept.Iters, Salt: []byte(kept.Salt), StoredKey: kept.StoredKey, ServerKey: kept.ServerKey}
}

func TestAUserWithAnEmptyPasswordIsRefused(t *testing.T) {
	t.Parallel()
	c := config(connector(t, dbtest.SQLite(t)))
	kept := append(c.Users, gateway.User{Name: "open", SCRAM: ofNothing(t, 5000)})
	if _, err := gateway.NewSCRAM(""); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("NewSCRAM says %v of an empty password", err)
	}
	c.Users = kept
	s := refusesLast(t, c, "user 2 (open): the SCRAM keys are those of an empty password")
	beyond := *kept[1].SCRAM
	beyond.Iterations = 1 << 40 // nobody waits for that
	if err := s.SetUsers(append(kept[:1:1], gateway.User{Name: "slow", SCRAM: &beyond})); err != nil {
		t.Error(err)
	}
	for name, password := range map[string]string{"empty": "", "of what the login passes over": "\u00ad\u200b"} {
		if _, err := gateway.NewSCRAM(password); err == nil || !strings.Contains(err.Error(), "empty") {
			t.Errorf("%s: NewSCRAM says %v", name, err)
		}
	}
}

func TestEmptyPasswordsAreLookedForUpToFiveMillionIterations(t *testing.T) {
	t.Parallel()
	c, secret := config(connector(t, dbtest.SQLite(t))), ofNothing(t, 100_000)
	var file strings.Builder
	for i := range 60 {
		u := gateway.User{Name: "user" + strconv.Itoa(i), SCRAM: secret}
		c.Users = append(c.Users, u)
		fmt.Fprintf(&file, "  - {name: %s, scram: '%s'}\n", u.Name, secret.Secret())
	}
	text := "listen: [127.0.0.1:0]\ndatabases:\n  erp: {dsn: \":memory:\"}\nusers:\n" + file.String()
	_, ofUsers := gateway.New(c)
	_, ofFile := gatewayconfig.Parse("gateway.yaml", []byte(text), os.Getenv)
	for name, err := range map[string]error{"a gateway": ofUsers, "a file": ofFile} {
		if n := strings.Count(fmt.Sprint(err), "of an empty password"); n != 50 {
			t.Errorf("%s: of 60 users %d are looked at: %v", name, n, err)
		}
	}
}
