// This file tests idle connections that nobody told of their end: a crash of the server's, a freeze, a long rest.

package fluxor_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// When a process of PostgreSQL crashes, the server ends all others with a
// notice, which lies in front of the end of the stream.
func TestIdleConnectionsAfterACrashOfAnotherSessionAreNotNoticed(t *testing.T) {
	const idle = 8
	for _, b := range postgresBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.Target)
			db.SetMaxIdleConns(idle)
			mustExec(t, db, "create table w (n int)")
			holdConnections(t, db, idle)
			bare, admin := b.raw(t, s.Target), s.Admin(t)
			witness, victim := backendOf(t, admin), backendOf(t, bare)
			if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			waitUntil(t, "the server ended its sessions", func() bool { return !alive(witness) })
			waitUntil(t, "the server is back", func() bool { return admin.Ping() == nil })
			for i := range idle {
				if _, err := db.ExecContext(t.Context(), "insert into w values (1)"); err != nil {
					t.Errorf("insert %d: %v", i, err)
				}
			}
			if rows, _ := countRows(t, db); rows != idle {
				t.Errorf("%d rows, want %d", rows, idle)
			}
		})
	}
}

// A call without a context is bounded by one look at a connection and one dial,
// not by as many looks as there are connections.
func TestManyIdleConnectionsToAFrozenServerCostOneTimeout(t *testing.T) {
	const idle = 6
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.Target, "fluxor_network_timeout=1s", "fluxor_connection_timeout=1s", "fluxor_validation_timeout=1s")
			db.SetMaxIdleConns(idle)
			holdConnections(t, db, idle)
			<-time.After(1100 * time.Millisecond) // drivers and Fluxor ask a connection that rested a second
			s.Freeze(t)
			defer s.Thaw()
			start := time.Now()
			_, err := db.ExecContext(context.Background(), "select 1")
			if took := time.Since(start); err == nil || took > 3*time.Second {
				t.Errorf("%v after %s with %d idle connections, want an error after two seconds", err, took, idle)
			}
		})
	}
}
