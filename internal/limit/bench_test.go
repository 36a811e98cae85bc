// This file holds the short way through the limits to its cost.

package limit

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestAnOperationThatNeedNotWaitAllocatesNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	c := NewConcurrency(ConcurrencyConfig{Limit: 1, Mode: Timeout, Timeout: time.Second, NewestFirst: true})
	r := NewRate(RateConfig{PerSecond: 1_000_000_000, Burst: 1_000_000, Mode: Timeout, Timeout: time.Second})
	now := time.Now()
	for name, pass := range map[string]func() error{
		"concurrency": func() error { defer c.Release(); return c.Acquire(ctx) },
		"rate":        func() error { return r.Wait(ctx, now) },
	} {
		t.Run(name, func(t *testing.T) {
			if got := testing.AllocsPerRun(1000, func() {
				if err := pass(); err != nil {
					t.Fatal(err)
				}
			}); got != 0 {
				t.Errorf("%v allocations, want 0", got)
			}
		})
	}
}

// TestAWaitAllocatesNothingOnceOthersHaveWaited: two take turns at one place.
func TestAWaitAllocatesNothingOnceOthersHaveWaited(t *testing.T) {
	c := NewConcurrency(ConcurrencyConfig{Limit: 1, Mode: Timeout, Timeout: time.Hour})
	ctx, turn := t.Context(), make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		for range turn {
			if c.Acquire(ctx) == nil {
				c.Release()
			}
		}
	})
	before := c.Stats().Waits
	got := testing.AllocsPerRun(1000, func() {
		if err := c.Acquire(ctx); err != nil {
			t.Fatal(err)
		}
		turn <- struct{}{}
		for c.Stats().Waiting == 0 {
			runtime.Gosched() // the other is about to stand in line
		}
		c.Release()
	})
	close(turn)
	other.Wait()
	if waits := c.Stats().Waits - before; waits < 1000 || got != 0 {
		t.Errorf("%v allocations per wait in %d waits, want 0", got, waits)
	}
}

func BenchmarkConcurrency(b *testing.B) {
	ctx := context.Background()
	b.Run("free", func(b *testing.B) {
		c := NewConcurrency(ConcurrencyConfig{Limit: 100})
		b.ReportAllocs()
		for b.Loop() {
			if c.Acquire(ctx) == nil {
				c.Release()
			}
		}
	})
	b.Run("free, contended", func(b *testing.B) {
		c := NewConcurrency(ConcurrencyConfig{Limit: 100})
		b.ReportAllocs()
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if c.Acquire(ctx) == nil {
					c.Release()
				}
			}
		})
	})
	b.Run("reached, rejecting", func(b *testing.B) {
		c := NewConcurrency(ConcurrencyConfig{Limit: 1, Mode: Reject})
		c.TryAcquire()
		b.ReportAllocs()
		for b.Loop() {
			if c.Acquire(ctx) == nil {
				b.Fatal("it was admitted")
			}
		}
	})
}

func BenchmarkRate(b *testing.B) {
	// fast never refuses: a period is 1 ns, and each operation brings 1 us.
	fast := RateConfig{PerSecond: 1_000_000_000, Burst: 1_000_000_000}
	b.Run("try", func(b *testing.B) {
		r, now := NewRate(fast), time.Now()
		b.ReportAllocs()
		for b.Loop() {
			now = now.Add(time.Microsecond)
			if _, ok := r.Try(now); !ok {
				b.Fatal("it was refused")
			}
		}
	})
	b.Run("try, contended", func(b *testing.B) {
		r := NewRate(fast)
		b.ReportAllocs()
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			now := time.Now()
			for pb.Next() {
				now = now.Add(time.Microsecond)
				r.Try(now)
			}
		})
	})
	b.Run("refused", func(b *testing.B) {
		r, now := NewRate(RateConfig{PerSecond: 1}), time.Now()
		r.Try(now)
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := r.Try(now); ok {
				b.Fatal("it got through")
			}
		}
	})
}
