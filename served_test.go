// This file tests what whoever serves a connector's connections to others is told.

package fluxor_test

import (
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestAServerIsToldWhatMayGoBackAfterAStatement(t *testing.T) {
	t.Parallel()
	for _, cache := range []string{"off", "all"} {
		c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dbtest.SQLite(t), Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := c.Backend().Type; got != "sqlite" {
			t.Errorf("the type is %q", got)
		}
		for text, why := range map[string]string{
			"select 1":                 "",
			"insert into t values (1)": "",
			"begin":                    "transaction",
			"pragma foreign_keys = on": "unknown-statement",
			"select mine(1)":           "unknown-function",
		} {
			leaves, got := c.LeavesSession(text)
			if leaves != (why == "") || leaves != (got == "") {
				t.Errorf("cache %s, %s: got %v and %q, want %q", cache, text, leaves, got, why)
			}
		}
	}
}

func TestAServerIsToldWhatATextIs(t *testing.T) {
	t.Parallel()
	c := serving(t)
	for text, want := range map[string]fluxor.TextFacts{
		"select 7":                {Verb: "SELECT", Count: 1, Code: "one-read"},
		"-- x\n(select 7)":        {Verb: "SELECT", Count: 1, Code: "one-read"},
		"select 7; delete from t": {Verb: "SELECT", Count: 2, Code: "several-statements"},
		"":                        {Code: "empty"},
	} {
		if got := c.Describe(text); got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
	if got := c.Fingerprint("select 'secret'"); strings.Contains(got, "secret") || !strings.HasPrefix(got, "select") {
		t.Errorf("got %q", got)
	}
}

// serving is a connector of one connection.
func serving(t *testing.T) *fluxor.Connector {
	t.Helper()
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dbtest.SQLite(t), MaxOpenConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// virtual is one of its virtual connections as a server uses them.
type virtual interface {
	driver.Pinger
	driver.Validator
	driver.ExecerContext
	Continues() bool
	Aside(on bool)
	OnWait(f func(waits bool))
}

func connected(t *testing.T, c *fluxor.Connector) virtual {
	t.Helper()
	conn, err := c.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(virtual)
}

func TestAServerIsToldWhetherALeaseContinuesTheOneBefore(t *testing.T) {
	t.Parallel()
	c := serving(t)
	mine, other := connected(t, c), connected(t, c)
	lease := func(conn virtual, want bool) {
		t.Helper()
		if err := conn.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := conn.Continues(); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		conn.IsValid()
	}
	lease(mine, false)
	lease(mine, true)
	lease(other, false)
	lease(mine, false)
	lease(mine, true)
}

func TestAServerIsToldWhoWaitsForAConnection(t *testing.T) {
	t.Parallel()
	c := serving(t)
	holder, waiter := connected(t, c), connected(t, c)
	told := make(chan bool, 2)
	waiter.OnWait(func(waits bool) { told <- waits })
	if err := holder.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- waiter.Ping(t.Context()) }()
	if !<-told {
		t.Error("the end of a wait was told first")
	}
	holder.IsValid()
	if <-told {
		t.Error("the wait's end was not told")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWhatAServerTakesBackIsNoStateOfTheSession(t *testing.T) {
	t.Parallel()
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dbtest.SQLite(t), Cache: "all"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	conn := connected(t, c)
	for _, aside := range []bool{true, false} {
		conn.Aside(aside)
		if _, err := conn.ExecContext(t.Context(), "pragma query_only = 0", nil); err != nil {
			t.Fatal(err)
		}
		conn.Aside(false)
		if got := c.CacheStats().Sessions == 0; got != aside {
			t.Errorf("aside %v: there are %d sessions with a state of their own", aside, c.CacheStats().Sessions)
		}
	}
}
