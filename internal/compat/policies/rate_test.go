// This file compares the rate limit with golang.org/x/time/rate over random times.

package policies

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"github.com/fluxor-db/fluxor/internal/limit"
)

// even draws a rate whose quarter periods are whole nanoseconds and exact
// binary fractions of a second: there, x/time's floating point is exact.
func even(t *rapid.T) int { return 1 << rapid.IntRange(0, 7).Draw(t, "rate") }

// TestItAdmitsExactlyWhatXTimeAdmits, with changes of the limit, and says
// exactly as long a wait.
func TestItAdmitsExactlyWhatXTimeAdmits(t *testing.T) {
	check(t, func(rt *rapid.T) {
		n, burst := even(rt), rapid.IntRange(1, 10).Draw(rt, "burst")
		ours := limit.NewRate(limit.RateConfig{PerSecond: n, Burst: burst})
		theirs := rate.NewLimiter(rate.Limit(n), burst)
		now := time.Now()
		try := func(t *rapid.T) {
			reserved := theirs.ReserveN(now, 1)
			want := reserved.DelayFrom(now)
			if want > 0 {
				reserved.CancelAt(now)
			}
			if got, ok := ours.Try(now); ok != (want == 0) || got != want {
				t.Fatalf("ours says %v and to wait %v, x/time to wait %v", ok, got, want)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"try": try, "try2": try, "try3": try,
			"pass": func(t *rapid.T) {
				d := time.Second / time.Duration(n) / 4 * time.Duration(rapid.IntRange(1, 9).Draw(t, "quarters"))
				now = now.Add(d)
				pass(d)
			},
			"limit": func(t *rapid.T) {
				n, burst = even(t), rapid.IntRange(1, 10).Draw(t, "burst")
				ours.SetLimit(n, burst)
				theirs.SetLimitAt(now, rate.Limit(n))
				theirs.SetBurstAt(now, burst)
			},
		})
	})
}

// TestItAdmitsAsManyAsXTimeAtAnyRate: times and rates are such that both round,
// each in its way.
func TestItAdmitsAsManyAsXTimeAtAnyRate(t *testing.T) {
	check(t, func(rt *rapid.T) {
		n, burst := rapid.IntRange(1, 10_000).Draw(rt, "rate"), rapid.IntRange(1, 100).Draw(rt, "burst")
		ours := limit.NewRate(limit.RateConfig{PerSecond: n, Burst: burst})
		theirs := rate.NewLimiter(rate.Limit(n), burst)
		gaps := rapid.SliceOfN(rapid.Int64Range(0, 2*int64(time.Second)/int64(n)), 300, 300).Draw(rt, "gaps")
		now, lead := time.Now(), 0
		for _, gap := range gaps {
			now = now.Add(time.Duration(gap))
			if _, ok := ours.Try(now); ok {
				lead++
			}
			if theirs.AllowN(now, 1) {
				lead--
			}
			if lead < -1 || lead > 1 {
				rt.Fatalf("ours has admitted %d more than x/time", lead)
			}
		}
	})
}

// TestWhoWaitsGetsThroughWhenXTimeWouldLetHim: operations come at random times,
// some together.
func TestWhoWaitsGetsThroughWhenXTimeWouldLetHim(t *testing.T) {
	check(t, func(rt *rapid.T) {
		n, burst := even(rt), rapid.IntRange(1, 4).Draw(rt, "burst")
		ours := limit.NewRate(limit.RateConfig{PerSecond: n, Burst: burst, Queue: 100})
		theirs := rate.NewLimiter(rate.Limit(n), burst)
		var mu sync.Mutex
		var all sync.WaitGroup
		times := map[string][]time.Time{}
		wait := func(who string, f func() error) {
			all.Go(func() {
				err := f()
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					rt.Errorf("%s: %v", who, err)
				}
				times[who] = append(times[who], time.Now())
			})
			synctest.Wait()
		}
		for _, gap := range rapid.SliceOfN(rapid.IntRange(0, 6), 1, 40).Draw(rt, "quarters") {
			pass(time.Second / time.Duration(n) / 4 * time.Duration(gap))
			wait("ours", func() error { return ours.Wait(context.Background(), time.Now()) })
			wait("x/time", func() error { return theirs.Wait(context.Background()) })
		}
		all.Wait()
		if !slices.EqualFunc(times["ours"], times["x/time"], time.Time.Equal) {
			rt.Errorf("ours let them through at %v\nx/time at %v", times["ours"], times["x/time"])
		}
	})
}
