// This file tests how a pool lives with a server that grants no more connections.

package pool

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// granting answers dials beyond n live connections with a refusal for lack of
// room, until n is raised.
func granting(n int32) (s *server, limit *atomic.Int32) {
	s, limit = &server{}, &atomic.Int32{}
	limit.Store(n)
	var granted atomic.Int32 // counted before the answer: two dials at once are two
	s.onDial = func(context.Context, int) error {
		if granted.Add(1) > limit.Load() {
			granted.Add(-1)
			return errTooMany
		}
		return nil
	}
	s.onClose = func(*wire) { granted.Add(-1) }
	return s, limit
}

func TestTooManyConnectionsSettles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, granted := granting(5)
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 30 })
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan int)
		for range 30 {
			go func() {
				n := 0
				for ctx.Err() == nil {
					c, err := p.Acquire(context.Background(), nil)
					if err != nil {
						t.Errorf("a caller failed: %v", err)
						break
					}
					<-time.After(10 * time.Millisecond)
					c.Release()
					n++
				}
				served <- n
			}()
		}
		pass(10 * time.Second)
		if n := p.Stats(); n.Open != 5 || n.Granted != 5 {
			t.Errorf("settled at %+v, want 5 open", n)
		}
		before := s.dials()
		pass(time.Minute)
		if n := s.dials() - before; n > 60 {
			t.Errorf("%d dials in a minute, want at most one a second", n)
		}
		granted.Store(20)
		pass(time.Minute)
		if n := p.Stats(); n.Open != 20 {
			t.Errorf("%d open after the server grants 20", n.Open)
		}
		cancel()
		for range 30 {
			<-served
		}
	})
}

func TestTooManyWithNothingOpenIsTheDriversError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{onDial: func(context.Context, int) error { return errTooMany }}, nil)
		if o := <-ask(t.Context(), p); o.err != errTooMany { //nolint:errorlint // untouched
			t.Errorf("got %v, want the driver's very error", o.err)
		}
	})
}

func TestWaitsAtAFullServerAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := granting(2)
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 30 })
		a, b := borrow(t, p), borrow(t, p)
		var waiters []<-chan outcome
		for range 20 {
			waiters = append(waiters, ask(t.Context(), p))
			synctest.Wait() // in this order
		}
		pass(10 * time.Second)
		if n := p.DBStats().WaitCount; n != 20 {
			t.Errorf("%d waits are counted while 20 callers wait for a return", n)
		}
		a.Release()
		for _, w := range waiters {
			(<-w).c.Release()
		}
		b.Release()
		if n := p.DBStats(); n.WaitCount != 20 || n.WaitDuration != 200*time.Second {
			t.Errorf("20 callers waited 10s each: %+v", n)
		}
	})
}

func TestGrantedIsWhatTheServerLatelyRefusedToExceed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, granted := granting(2)
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 30 })
		a, b := borrow(t, p), borrow(t, p)
		waiter := ask(t.Context(), p)
		synctest.Wait()
		want := func(when string, want int) {
			t.Helper()
			if n := p.Stats(); n.Granted != want {
				t.Errorf("%s Granted is %d, want %d: %+v", when, n.Granted, want, n)
			}
		}
		want("after a refusal", 2)
		granted.Store(3)
		pass(2 * time.Second)
		c := (<-waiter).c
		want("after a third connection was granted", 0)
		waiter = ask(t.Context(), p)
		pass(2 * time.Second)
		want("after a fourth was refused", 3)
		a.Release()
		(<-waiter).c.Discard()
		synctest.Wait() // the server has its place back
		a = borrow(t, p)
		want("after a third was replaced", 3)
		pass(2 * time.Minute)
		want("two minutes later", 0)
		a.Release()
		b.Release()
		c.Release()
	})
}

func TestAHungDialLeavesItsPlaceUnderTheServersLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := granting(2)
		var hang atomic.Bool
		refuse := s.onDial
		s.onDial = func(ctx context.Context, n int) error {
			if hang.Swap(false) {
				<-ctx.Done()
				return ctx.Err()
			}
			return refuse(ctx, n)
		}
		p := open(t, s, func(c *Config[*wire]) { c.DialTimeout = time.Minute })
		a, b := borrow(t, p), borrow(t, p)
		waiter := ask(t.Context(), p)
		pass(20 * time.Second) // the next look for more is many seconds off
		b.Release()
		hang.Store(true)
		(<-waiter).c.Discard()
		synctest.Wait() // the server has its place back
		o := <-ask(t.Context(), p)
		if o.err != nil {
			t.Fatal(o.err)
		}
		within(t, "the second dial for a connection that was granted before", o.took, firstPatience, firstPatience)
		o.c.Release()
		a.Release()
	})
}
