// This file tests who may change a breaker's state, and who hears of it.

package breaker

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestForcedOpenRefusesWithoutProbing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{}
		b := open(t, Config{MaxFailures: 1, Probe: db.probe})
		b.Force(ForcedOpen)
		pass(time.Hour)
		stateIs(t, b, Open)
		if _, retryAfter, _ := b.Allow(); retryAfter != 0 {
			t.Errorf("retry after %v, and nobody knows", retryAfter)
		}
		if len(db.times()) != 0 {
			t.Error("it probed")
		}
		b.Force(Automatic)
		stateIs(t, b, Closed)
		call(t, b, Failure, 1)
		stateIs(t, b, Open)
		pass(time.Second)
		stateIs(t, b, Closed)
	})
}

func TestForcedClosedPassesAllAndCountsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{MaxFailures: 3})
		call(t, b, Failure, 2)
		b.Force(ForcedClosed)
		call(t, b, Failure, 100)
		stateIs(t, b, Closed)
		b.Force(Automatic)
		call(t, b, Failure, 2)
		stateIs(t, b, Closed)
		call(t, b, Failure, 1)
		stateIs(t, b, Open)
	})
}

func TestAutomaticLeavesAnAutomaticBreakerAsItIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := sick(t, &database{err: errDown}, Config{})
		b.Force(Automatic)
		stateIs(t, b, Open)
	})
}

func TestChangesAreToldInOrderWithTheirReasons(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{err: errDown}
		var got []string
		b := sick(t, db, Config{ProbeInterval: time.Second, OnStateChange: func(c Change) {
			got = append(got, fmt.Sprintf("%v to %v: %s, cause %v", c.From, c.To, c.Why, c.Cause))
		}})
		pass(time.Second)
		db.is(nil, 0)
		pass(1200 * time.Millisecond)
		b.Force(ForcedOpen)
		b.Force(ForcedOpen)
		b.Force(Automatic)
		want := []string{
			"closed to open: failures in a row: 1, over 0s, cause the database is down",
			"open to half-open: a probe is under way, cause <nil>",
			"half-open to open: the probe failed, cause the database is down",
			"open to half-open: a probe is under way, cause <nil>",
			"half-open to closed: the probe was good, cause <nil>",
			"closed to open: somebody set it to forced open, cause <nil>",
			"open to closed: somebody set it to automatic, cause <nil>",
		}
		if !slices.Equal(got, want) {
			t.Errorf("heard %q\nwant %q", got, want)
		}
	})
}

func TestTheCallbackMayUseTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var b *Breaker
		var got []State
		b = open(t, Config{MaxFailures: 1, OnStateChange: func(c Change) {
			if c.To == Open {
				b.Force(ForcedClosed) // told after this one
			}
			got = append(got, c.To)
			if s := b.Snapshot(); s.State != Closed {
				t.Errorf("%+v", s)
			}
		}})
		call(t, b, Failure, 1)
		if !slices.Equal(got, []State{Open, Closed}) {
			t.Errorf("heard %v", got)
		}
	})
}

func TestAPanicOfTheCallbackReachesItsCallerAndLaterChangesAreTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var got []State
		b := open(t, Config{OnStateChange: func(c Change) {
			if got = append(got, c.To); len(got) == 1 {
				panic("once")
			}
		}})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			b.Force(ForcedOpen)
		}()
		b.Force(Automatic)
		if !slices.Equal(got, []State{Open, Closed}) {
			t.Errorf("heard %v", got)
		}
	})
}

func TestStatesAreSpelledAsApplicationsExpect(t *testing.T) {
	t.Parallel()
	got := fmt.Sprint(Closed, Open, HalfOpen, Automatic, ForcedOpen, ForcedClosed)
	if want := "closed open half-open automatic forced open forced closed"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
