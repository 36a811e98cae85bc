// This file tests how commands are written for a shell.

package steps

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWordsAreQuotedForAShell(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"env:A": "env:A", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "a&b": "'a&b'", "$1": "'$1'"} {
		if got := Quote(word); got != want {
			t.Errorf("%q: got %s", word, got)
		}
	}
}

func TestDatabaseIsNamedWithoutItsSecret(t *testing.T) {
	t.Parallel()
	const secret = "postgres://u:geheim@h/d"
	for argument, want := range map[string]string{secret: "env:DSN", "env:ERP": "env:ERP", "-": "-"} {
		name, before := Database(argument, secret)
		if name != want || (len(before) > 0) != (argument == secret) || strings.Contains(strings.Join(before, ""), "geheim") {
			t.Errorf("%s: got %s, %q", argument, name, before)
		}
	}
	if name, before := Database("postgres://h/d?sslmode=require", "postgres://h/d?sslmode=require"); name != "'postgres://h/d?sslmode=require'" || before != nil {
		t.Errorf("got %s, %q", name, before)
	}
}
