// This file tests the clock of the query timeout in time of its own.

package fluxor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheClockOfAQueryRunsOnlyWhileTheDriverWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTimed(time.Second)
		c.start(context.Background())
		for range 3 {
			c.work()
			<-time.After(300 * time.Millisecond)
			c.rest(false)
			<-time.After(time.Hour) // another attempt waits for a connection
		}
		if c.Err() != nil {
			t.Fatal("it ended although the driver worked for 0.9 s")
		}
		c.work()
		<-time.After(101 * time.Millisecond)
		synctest.Wait()
		if !errors.Is(c.Err(), context.DeadlineExceeded) || !c.expired() || c.stop() {
			t.Errorf("after 1.001 s: %v, by the query timeout: %t", c.Err(), c.expired())
		}
	})
}

func TestEachNextHasATimeOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTimed(time.Second)
		c.start(context.Background())
		for range 10 {
			c.work()
			<-time.After(900 * time.Millisecond)
			c.rest(true)
			<-time.After(time.Minute) // the application thinks
		}
		if c.Err() != nil || !c.stop() {
			t.Error("it ended although no call took a second")
		}
	})
}

func TestAQueryEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, 5))
		c := newTimed(time.Second)
		c.start(ctx)
		if c.Value(key{}) != 5 {
			t.Error("the caller's value is gone")
		}
		child, stop := context.WithTimeout(c, time.Hour)
		defer stop()
		ran := make(chan struct{}, 2)
		c.Hook(func() { ran <- struct{}{} })
		removed := c.Hook(func() { t.Error("it was taken back") })
		if !removed() || removed() {
			t.Error("a hook is taken back once")
		}
		context.AfterFunc(c, func() { ran <- struct{}{} })
		c.work()
		cancel()
		<-child.Done()
		<-ran
		<-ran
		if c.Err() != context.Canceled || c.expired() || c.stop() {
			t.Errorf("%v, by the query timeout: %t", c.Err(), c.expired())
		}
	})
}

func TestACallersDeadlineCountsWhereItIsEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, limit := range []time.Duration{time.Second, time.Minute} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			c := newTimed(limit)
			c.start(ctx)
			end, ok := c.Deadline()
			if want := min(limit, 10*time.Second); !ok || time.Until(end) != want {
				t.Errorf("with a limit of %v the deadline is in %v, want %v", limit, time.Until(end), want)
			}
			c.rest(true)
			if end, _ := c.Deadline(); time.Until(end) != 10*time.Second {
				t.Errorf("between two calls the deadline is in %v", time.Until(end))
			}
			c.stop()
			cancel()
		}
	})
}

func TestATimedServesAgain(t *testing.T) {
	c := newTimed(time.Minute)
	if n := testing.AllocsPerRun(100, func() {
		c.start(context.Background())
		stop := c.Hook(func() {})
		c.rest(true)
		stop()
		if !c.stop() {
			t.Error("it cannot serve again")
		}
	}); n != 0 {
		t.Errorf("an operation under the timeout allocates %v", n)
	}
}

func BenchmarkTimed(b *testing.B) {
	c := newTimed(time.Minute)
	for b.Loop() {
		c.start(context.Background())
		c.rest(true)
		c.stop()
	}
}

// The timer goes on while nobody works: it must neither end who comes late nor
// miss who came early.
func TestTheTimerOutlivesItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTimed(time.Second)
		for range 50 {
			c.start(context.Background())
			<-time.After(90 * time.Millisecond)
			c.rest(true)
			if !c.stop() {
				t.Fatalf("a call of 90 ms was ended: %v", c.Err())
			}
		}
		c.start(context.Background())
		began := time.Now()
		<-c.Done()
		if took := time.Since(began); took != time.Second || !c.expired() {
			t.Errorf("a call that did not end was ended after %v, by the query timeout: %t", took, c.expired())
		}
	})
}

func TestAShorterRestOfTheTimeSetsTheTimerAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTimed(time.Second)
		c.start(context.Background())
		<-time.After(900 * time.Millisecond)
		c.rest(true) // its timer fires in 100 ms
		c.work()
		<-time.After(950 * time.Millisecond)
		c.rest(false) // the timer was set to 1 s from the second call's begin; 50 ms are left
		began := time.Now()
		c.work()
		<-c.Done()
		if took := time.Since(began); took != 50*time.Millisecond {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestARetiredTimerDoesNotFire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTimed(time.Second)
		c.start(context.Background())
		c.rest(true)
		c.stop()
		c.retire()
		<-time.After(time.Hour)
		synctest.Wait()
		if c.fires == 0 {
			t.Error("it fired")
		}
		var none *timed
		none.retire()
	})
}
