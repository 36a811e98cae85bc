// This file tests when an operation of which nothing took effect is tried again.

package fluxor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestRepeatsAreBoundedByNumberContextAndBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRetries(3, 100*time.Millisecond, 10, func() {})
		start := time.Now()
		for n := range 3 {
			before := time.Now()
			if !r.wait(t.Context(), time.Now(), n) {
				t.Fatalf("repeat %d is refused", n)
			}
			if took, most := time.Since(before), 100*time.Millisecond<<n; took > most {
				t.Errorf("repeat %d waited %v, at most %v", n, took, most)
			}
		}
		if r.wait(t.Context(), start.Add(-time.Second), 0) {
			t.Error("a repeat although the attempts took so long")
		}
		if r.wait(t.Context(), time.Now(), 3) || time.Since(start) > 700*time.Millisecond {
			t.Error("a fourth repeat, or too long a wait")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if r.wait(ctx, time.Now(), 0) {
			t.Error("a repeat that would begin after its context's end")
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if r.wait(ctx, time.Now(), 2) {
			t.Error("a repeat under an ended context")
		}
	})
}

func TestRepeatsAreAShareOfTheTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRetries(1, time.Millisecond, 10, func() {})
		for r.wait(t.Context(), time.Now(), 0) { // what was saved for a short outage
		}
		done := 0
		for range 1000 {
			r.earn()
			if r.wait(t.Context(), time.Now(), 0) {
				done++
			}
		}
		if done != 100 {
			t.Errorf("%d repeats in 1000 operations, want a tenth", done)
		}
	})
}

func TestRetriesMayBeOff(t *testing.T) {
	for _, r := range []*retries{newRetries(0, time.Second, 10, func() {}), newRetries(3, 0, 10, func() {})} {
		if r.wait(t.Context(), time.Now(), 0) {
			t.Error("a repeat although they are off")
		}
	}
	if r := newRetries(3, 10*time.Millisecond, 0, func() {}); !r.wait(t.Context(), time.Now(), 0) || !r.wait(t.Context(), time.Now(), 1) {
		t.Error("without a budget a repeat is refused")
	}
}
