// This file tests the pool under many goroutines at once, in real time.

package pool

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

func TestTenThousandGoroutinesShareTwentyConnections(t *testing.T) {
	p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen, c.AcquireTimeout = 20, time.Minute })
	var held []*Conn[*wire]
	for range 20 {
		held = append(held, borrow(t, p))
	}
	const callers = 10_000
	before := memory()
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			c, err := p.Acquire(context.Background(), nil)
			if err != nil {
				t.Error(err)
				return
			}
			if c.Value.busy.Swap(true) {
				t.Error("two borrowers have one connection")
			}
			c.Value.busy.Store(false)
			c.Release()
		})
	}
	until(t, func() bool { return p.Stats().Waiting == callers })
	t.Logf("%d bytes per waiting caller, its goroutine's stack included", (memory()-before)/callers)
	for _, c := range held {
		c.Release()
	}
	all.Wait()
	if n := p.Stats(); n.Dials != 20 || n.Open != 20 || n.Timeouts != 0 {
		t.Errorf("got %+v", n)
	}
}

// memory is what heap and stacks take.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// until looks again and again until ok.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	end := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(end) {
			t.Fatal("it did not happen within a minute")
		}
		runtime.Gosched()
	}
}

func TestNothingIsSharedOrLostInATurmoil(t *testing.T) {
	s := &server{onDial: func(context.Context, int) error {
		if rand.IntN(10) == 0 {
			return errDown
		}
		return nil
	}}
	s.onPing = func(_ context.Context, w *wire) error {
		if rand.IntN(10) == 0 {
			return errOdd
		}
		return s.peek(w)
	}
	p := open(t, s, func(c *Config[*wire]) {
		c.MaxOpen, c.MaxIdle, c.MaxDials = 7, 3, 3
		c.MaxLifetime, c.ValidationIdle, c.AcquireTimeout = 150*time.Millisecond, time.Nanosecond, 20*time.Second
	})
	var all, chaos sync.WaitGroup
	var served atomic.Int64
	stop := make(chan struct{})
	for range 64 {
		all.Go(func() {
			var last Claim[*wire]
			defer p.Drop(&last)
			for range 300 {
				c := takeOne(t, p, &last)
				if c == nil {
					continue
				}
				if c.Value.busy.Swap(true) || c.Value.closed.Load() {
					t.Error("a connection was handed out in use or closed")
				}
				served.Add(1)
				runtime.Gosched()
				jolt(c)
			}
		})
	}
	chaos.Go(func() { stir(p, stop) })
	all.Wait()
	close(stop)
	chaos.Wait()
	until(t, func() bool { n := p.Stats(); return n.Closing == 0 && n.Dialing == 0 })
	if n := p.Stats(); n.Used != 0 || n.Waiting != 0 || s.alive() != n.Open {
		t.Errorf("%d served, %d live, got %+v", served.Load(), s.alive(), n)
	}
	t.Logf("%d leases, %d dials", served.Load(), s.dials())
}

// takeOne acquires, sometimes with little patience.
func takeOne(t *testing.T, p *Pool[*wire], last *Claim[*wire]) *Conn[*wire] {
	ctx := context.Background()
	if rand.IntN(4) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(500))*time.Microsecond)
		defer cancel()
	}
	c, err := p.Acquire(ctx, last)
	var refused *refusal.Error
	if err != nil && !errors.Is(err, errDown) && !errors.As(err, &refused) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if (c == nil) != (err != nil) {
		t.Errorf("got connection %v and error %v", c, err)
	}
	return c
}

// stir changes the pool until stop is closed.
func stir(p *Pool[*wire], stop <-chan struct{}) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			p.Resume()
			return
		case <-tick.C:
		}
		switch rand.IntN(8) {
		case 0:
			p.Suspend()
		case 1:
			p.Evict()
		default:
			p.Resume()
		}
	}
}
