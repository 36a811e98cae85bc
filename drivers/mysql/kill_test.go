//go:build unix

// This file tests which connections are ended: the one that was named, and never another with its number.

package mysql

import (
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// dial opens a connection of the driver's own.
func dial(t *testing.T, target dbtest.Target) driver.Conn {
	t.Helper()
	ci, err := mysql.MySQLDriver{}.Open(target.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ci.Close() })
	return ci
}

func TestTheConnectionThatWasNamedIsEnded(t *testing.T) {
	target := dbtest.MariaDB(t).NewDatabase(t)
	killer, victim := dial(t, target), dial(t, target)
	name, err := identify(t.Context(), victim)
	if id, host, ok := strings.Cut(name, " "); err != nil || !ok || id == "" || !strings.Contains(host, ":") {
		t.Fatalf("it is called %q, %v", name, err)
	}
	for _, when := range []string{"once", "when it is gone"} {
		if err := kill(t.Context(), killer, name); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	if _, err := text(t.Context(), victim, "select 1"); err == nil {
		t.Error("it lives")
	}
}

func TestNoOtherConnectionWithItsNumberIsEnded(t *testing.T) {
	target := dbtest.MariaDB(t).NewDatabase(t)
	killer, other := dial(t, target), dial(t, target)
	name, err := identify(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Split(name, " ")
	for wrong, want := range map[string]string{
		words[0] + " 192.0.2.1:4711 " + words[2]: "another one",
		words[0] + " " + words[1] + " db9:3306":  "answers at the same address",
		"999999 " + words[1] + " db9:3306":       "answers at the same address",
	} {
		if err := kill(t.Context(), killer, wrong); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", wrong, err)
		}
	}
	if got, err := text(t.Context(), other, "select 'alive'"); err != nil || got != "alive" {
		t.Errorf("it answers %q, %v", got, err)
	}
}
