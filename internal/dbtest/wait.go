//go:build unix

// This file is how a test waits for what no channel tells, allows for a busy machine, and has connections opened.

package dbtest

import (
	"context"
	"database/sql"
	"sync/atomic"
	"testing"
	"time"
)

// WaitUntil asks again and again whether something holds that another process
// does, and fails the test when that takes too long.
func WaitUntil(t testing.TB, what string, holds func() bool) {
	t.Helper()
	if err := await(what, holds); err != nil {
		t.Fatal("dbtest:", err)
	}
}

// Fill makes db use n connections at once, and leaves them idle as far as its
// limits allow.
func Fill(t testing.TB, db *sql.DB, n int) {
	t.Helper()
	conns := make([]*sql.Conn, n)
	for i := range conns {
		c, err := db.Conn(context.Background())
		if err == nil {
			err = c.PingContext(context.Background())
		}
		if err != nil {
			t.Fatal("dbtest:", err)
		}
		conns[i] = c
	}
	for _, c := range conns {
		_ = c.Close()
	}
}

// Lateness watches how late the machine wakes a timer until the test ends, and
// returns what says the worst so far: no call can be more punctual.
func Lateness(t testing.TB) (worst func() time.Duration) {
	var most atomic.Int64
	go func() {
		const nap = 5 * time.Millisecond
		for t.Context().Err() == nil {
			start := time.Now()
			<-time.After(nap)
			most.Store(max(most.Load(), int64(time.Since(start)-nap)))
		}
	}()
	return func() time.Duration { return time.Duration(most.Load()) }
}
