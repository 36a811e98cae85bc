// This file tests what time does to connections: validation, age, rest, surplus.

package pool

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

// idle opens n connections and gives them back.
func idle(t *testing.T, p *Pool[*wire], n int) (cs []*Conn[*wire]) {
	t.Helper()
	for range n {
		cs = append(cs, borrow(t, p))
	}
	for _, c := range cs {
		c.Release()
	}
	return cs
}

func TestADeadIdleConnectionIsReplacedUnseen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen = 8 })
		cs := idle(t, p, 8)
		for _, c := range cs[:7] {
			c.Value.dead.Store(true)
		}
		for range 8 {
			c := borrow(t, p)
			if c.Value.dead.Load() {
				t.Error("a dead connection was handed out")
			}
			defer c.Release()
		}
		if n := p.Stats(); n.ClosedInvalid != 7 || n.Open != 8 {
			t.Errorf("got %+v, want 7 closed and 8 open", n)
		}
	})
}

func TestOnlyALongIdleConnectionIsPinged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{}
		p := open(t, s, func(c *Config[*wire]) { c.ValidationIdle = time.Second })
		idle(t, p, 1)
		for _, step := range []struct {
			rest time.Duration
			want int
		}{{0, 0}, {500 * time.Millisecond, 0}, {1200 * time.Millisecond, 1}, {time.Hour, 2}} {
			pass(step.rest)
			borrow(t, p).Release()
			if s.pinged() != step.want {
				t.Errorf("%d pings after a rest of %v, want %d", s.pinged(), step.rest, step.want)
			}
		}
	})
}

func TestAnOutageHasIdleConnectionsPinged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(_ context.Context, n int) error {
			if n == 2 {
				return errDown
			}
			return nil
		}}
		p := open(t, s, nil)
		a := borrow(t, p)
		idleOne := ask(t.Context(), p)
		if o := <-idleOne; o.err != errDown { //nolint:errorlint // untouched
			t.Fatal(o.err)
		}
		a.Release()
		pass(2 * tickEvery)
		borrow(t, p).Release()
		if s.pinged() != 1 {
			t.Errorf("%d pings of a connection idle since before the outage, want 1", s.pinged())
		}
		borrow(t, p).Release()
		if s.pinged() != 1 {
			t.Error("a connection used since the outage was pinged")
		}
	})
}

func TestAPeekThatPanicsReachesTheCallerAndCostsNoSlot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) {
			c.MaxOpen = 1
			c.Peek = func(w *wire) error {
				if w.id == 1 {
					panic("boom")
				}
				return nil
			}
		})
		idle(t, p, 1)
		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("the panic did not reach the caller")
				}
			}()
			borrow(t, p)
		}()
		borrow(t, p).Release()
	})
}

func TestLifetimeEndsAConnectionWithJitter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxLifetime = 100 * time.Second })
		cs := idle(t, p, 50)
		pass(85 * time.Second)
		if n := p.Stats(); n.Idle != 50 {
			t.Errorf("%d left after 85s of 100s, want all", n.Idle)
		}
		pass(10 * time.Second)
		if n := p.Stats(); n.Idle < 5 || n.Idle > 45 {
			t.Errorf("%d left after 95s, want about half: no jitter", n.Idle)
		}
		pass(6 * time.Second)
		if n := p.Stats(); n.Idle != 0 || n.ClosedLifetime != 50 {
			t.Errorf("%+v after 101s, want all closed", n)
		}
		for _, c := range cs {
			if c.expires < 90*time.Second || c.expires > 101*time.Second {
				t.Errorf("a lifetime of %v, want 90s to 100s", c.expires)
			}
		}
	})
}

func TestABusyConnectionEndsWithItsLifetimeToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen, c.MaxLifetime = 1, 10*time.Second })
		held := borrow(t, p)
		waiter := ask(t.Context(), p)
		pass(11 * time.Second)
		held.Release()
		if o := <-waiter; o.err != nil || o.c == held {
			t.Errorf("the waiter got %+v, want a new connection", o)
		} else {
			o.c.Release()
		}
	})
}

func TestIdleTimeClosesTheIdleOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxIdleTime = 10 * time.Second })
		cs := idle(t, p, 3)
		busy := borrow(t, p)
		pass(11 * time.Second)
		if n := p.Stats(); n.Idle != 0 || n.Used != 1 || n.ClosedIdleTime != 2 || busy != cs[2] {
			t.Errorf("got %+v, want the two idle ones closed", n)
		}
		busy.Release()
		pass(5 * time.Second)
		if n := p.Stats(); n.Idle != 1 {
			t.Errorf("got %+v, want it kept", n)
		}
	})
}

func TestAPoolShrinksAfterLoadFallsNotAtAReturn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{}
		p := open(t, s, func(c *Config[*wire]) { c.MaxIdle = 2 })
		for range 100 { // a wave of ten every 300 ms
			idle(t, p, 10)
			pass(300 * time.Millisecond)
		}
		if s.dials() != 10 {
			t.Errorf("%d dials under steady waves, want 10", s.dials())
		}
		pass(2500 * time.Millisecond)
		if n := p.Stats(); n.Idle != 2 || n.ClosedSurplus != 8 {
			t.Errorf("got %+v, want 2 idle after load fell", n)
		}
	})
}

func TestAnIdlePoolWakesNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxIdle = 2 })
		idle(t, p, 2)
		pass(time.Second)
		if p.clock.ticking || p.clock.timer.Stop() {
			t.Error("the clock still ticks")
		}
	})
}

func TestStatsAddUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen = 2 })
		a, b := borrow(t, p), borrow(t, p)
		waiter := ask(t.Context(), p)
		pass(3 * time.Second)
		if n := p.Stats(); n.Waiting != 1 || n.WaitCount != 1 || n.WaitDuration != 0 || n.Used != 2 || n.MaxUsed != 2 || n.Open != 2 {
			t.Errorf("got %+v", n)
		}
		a.Release()
		(<-waiter).c.Discard()
		b.Release()
		pass(0)
		d := p.DBStats()
		if n := p.Stats(); n.Discarded != 1 || n.Dials != 2 || n.Idle != 1 || n.WaitCount != 1 || n.WaitDuration != 3*time.Second {
			t.Errorf("got %+v", n)
		}
		if d.MaxOpenConnections != 2 || d.OpenConnections != 1 || d.Idle != 1 || d.InUse != 0 || d.WaitCount != 1 || d.WaitDuration != 3*time.Second {
			t.Errorf("got %+v", d)
		}
	})
}

func TestAnEndedContextIsAnsweredAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Acquire(ctx, nil); err != context.Canceled { //nolint:errorlint // the bare error
			t.Errorf("got %v", err)
		}
		var refused *refusal.Error
		if _, err := p.Acquire(ctx, nil); errors.As(err, &refused) {
			t.Errorf("got %v, want the bare error", err)
		}
	})
}
