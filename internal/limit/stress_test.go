// This file has many operations meet at the limits in real time, under the race detector.

package limit

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestNobodyIsForgottenInLine: no context and no timeout helps whoever is not
// woken.
func TestNobodyIsForgottenInLine(t *testing.T) {
	t.Parallel()
	c := NewConcurrency(ConcurrencyConfig{Limit: 1})
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for i := range 5000 {
					if err := c.Acquire(context.Background()); err != nil {
						t.Error(err)
						return
					}
					if i%2 == 0 {
						runtime.Gosched() // so that others come meanwhile
					}
					c.Release()
				}
			})
		}
		all.Wait()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("somebody waits, and nobody is in use: %+v", c.Stats())
	}
}

// TestNoRoomIsLostWhenContextsEndAtOnce has releases, ends of contexts,
// timeouts and changes of the limit meet, in real time under the race detector.
// In the end all the room must be there, and nobody may wait.
func TestNoRoomIsLostWhenContextsEndAtOnce(t *testing.T) {
	for name, cfg := range map[string]ConcurrencyConfig{
		"block":        {Limit: 3, Queue: 100},
		"timeout":      {Limit: 3, Queue: 20, Mode: Timeout, Timeout: 50 * time.Microsecond},
		"newest first": {Limit: 3, Queue: 100, NewestFirst: true, Target: 20 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := NewConcurrency(cfg)
			var inUse atomic.Int64
			for range 300 {
				ctx, cancel := context.WithCancel(t.Context())
				var round sync.WaitGroup
				for range 16 {
					round.Go(func() { visit(t, ctx, c, &inUse) })
				}
				if rand.IntN(10) == 0 {
					c.SetLimit(1 + rand.IntN(3))
				}
				cancel()
				round.Wait()
			}
			c.SetLimit(3)
			if s := c.Stats(); s.InUse != 0 || s.Waiting != 0 || s.Admitted+s.Refused+s.Canceled != 300*16 {
				t.Errorf("%+v", s)
			}
			for range 3 {
				if !c.TryAcquire() {
					t.Fatal("room was lost")
				}
			}
			if c.TryAcquire() {
				t.Error("room was won")
			}
		})
	}
}

// visit comes, stays for a moment and goes.
func visit(t *testing.T, ctx context.Context, c *Concurrency, inUse *atomic.Int64) {
	if rand.IntN(2) == 0 {
		own, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(100))*time.Microsecond)
		defer cancel()
		ctx = own
	}
	if c.Acquire(ctx) != nil {
		return
	}
	if n := inUse.Add(1); n > 3 {
		t.Errorf("%d at once, the limit is 3", n)
	}
	for range rand.IntN(3) {
		<-time.After(time.Duration(rand.IntN(30)) * time.Microsecond)
	}
	inUse.Add(-1)
	c.Release()
}

// TestTheRateHoldsWhenManyComeAtOnce has waits, tries and ends of contexts meet
// in real time. No more may get through than the time permits, and nobody may
// be forgotten in line.
func TestTheRateHoldsWhenManyComeAtOnce(t *testing.T) {
	t.Parallel()
	r := NewRate(RateConfig{PerSecond: 20_000, Burst: 10})
	began := time.Now()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(3000))*time.Microsecond)
				_ = r.wait(ctx) // admitted, refused or ended: the sums tell
				cancel()
				r.Try(time.Now())
			}
		})
	}
	all.Wait()
	s := r.Stats()
	most := uint64(time.Since(began)/(50*time.Microsecond)) + 10
	if s.Waiting != 0 || s.Admitted > most || s.Admitted+s.Refused+s.Canceled != 2*16*200 {
		t.Errorf("at most %d could get through: %+v", most, s)
	}
}
