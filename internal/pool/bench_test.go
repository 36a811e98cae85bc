// This file holds the hot path to its costs.

package pool

import (
	"context"
	"strconv"
	"testing"
	"time"
)

// typical is a pool as a connector configures it.
func typical(t testing.TB, maxOpen int) *Pool[*wire] {
	return open(t, &server{}, func(c *Config[*wire]) {
		c.MaxOpen, c.MaxIdle = maxOpen, 10
		c.MaxLifetime, c.MaxIdleTime = 30*time.Minute, 10*time.Minute
		c.AcquireTimeout, c.ValidationIdle = 30*time.Second, time.Second
	})
}

func TestTakingAnIdleConnectionAllocatesNothing(t *testing.T) {
	for name, maxOpen := range map[string]int{"unlimited": 0, "roomy": 50, "crowded": 1} {
		t.Run(name, func(t *testing.T) {
			p := typical(t, maxOpen)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			var last Claim[*wire]
			if got := testing.AllocsPerRun(1000, func() {
				c, err := p.Acquire(ctx, &last)
				if err != nil {
					t.Fatal(err)
				}
				c.Release()
			}); got != 0 {
				t.Errorf("%v allocations per lease, want 0", got)
			}
		})
	}
}

func BenchmarkAcquireRelease(b *testing.B) {
	for name, maxOpen := range map[string]int{"unlimited": 0, "limited": 50, "crowded": 1} {
		b.Run(name, func(b *testing.B) {
			p := typical(b, maxOpen)
			var last Claim[*wire]
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				c, err := p.Acquire(ctx, &last)
				if err != nil {
					b.Fatal(err)
				}
				c.Release()
			}
		})
	}
}

// BenchmarkContended has eight goroutines per processor share four
// connections.
func BenchmarkContended(b *testing.B) {
	p := typical(b, 4)
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c, err := p.Acquire(context.Background(), nil)
			if err != nil {
				b.Error(err)
				return
			}
			c.Release()
		}
	})
}

// BenchmarkUnclaimed has a borrower without a claim take the only connection
// that is nobody's, under many that are claimed.
func BenchmarkUnclaimed(b *testing.B) {
	for _, claimed := range []int{1, 100, 10_000} {
		b.Run(strconv.Itoa(claimed), func(b *testing.B) {
			p := open(b, &server{}, nil)
			mine := borrow(b, p)
			others := make([]Claim[*wire], claimed)
			cs := make([]*Conn[*wire], claimed)
			for i := range others {
				cs[i], _ = p.Acquire(b.Context(), &others[i])
			}
			mine.Release()
			for _, c := range cs {
				c.Release()
			}
			who := goroutine() + 1<<60 // nobody who ever had one
			b.ReportAllocs()
			for b.Loop() {
				p.mu.Lock()
				c, _ := p.enterLocked(b.Context(), nil, 0, who)
				p.unlock()
				p.mu.Lock()
				c.endLocked("released")
				c.state = stateIdle
				p.idle.PushBack(&c.line) // where it costs most to find
				p.unclaimed.PushFront(&c.free)
				p.unlock()
			}
		})
	}
}
