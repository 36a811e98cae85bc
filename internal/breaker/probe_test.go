// This file tests how an open breaker finds out that the database is well, and how it ends.

package breaker

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sick returns a breaker that has opened over db.
func sick(t testing.TB, db *database, cfg Config) *Breaker {
	t.Helper()
	cfg.MaxFailures, cfg.Probe = 1, db.probe
	b := open(t, cfg)
	call(t, b, Failure, 1)
	stateIs(t, b, Open)
	return b
}

func TestTheFirstGoodProbeClosesTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{err: errDown}
		b := sick(t, db, Config{})
		pass(10 * time.Second)
		stateIs(t, b, Open)
		n := len(db.times())
		db.is(nil, 0)
		pass(5 * time.Second)
		stateIs(t, b, Closed)
		if got := len(db.times()); got != n+1 {
			t.Errorf("%d probes after the database was well, want 1", got-n)
		}
		if s := b.Snapshot(); s.Failures != 0 || s.Why != "the probe was good" || !s.NextProbe.IsZero() {
			t.Errorf("%+v", s)
		}
	})
}

// TestNothingRunsOnceItIsClosed: the bubble fails if a goroutine is left.
func TestNothingRunsOnceItIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{}
		b := New(Config{MaxFailures: 1, Probe: db.probe})
		call(t, b, Failure, 1)
		pass(time.Second)
		stateIs(t, b, Closed)
	})
}

func TestItIsHalfOpenWhileAProbeRuns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{err: errDown, takes: time.Second}
		b := sick(t, db, Config{})
		pass(300 * time.Millisecond)
		stateIs(t, b, HalfOpen)
		// It began 50 to 175 ms ago, and 300 ms would be the pause after it.
		if _, retryAfter, _ := b.Allow(); retryAfter < 125*time.Millisecond || retryAfter > 250*time.Millisecond {
			t.Errorf("retry after %v", retryAfter)
		}
		pass(500 * time.Millisecond)
		if _, retryAfter, _ := b.Allow(); retryAfter != time.Millisecond {
			t.Errorf("when the probe is late: retry after %v", retryAfter)
		}
		pass(451 * time.Millisecond) // it is over, and the next is not due
		stateIs(t, b, Open)
	})
}

func TestARefusalSaysWhenTheNextProbeIsDue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{err: errDown}
		b := sick(t, db, Config{})
		for range 20 {
			_, retryAfter, _ := b.Allow()
			due := time.Now().Add(retryAfter)
			if got := b.Snapshot().NextProbe; !got.Equal(due) {
				t.Fatalf("the next probe is due at %v, a refusal says %v", got, due)
			}
			n := len(db.times())
			pass(retryAfter - 1)
			if len(db.times()) != n {
				t.Fatal("the probe came early")
			}
			pass(1)
			if len(db.times()) != n+1 {
				t.Fatal("the probe did not come")
			}
		}
		if got := b.Snapshot().Refused; got != 21 { // stateIs asked, too
			t.Errorf("%d refusals were counted, want 21", got)
		}
	})
}

func TestProbesComeFartherApartWhileTheyFail(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{err: errDown}
		b := sick(t, db, Config{ResetTimeout: 20 * time.Second})
		last, pause := time.Now(), 250*time.Millisecond
		pass(10 * time.Minute)
		for i, at := range db.times() {
			if gap := at.Sub(last); gap < pause/2 || gap > pause {
				t.Errorf("pause %d lasted %v, want %v to %v", i, gap, pause/2, pause)
			}
			last, pause = at, min(pause*6/5, 20*time.Second)
		}
		if n := len(db.times()); n < 40 || n > 100 {
			t.Errorf("%d probes in ten minutes", n)
		}
		b.Close()
	})
}

func TestProgramsDoNotProbeAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 50 {
			db, began := &database{}, time.Now()
			sick(t, db, Config{})
			pass(time.Second)
			seen[db.times()[0].Sub(began).Truncate(time.Millisecond)] = true
		}
		if len(seen) < 20 {
			t.Errorf("50 first probes came at %d different times", len(seen))
		}
	})
}

func TestAProbeEndsWithTheHalfOpenTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{takes: time.Hour}
		b := sick(t, db, Config{HalfOpenTimeout: 3 * time.Second})
		pass(250 * time.Millisecond)
		stateIs(t, b, HalfOpen)
		pass(3 * time.Second)
		if s := b.Snapshot(); s.LastError != context.DeadlineExceeded || s.Probes == 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAPanicOfTheProbeIsAFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{during: func() { panic("no driver") }}
		b := sick(t, db, Config{})
		pass(250 * time.Millisecond)
		stateIs(t, b, Open)
		if got := b.Snapshot().LastError; got == nil || !strings.Contains(got.Error(), "no driver") {
			t.Errorf("the last error is %v", got)
		}
	})
}

func TestASlowProbeDoesNotCloseABreakerThatLooksAtTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{takes: 2 * time.Second}
		b := sick(t, db, Config{SlowRate: 50, SlowCall: time.Second})
		pass(10 * time.Second)
		if s := b.Snapshot(); s.State == Closed || s.LastError != errSlow {
			t.Errorf("%+v", s)
		}
		db.is(nil, time.Second)
		pass(10 * time.Second)
		stateIs(t, b, Closed)
	})
}

func TestWithoutAProbeItClosesAfterTheResetTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{MaxFailures: 1, ResetTimeout: 10 * time.Second})
		call(t, b, Failure, 1)
		pass(4999 * time.Millisecond)
		stateIs(t, b, Open)
		pass(5001 * time.Millisecond)
		stateIs(t, b, Closed)
	})
}

func TestCloseWaitsForTheProbesEndAndThenCallsPass(t *testing.T) {
	bubble(t, func(t *testing.T) {
		over := false
		probe := func(ctx context.Context) error {
			<-ctx.Done()
			<-time.After(time.Second) // it takes its time
			over = true
			return nil
		}
		b := New(Config{MaxFailures: 1, Probe: probe, OnStateChange: func(c Change) {
			if c.To == Closed {
				t.Errorf("Close was told as a change: %+v", c)
			}
		}})
		call(t, b, Failure, 1)
		pass(250 * time.Millisecond)
		stateIs(t, b, HalfOpen)
		b.Close()
		if !over {
			t.Error("Close did not wait")
		}
		call(t, b, Failure, 10)
		b.Force(ForcedOpen)
		b.Close()
		stateIs(t, b, Closed)
	})
}

func TestCloseEndsAPause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{}
		b := sick(t, db, Config{})
		began := time.Now()
		b.Close()
		if waited := time.Since(began); waited != 0 || len(db.times()) != 0 {
			t.Errorf("Close took %v, and %d probes ran", waited, len(db.times()))
		}
	})
}

func TestAProbeThatForceOvertookSaysNothing(t *testing.T) {
	for name, force := range map[string]Override{"open": ForcedOpen, "closed": ForcedClosed} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				release := make(chan error)
				b := open(t, Config{MaxFailures: 1, Probe: func(context.Context) error { return <-release }})
				call(t, b, Failure, 1)
				pass(250 * time.Millisecond)
				stateIs(t, b, HalfOpen)
				b.Force(force)
				want := b.State()
				release <- map[Override]error{ForcedOpen: nil, ForcedClosed: errDown}[force]
				synctest.Wait()
				stateIs(t, b, want)
				pass(time.Hour)
				stateIs(t, b, want)
			})
		})
	}
}
