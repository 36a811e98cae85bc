// This file tests what whoever serves a connector's connections to others is told.

package fluxor_test

import (
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
