// This file tests how many get through per second, who waits, and who is refused.

package limit

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"
)

// spend lets a burst through and checks that there is no more.
func spend(t testing.TB, r *Rate, n int) {
	t.Helper()
	for i := range n {
		if _, ok := r.Try(time.Now()); !ok {
			t.Fatalf("operation %d of a burst of %d was refused", i+1, n)
		}
	}
	if _, ok := r.Try(time.Now()); ok {
		t.Fatalf("more than a burst of %d got through", n)
	}
}

func TestABurstGetsThroughAndThenTheRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 10, Burst: 3})
		spend(t, r, 3)
		for range 20 {
			pass(100 * time.Millisecond)
			spend(t, r, 1)
		}
		pass(time.Hour)
		spend(t, r, 3)
	})
}

func TestTheBurstIsATenthOfASecondByDefault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		spend(t, NewRate(RateConfig{PerSecond: 1000}), 100)
		spend(t, NewRate(RateConfig{PerSecond: 5}), 1)
	})
}

func TestAVastBurstLetsEverybodyThrough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 1, Burst: math.MaxInt})
		for range 1000 {
			if _, ok := r.Try(time.Now()); !ok {
				t.Fatal("it was refused")
			}
		}
	})
}

func TestARefusalSaysExactlyWhenThereIsRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 4, Burst: 2})
		spend(t, r, 2)
		pass(100 * time.Millisecond)
		retryAfter, ok := r.Try(time.Now())
		if ok || retryAfter != 150*time.Millisecond {
			t.Fatalf("%v, %v", retryAfter, ok)
		}
		pass(retryAfter - 1)
		if _, ok = r.Try(time.Now()); ok {
			t.Fatal("there was room early")
		}
		pass(1)
		spend(t, r, 1)
	})
}

func TestWhoWaitsForTheRateIsServedInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 10, Burst: 1})
		spend(t, r, 1)
		var heard []<-chan outcome
		for range 5 {
			heard = append(heard, ask(t.Context(), r.wait))
		}
		if retryAfter, ok := r.Try(time.Now()); ok || retryAfter != 600*time.Millisecond {
			t.Errorf("behind five others: %v, %v", retryAfter, ok)
		}
		for i, h := range heard {
			pass(100 * time.Millisecond)
			gotThrough(t, h, time.Duration(i+1)*100*time.Millisecond)
		}
		if s := r.Stats(); s != (Stats{Limit: 10, Admitted: 6, Refused: 2, Waits: 5, Waited: 1500 * time.Millisecond}) {
			t.Errorf("%+v", s)
		}
	})
}

func TestNobodyOvertakesThoseInLineForTheRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 10, Burst: 1})
		spend(t, r, 1)
		first := ask(t.Context(), r.wait)
		// By this clock there is room already, and the first has not seen it.
		second := ask(t.Context(), func(ctx context.Context) error { return r.Wait(ctx, time.Now().Add(100*time.Millisecond)) })
		pending(t, second)
		pass(200 * time.Millisecond)
		gotThrough(t, first, 100*time.Millisecond)
		gotThrough(t, second, 200*time.Millisecond)
	})
}

func TestWhoLeavesTheLineMovesTheOthersUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 10, Burst: 1})
		spend(t, r, 1)
		ctx, cancel := context.WithCancel(t.Context())
		first := ask(ctx, r.wait)
		second := ask(t.Context(), r.wait)
		third := ask(ctx, r.wait)
		fourth := ask(t.Context(), r.wait)
		pass(50 * time.Millisecond)
		cancel()
		for _, h := range []<-chan outcome{first, third} {
			if r := turnedAway(t, h, Ended, 50*time.Millisecond); !errors.Is(r, context.Canceled) {
				t.Errorf("%v does not match the context's error", r)
			}
		}
		pass(150 * time.Millisecond)
		gotThrough(t, second, 100*time.Millisecond)
		gotThrough(t, fourth, 200*time.Millisecond)
	})
}

func TestInModeTimeoutNobodyWaitsInVain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 10, Burst: 1, Mode: Timeout, Timeout: 250 * time.Millisecond})
		spend(t, r, 1)
		first, second := ask(t.Context(), r.wait), ask(t.Context(), r.wait)
		third := turnedAway(t, ask(t.Context(), r.wait), Hopeless, 0)
		if third.RetryAfter != 300*time.Millisecond {
			t.Errorf("%+v", third)
		}
		pass(200 * time.Millisecond)
		gotThrough(t, first, 100*time.Millisecond)
		gotThrough(t, second, 200*time.Millisecond)
	})
}

func TestADeadlineThatComesFirstIsRefusedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 10, Burst: 1})
		spend(t, r, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 99*time.Millisecond)
		defer cancel()
		turnedAway(t, ask(ctx, r.wait), Hopeless, 0)
	})
}

func TestAWaitThatALowerRateProlongsEndsInTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 10, Burst: 1, Mode: Timeout, Timeout: 150 * time.Millisecond})
		spend(t, r, 1)
		heard := ask(t.Context(), r.wait)
		r.SetLimit(1, 1)
		pass(150 * time.Millisecond)
		if got := turnedAway(t, heard, TimedOut, 150*time.Millisecond); got.RetryAfter != 850*time.Millisecond {
			t.Errorf("%+v", got)
		}
	})
}

func TestInModeRejectNobodyWaitsForTheRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 10, Burst: 1, Mode: Reject})
		gotThrough(t, ask(t.Context(), r.wait), 0)
		if got := turnedAway(t, ask(t.Context(), r.wait), Rejected, 0); got.RetryAfter != 100*time.Millisecond {
			t.Errorf("%+v", got)
		}
	})
}

func TestTheLineForTheRateIsBounded(t *testing.T) {
	for name, row := range map[string]struct{ queue, want int }{"by default": {0, 20}, "as asked for": {3, 3}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := NewRate(RateConfig{PerSecond: 2, Burst: 1, Queue: row.queue})
				spend(t, r, 1)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for range row.want {
					pending(t, ask(ctx, r.wait))
				}
				got := turnedAway(t, ask(ctx, r.wait), Full, 0)
				if want := time.Duration(row.want+1) * 500 * time.Millisecond; got.RetryAfter != want {
					t.Errorf("retry after %v, want %v", got.RetryAfter, want)
				}
			})
		})
	}
}

func TestAHigherRateMovesTheLineAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 1, Burst: 1})
		spend(t, r, 1)
		first, second, third := ask(t.Context(), r.wait), ask(t.Context(), r.wait), ask(t.Context(), r.wait)
		pass(500 * time.Millisecond)
		r.SetLimit(10, 1)
		pass(50 * time.Millisecond) // half of what was owed had been waited for
		gotThrough(t, first, 550*time.Millisecond)
		pending(t, second)
		pass(100 * time.Millisecond)
		gotThrough(t, second, 650*time.Millisecond)
		r.SetLimit(0, 0)
		gotThrough(t, third, 650*time.Millisecond)
		for range 1000 {
			if _, ok := r.Try(time.Now()); !ok {
				t.Fatal("there is no limit, and it was reached")
			}
		}
		r.SetLimit(10, 5)
		spend(t, r, 5)
	})
}

func TestWhatHasGatheredSurvivesAChangeOfTheRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := NewRate(RateConfig{PerSecond: 10, Burst: 8})
		spend(t, r, 8)
		pass(300 * time.Millisecond)
		r.SetLimit(1000, 20)
		spend(t, r, 3)
		pass(time.Second)
		r.SetLimit(1, 2)
		spend(t, r, 2)
	})
}
