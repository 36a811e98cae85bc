// This file is a run: readers and writers at work until enough was read, and the judgement on what they saw.

package registers_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/internal/registers"
)

// The clients.
const (
	readers = 6
	writers = 4
)

// run has clients read and write, and judges it.
func (w *world) run(l load) registers.Verdict {
	w.load = l
	w.calm()
	working, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for range readers {
		r := &reader{world: w, rng: newRand(), log: w.history.NewLog()}
		running.Go(func() { r.work(working) })
	}
	for range writers {
		c := &writer{world: w, db: w.writing, rng: newRand(), log: w.history.NewLog()}
		running.Go(func() { c.work(working) })
	}
	running.Go(func() { w.storm(working) })
	running.Go(func() { w.tell(working) })
	w.awaitEnough()
	stop()
	w.await(&running)
	w.readAll()
	return w.history.Judge()
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) }

// awaitEnough waits until there are as many reads as wanted: even without a
// single hit there are some hundred per second.
func (w *world) awaitEnough() {
	limit := time.Minute + time.Duration(w.load.reads)*5*time.Millisecond
	select {
	case <-w.enough:
	case <-time.After(limit):
		w.t.Errorf("too few reads in %v", limit)
	}
}

// await waits until every client is back from its last call.
func (w *world) await(running *sync.WaitGroup) {
	back := make(chan struct{})
	go func() { running.Wait(); close(back) }()
	select {
	case <-back:
	case <-time.After(time.Minute):
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
		w.t.Log(w.summary())
	}
}

// readAll notes what is there in the end, once with and once without a cache.
func (w *world) readAll() {
	r := &reader{world: w, rng: newRand(), log: w.history.NewLog()}
	for _, q := range questions {
		for _, m := range []manner{plain, bare} {
			if err := r.read(context.Background(), m, q); err != nil {
				w.t.Errorf("%s in the end: %v", q.text, err)
			}
		}
	}
}
