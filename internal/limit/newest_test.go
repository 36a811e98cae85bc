// This file tests what serving the newest first does under overload, and that it leaves ordinary load alone.

package limit

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestTheNewestIsServedFirstOnceWaitingIsTheRule(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 1, NewestFirst: true, Queue: 100})
		first := ask(t.Context(), c.Acquire)
		pass(96 * time.Millisecond)
		second := ask(t.Context(), c.Acquire)
		c.Release()
		gotThrough(t, first, 96*time.Millisecond) // still in order
		third := ask(t.Context(), c.Acquire)
		pass(4 * time.Millisecond)
		fourth := ask(t.Context(), c.Acquire)
		pending(t, second)
		c.Release()
		gotThrough(t, fourth, 0)
		pass(6 * time.Millisecond)
		turnedAway(t, second, Shed, 10*time.Millisecond)
		turnedAway(t, third, Shed, 10*time.Millisecond)
		// Nobody waits, but the next wait begins soon: the newest is still first.
		pass(99 * time.Millisecond)
		older := ask(t.Context(), c.Acquire)
		newer := ask(t.Context(), c.Acquire)
		c.Release()
		gotThrough(t, newer, 0)
		// Nobody was refused for as long as it took to begin: order returns.
		pass(time.Millisecond)
		c.Release()
		gotThrough(t, older, time.Millisecond)
		fifth := ask(t.Context(), c.Acquire)
		sixth := ask(t.Context(), c.Acquire)
		c.Release()
		gotThrough(t, fifth, 0)
		pending(t, sixth)
		c.Release()
		gotThrough(t, sixth, 0)
	})
}

func TestAFrozenDatabaseIsShedWithoutARelease(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 1, NewestFirst: true})
		first := ask(t.Context(), c.Acquire)
		pass(95 * time.Millisecond)
		second := ask(t.Context(), c.Acquire)
		pass(5 * time.Millisecond)
		turnedAway(t, first, Shed, 100*time.Millisecond)
		pending(t, second)
		pass(5 * time.Millisecond)
		turnedAway(t, second, Shed, 10*time.Millisecond)
		if s := c.Stats(); s.Refused != 2 || s.Waiting != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestShortWaitsKeepTheOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 1, NewestFirst: true})
		heard := ask(t.Context(), c.Acquire)
		for range 100 { // a line that never empties, and nobody waits for long
			pass(5 * time.Millisecond)
			next := ask(t.Context(), c.Acquire)
			c.Release()
			gotThrough(t, heard, 5*time.Millisecond)
			heard = next
		}
		c.Release()
		gotThrough(t, heard, 0)
	})
}

// load is what an overload did.
type load struct {
	good  int             // served within their callers' patience
	waits []time.Duration // of the admitted
}

// The ways in which operations come: 2000 per second.
func evenly() time.Duration   { return 500 * time.Microsecond }
func byChance() time.Duration { return time.Duration(rand.ExpFloat64() * float64(evenly())) }

// overload has operations of about 10 ms come, at twice what the limit of 10
// gets done, for 5 s; their callers lose patience after 50 ms. A quarter of the
// time is left out: then it has settled.
func overload(t *testing.T, cfg ConcurrencyConfig, gap func() time.Duration) load {
	t.Helper()
	cfg.Limit = 10
	c := NewConcurrency(cfg)
	var mu sync.Mutex
	var got load
	var all sync.WaitGroup
	for i := range 10_000 {
		pass(gap())
		all.Go(func() {
			began := time.Now()
			if c.Acquire(t.Context()) != nil {
				return
			}
			waited := time.Since(began)
			<-time.After(time.Duration(5+rand.IntN(11)) * time.Millisecond)
			c.Release()
			mu.Lock()
			defer mu.Unlock()
			if i < 2500 {
				return
			}
			got.waits = append(got.waits, waited)
			if time.Since(began) <= 50*time.Millisecond {
				got.good++
			}
		})
	}
	all.Wait()
	slices.Sort(got.waits)
	return got
}

// TestNewestFirstKeepsGoodputUnderOverload: in 3.75 s 3750 operations can be
// done. In order all callers have lost patience when their turn comes. Where
// operations come by chance the line is empty now and then for a moment.
func TestNewestFirstKeepsGoodputUnderOverload(t *testing.T) {
	for name, gap := range map[string]func() time.Duration{"evenly": evenly, "by chance": byChance} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ordered := overload(t, ConcurrencyConfig{}, gap)
				newest := overload(t, ConcurrencyConfig{NewestFirst: true}, gap)
				p99 := func(l load) time.Duration { return l.waits[len(l.waits)*99/100] }
				t.Logf("of 3750: in order %d in time, p99 of the wait %v; newest first %d in time, p99 %v",
					ordered.good, p99(ordered), newest.good, p99(newest))
				if newest.good < 3500 || p99(newest) > 10*time.Millisecond {
					t.Errorf("newest first: %d of 3750 in time, the wait's p99 is %v", newest.good, p99(newest))
				}
				if ordered.good > 375 {
					t.Errorf("in order %d were in time: the test does not overload", ordered.good)
				}
			})
		})
	}
}
