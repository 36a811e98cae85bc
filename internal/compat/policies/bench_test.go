// This file measures what a call pays for each policy, beside the libraries of the field in the same run.

package policies

import (
	"context"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/fluxor-db/fluxor/internal/breaker"
	"github.com/fluxor-db/fluxor/internal/limit"
)

// contender is one way to let a call through. The returned function is the
// call; the clock is read by whoever needs it.
type contender struct {
	name string
	make func() func() error
}

// run measures contenders alone and, with eight goroutines, together.
func run(b *testing.B, contenders []contender) {
	for _, c := range contenders {
		b.Run(c.name, func(b *testing.B) {
			pass := c.make()
			b.ReportAllocs()
			for b.Loop() {
				if err := pass(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+", contended", func(b *testing.B) {
			pass := c.make()
			b.ReportAllocs()
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := pass(); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// ours is a call through our breaker: the caller passes the clock that it read
// for its own purposes.
func ours(cfg breaker.Config) func() func() error {
	return func() func() error {
		k, now := breaker.New(cfg), time.Now()
		return func() error {
			ticket, _, _ := k.Allow()
			k.Report(ticket, breaker.Result{Outcome: breaker.Success, Took: time.Millisecond, End: now})
			return nil
		}
	}
}

func BenchmarkBreaker(b *testing.B) {
	run(b, []contender{
		{"fluxor, failures in a row", ours(breaker.Config{MaxFailures: 5, FailureTime: 2 * time.Second})},
		{"fluxor, rates", ours(breaker.Config{MaxFailures: 5, ErrorRate: 50, SlowRate: 50, SlowCall: time.Second})},
		{"fluxor, reading the clock", func() func() error {
			k := breaker.New(breaker.Config{MaxFailures: 5, ErrorRate: 50})
			return func() error {
				ticket, _, _ := k.Allow()
				k.Report(ticket, breaker.Result{Outcome: breaker.Success})
				return nil
			}
		}},
		{"gobreaker, Execute", func() func() error {
			k := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{})
			return func() error {
				_, err := k.Execute(func() (int, error) { return 0, nil })
				return err
			}
		}},
		{"gobreaker, two steps", func() func() error {
			k := gobreaker.NewTwoStepCircuitBreaker[int](gobreaker.Settings{})
			return func() error {
				done, err := k.Allow()
				if err == nil {
					done(nil)
				}
				return err
			}
		}},
		{"failsafe, direct", func() func() error {
			k := circuitbreaker.NewWithDefaults[int]()
			return func() error {
				if k.TryAcquirePermit() {
					k.RecordSuccess()
				}
				return nil
			}
		}},
		{"failsafe, executor", func() func() error {
			k := failsafe.With(circuitbreaker.NewWithDefaults[int]())
			return func() error {
				_, err := k.Get(func() (int, error) { return 0, nil })
				return err
			}
		}},
	})
}

func BenchmarkRate(b *testing.B) {
	const fast, burst = 1_000_000_000, 1 << 30
	run(b, []contender{
		{"fluxor, Try", func() func() error {
			r := limit.NewRate(limit.RateConfig{PerSecond: fast, Burst: burst})
			return func() error { r.Try(time.Now()); return nil }
		}},
		{"x/time, AllowN", func() func() error {
			r := rate.NewLimiter(fast, burst)
			return func() error { r.AllowN(time.Now(), 1); return nil }
		}},
		{"failsafe, Try", func() func() error {
			r := ratelimiter.NewBursty[int](burst, time.Second)
			return func() error { r.TryAcquirePermit(); return nil }
		}},
		{"the clock alone", func() func() error {
			return func() error { _ = time.Now(); return nil }
		}},
	})
}

func BenchmarkConcurrency(b *testing.B) {
	ctx := context.Background()
	run(b, []contender{
		{"fluxor, Acquire", func() func() error {
			c := limit.NewConcurrency(limit.ConcurrencyConfig{Limit: 100})
			return func() error {
				err := c.Acquire(ctx)
				if err == nil {
					c.Release()
				}
				return err
			}
		}},
		{"x/sync, semaphore", func() func() error {
			c := semaphore.NewWeighted(100)
			return func() error {
				err := c.Acquire(ctx, 1)
				if err == nil {
					c.Release(1)
				}
				return err
			}
		}},
		{"failsafe, bulkhead", func() func() error {
			c := bulkhead.New[int](100)
			return func() error {
				err := c.AcquirePermit(ctx)
				if err == nil {
					c.ReleasePermit()
				}
				return err
			}
		}},
	})
}
