// This file holds the path of a call through a closed breaker to its cost.

package breaker

import (
	"testing"
	"time"
)

// kinds are breakers as connectors configure them.
var kinds = []struct {
	name string
	cfg  Config
}{
	{"row", Config{MaxFailures: 5}},
	{"row and time", Config{MaxFailures: 5, FailureTime: 2 * time.Second}},
	{"rates", Config{MaxFailures: 5, ErrorRate: 50, SlowRate: 50, SlowCall: time.Second}},
	{"disabled", Config{Disabled: true}},
}

// roundTrip is one call with the clock read by the caller.
func roundTrip(b *Breaker, now time.Time, o Outcome) {
	ticket, _, ok := b.Allow()
	if ok {
		b.Report(ticket, Result{Outcome: o, Took: time.Millisecond, End: now})
	}
}

func TestACallAllocatesNothing(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			b := open(t, kind.cfg)
			now := time.Now()
			if got := testing.AllocsPerRun(1000, func() {
				now = now.Add(time.Millisecond)
				roundTrip(b, now, Success)
				roundTrip(b, now, Failure)
				roundTrip(b, now, Success)
				roundTrip(b, now, Ignored)
			}); got != 0 {
				t.Errorf("%v allocations, want 0", got)
			}
		})
	}
}

func TestARefusalAllocatesNothing(t *testing.T) {
	b := open(t, Config{MaxFailures: 1, ProbeInterval: time.Hour, ResetTimeout: time.Hour})
	call(t, b, Failure, 1)
	if got := testing.AllocsPerRun(1000, func() {
		if _, retryAfter, ok := b.Allow(); ok || retryAfter <= 0 {
			t.Fatal("a call passed")
		}
	}); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func BenchmarkAllowReport(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind.name, func(b *testing.B) {
			k := open(b, kind.cfg)
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				roundTrip(k, now, Success)
			}
		})
		b.Run(kind.name+", contended", func(b *testing.B) {
			k := open(b, kind.cfg)
			b.ReportAllocs()
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				now := time.Now()
				for pb.Next() {
					roundTrip(k, now, Success)
				}
			})
		})
	}
}

func BenchmarkRefuse(b *testing.B) {
	k := open(b, Config{MaxFailures: 1, ProbeInterval: time.Hour, ResetTimeout: time.Hour})
	call(b, k, Failure, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := k.Allow(); ok {
			b.Fatal("a call passed")
		}
	}
}
