//go:build unix

// This file tests that a pooler lends its server connections as its mode says, and ends with its test.

package dbtest

import (
	"database/sql"
	"net"
	"testing"
)

// backendOf is the server session that serves one transaction of c.
func backendOf(t *testing.T, c *sql.Conn) (pid int) {
	t.Helper()
	if err := c.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}

// clientsOf are two connections to one database.
func clientsOf(t *testing.T, s *Server) (one, two *sql.Conn) {
	t.Helper()
	db := s.Open(t, s.Target)
	for _, c := range []**sql.Conn{&one, &two} {
		var err error
		if *c, err = db.Conn(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*c).Close() })
	}
	return one, two
}

func TestPoolerLendsByTransactionOrBySession(t *testing.T) {
	upstream := Postgres(t).NewDatabase(t)
	for mode, shared := range map[PoolMode]bool{PoolTransaction: true, PoolSession: false} {
		one, two := clientsOf(t, StartPgBouncer(t, upstream, mode))
		if got := backendOf(t, one) == backendOf(t, two); got != shared {
			t.Errorf("%s: two clients share a server session: %t, want %t", mode, got, shared)
		}
	}
}

func TestPoolerEndsWithItsTest(t *testing.T) {
	var addr string
	t.Run("user", func(t *testing.T) {
		addr = StartPgBouncer(t, Postgres(t).NewDatabase(t), PoolSession).Addr()
	})
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Errorf("%s still accepts connections", addr)
	}
}

func TestOnlyAPgBouncerThatKnowsPreparedStatementsIsToldNotToFollowThem(t *testing.T) {
	for version, want := range map[string]bool{
		"PgBouncer 1.18.0\nlibevent 2.1.12-stable\n": false, "PgBouncer 1.20.1": false, "PgBouncer 1.21.0": true, "PgBouncer 1.24.1": true, "PgBouncer 2.0": true, "": false,
	} {
		if got := follows(version); got != want {
			t.Errorf("%q: got %v", version, got)
		}
	}
}
