// This file is the random-fault run: real servers broken at random under clients whose answers are held against what is there in the end.

package soak_test

import (
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/soak"
)

// The environment of a run.
const (
	durationVariable = "FLUXOR_SOAK"      // how long faults are committed, as 10m; default 45s
	seedVariable     = "FLUXOR_SOAK_SEED" // which faults; default: by chance, and printed
)

// clientsPerDatabase is more than there are connections.
const clientsPerDatabase = 10

func TestUnderRandomFaultsEveryAnswerIsTrue(t *testing.T) {
	t.Parallel()
	duration, seed := settings(t)
	t.Logf("faults for %v; the same ones again: %s=%d", duration, seedVariable, seed)
	for i, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, d, d.start(t, dbtest.Options{Settings: d.settings}))
			w.openFluxor()
			ctx, cancel := context.WithTimeout(t.Context(), duration)
			defer cancel()
			w.run(ctx, seed, uint64(i))
			w.checkHealth()
			w.checkRows()
		})
	}
}

func settings(t *testing.T) (duration time.Duration, seed uint64) {
	t.Helper()
	duration, seed = 45*time.Second, rand.Uint64()
	var err error
	if text := os.Getenv(durationVariable); text != "" {
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", durationVariable, err)
		}
	}
	if text := os.Getenv(seedVariable); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	return duration, seed
}

// run lets clients work and the nemesis rage until ctx ends, and returns when
// all is healed and every client is back.
func (w *world) run(ctx context.Context, seed, stream uint64) {
	working, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer w.await(&running)
	defer stop()
	for i := range clientsPerDatabase {
		c := &client{world: w, rng: rand.New(rand.NewPCG(seed, stream<<32+uint64(i)+1))}
		running.Go(func() { c.work(working) })
	}
	running.Go(func() { w.tell(working) })
	n := &nemesis{world: w, rng: rand.New(rand.NewPCG(seed, stream<<32))}
	n.rage(ctx)
}

// await waits until every client is back from its last call.
func (w *world) await(running *sync.WaitGroup) {
	back := make(chan struct{})
	go func() { running.Wait(); close(back) }()
	select {
	case <-back:
	case <-time.After(5 * unbounded):
		stacks := make([]byte, 1<<20)
		w.t.Fatalf("%s: some calls never return:\n%s", w.name, stacks[:runtime.Stack(stacks, true)])
	}
}

// tell logs the progress every 10 s.
func (w *world) tell(ctx context.Context) {
	for {
		pause(ctx, 10*time.Second)
		if ctx.Err() != nil {
			return
		}
		w.t.Logf("%s: %s", w.name, w.tally.Progress())
	}
}

// checkHealth looks at what the faults left of Fluxor's: nothing. The calls of
// the last fault's time may end, fail and open the breaker after one that began
// later has succeeded, so the breaker has the limit of every recovery to close.
func (w *world) checkHealth() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	within(recoveryLimit, func() bool { return w.connector.CircuitBreakerState() == "closed" })
	for range 20 {
		var sum int64
		if err := w.db.QueryRowContext(ctx, total).Scan(&sum); err != nil {
			w.t.Errorf("after all faults: %v", err)
		}
	}
	if state := w.connector.CircuitBreakerState(); state != "closed" {
		w.t.Errorf("after all faults the breaker is %s", state)
	}
	if !within(10*time.Second, func() bool {
		s := w.connector.PoolStats()
		return s.Used+s.Waiting+s.Dialing+s.Closing+s.Orphans == 0 && s.Open <= mostConns
	}) {
		w.t.Errorf("after all faults the pool is %+v", w.connector.PoolStats())
	}
	if leaks := w.connector.Leaks(); len(leaks) > 0 {
		w.t.Errorf("after all faults there are leaks: %v", leaks)
	}
}

// checkRows holds what is there against the answers, once nobody works any more.
func (w *world) checkRows() {
	_ = w.db.Close()
	_ = w.connector.Close()
	_ = w.proxy.Close()
	if !within(30*time.Second, func() bool {
		left, err := w.sessionsOf(w.admin)
		return err == nil && len(left) == 0
	}) {
		w.t.Error("sessions of the application go on after the end of their connections")
	}
	entries, balances := w.journal()
	if found := w.closeHistory(entries); found != "" {
		w.t.Error(found)
	}
	if err := bank.Check(balances, entries); err != nil {
		w.t.Error(err)
	}
	by := w.history.Count()
	w.t.Logf("%s: %s\n  the breaker opened %d times; rows: %d there, %d acknowledged, %d failed, %d indeterminate",
		w.name, w.tally.Summary(), w.opened.Load(), len(entries), by[soak.Acked], by[soak.Failed], by[soak.Unknown])
	if by[soak.Acked] == 0 || by[soak.Failed] == 0 {
		w.t.Error("a run without acknowledged and failed writes proves nothing")
	}
}
