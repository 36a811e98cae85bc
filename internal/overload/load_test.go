// This file proves in virtual time that the load is as heavy as it says and that results are added up rightly.

package overload_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/internal/overload"
)

// counter serves n at a time, each for d, and refuses the others.
func counter(n int, d time.Duration) func() overload.Answer {
	places := make(chan struct{}, n)
	return func() overload.Answer {
		select {
		case places <- struct{}{}:
		default:
			return overload.Shed
		}
		<-time.After(d)
		<-places
		return overload.Served
	}
}

func TestALoadOffersItsRateAndALossSystemServesWhatErlangSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := overload.Load{Rate: 1000, Warmup: time.Second, For: 20 * time.Second, Seed: 1}.Offer(counter(10, 20*time.Millisecond))
		if got := float64(r.Answered()) / 20; math.Abs(got-1000) > 30 {
			t.Errorf("%.0f calls per second, want 1000", got)
		}
		// Erlang's formula B(10, 20 Erl) = 0.538: 462 of 1000 are served.
		if got := r.Goodput(); math.Abs(got-462) > 15 {
			t.Errorf("%.0f served per second, want 462", got)
		}
		if r.P99(overload.Served) != 20*time.Millisecond || r.P99(overload.Shed) != 0 || r.P99(overload.Lost) != 0 {
			t.Errorf("p99: served %v, shed %v, lost %v", r.P99(overload.Served), r.P99(overload.Shed), r.P99(overload.Lost))
		}
	})
}

func TestTheCapacityIsWhatCallersReachWhoDoNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := overload.Capacity(10, time.Second, counter(10, 20*time.Millisecond)); math.Abs(got-500) > 1 {
			t.Errorf("capacity %.1f per second, want 500", got)
		}
	})
}
