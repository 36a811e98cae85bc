// This file restarts real servers and measures how soon reads through Fluxor succeed again.

package soak_test

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// The restart: how long the server is down before it is started again, and how
// soon after it accepts a login the first read must succeed.
const (
	downTime    = 300 * time.Millisecond
	resumeLimit = time.Second
	restarts    = 2
)

func TestReadsResumeWithinASecondOfTheServersReturn(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			server := d.start(t, dbtest.Options{Settings: d.settings})
			for name, failures := range map[string]int{"on": 1, "off": -1} { // the outage is short
				t.Run("breaker="+name, func(t *testing.T) {
					w := newWorld(t, d, server)
					cfg := w.policies(w.target)
					cfg.CircuitBreakerMaxFailures = failures
					w.openWith(cfg)
					for range restarts {
						w.restart()
					}
					if opened := w.opened.Load() > 0; opened != (failures > 0) {
						t.Errorf("breaker %s, and opened=%t", name, opened)
					}
				})
			}
		})
	}
}

// restart kills the server under readers, starts it again and compares when it
// first accepts a login with when a read first succeeds.
func (w *world) restart() {
	var first atomic.Int64 // success after the server was down, in ns since start
	start := time.Now()
	ctx, stop := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop()
	down := make(chan struct{})
	for range 4 {
		reading.Go(func() { w.readOn(ctx, down, start, &first) })
	}
	if !within(10*time.Second, func() bool { return w.read1() == nil }) {
		w.t.Fatal("no read succeeds before the restart")
	}
	w.server.Kill(w.t)
	close(down)
	killed := time.Since(start)
	pause(ctx, downTime)
	direct := w.server.Open(w.t, w.target)
	direct.SetMaxIdleConns(-1) // each ping logs on anew
	accepted := make(chan time.Duration, 2)
	for range cap(accepted) { // one login may be slow by chance
		reading.Go(func() { accepted <- awaitLogin(direct, start) })
	}
	stalled := w.late.settled()
	w.server.Restart(w.t)
	at := <-accepted
	if !within(20*time.Second, func() bool { return first.Load() > 0 }) {
		w.t.Fatalf("no read succeeds after the restart; the pool: %+v", w.connector.PoolStats())
	}
	resumed := time.Duration(first.Load()) - at
	w.t.Logf("%s: down for %v, reads resumed %v after the first login", w.name, (at - killed).Round(time.Millisecond), resumed.Round(time.Millisecond))
	if resumed > resumeLimit+w.late.settled()-stalled {
		w.t.Errorf("reads resumed %v after the server accepted a login, want at most %v", resumed, resumeLimit)
	}
}

// read1 reads once.
func (w *world) read1() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var one int
	return w.db.QueryRowContext(ctx, "select 1").Scan(&one)
}

// readOn reads until ctx ends, and notes the first success of a read that began
// while the server was down or later.
func (w *world) readOn(ctx context.Context, down <-chan struct{}, start time.Time, first *atomic.Int64) {
	for ctx.Err() == nil {
		began := closed(down)
		if err := w.read1(); err == nil && began {
			first.CompareAndSwap(0, int64(time.Since(start)))
		}
		pause(ctx, 2*time.Millisecond)
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// awaitLogin tries to log on to the server, past Fluxor, until it is possible,
// and returns when it was.
func awaitLogin(db *sql.DB, start time.Time) time.Duration {
	within(time.Minute, func() bool { return login(db) == nil })
	return time.Since(start)
}

func login(db *sql.DB) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return db.PingContext(ctx)
}
