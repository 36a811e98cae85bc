// This file tests who gets which connection, and in which order.

package pool

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestSixtyWaitersSeeNoInversion(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen = 1 })
		held := borrow(t, p)
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				c := borrow(t, p)
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				c.Release()
			})
			synctest.Wait()
		}
		held.Release()
		all.Wait()
		inversions := 0
		for i := range order {
			for j := range i {
				if order[j] > order[i] {
					inversions++
				}
			}
		}
		if len(order) != 60 || inversions != 0 {
			t.Errorf("%d served with %d inversions, want 60 and 0: %v", len(order), inversions, order)
		}
	})
}

func TestAFreshArrivalNeverOvertakesAWaiter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen = 1 })
		held := borrow(t, p)
		first := ask(t.Context(), p)
		synctest.Wait()
		held.Release()
		second := ask(t.Context(), p) // before the first has run
		got := <-first
		synctest.Wait()
		select {
		case <-second:
			t.Fatal("the second caller was served before the first returned")
		default:
		}
		got.c.Release()
		(<-second).c.Release()
	})
}

func TestAWaiterWhoseConnectionIsDeadKeepsItsPlace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen = 1 })
		held := borrow(t, p)
		first := ask(t.Context(), p)
		synctest.Wait()
		second := ask(t.Context(), p)
		synctest.Wait()
		held.Value.dead.Store(true)
		held.Release()
		got := <-first
		if got.err != nil || got.c.Value.id != 2 {
			t.Fatalf("first waiter got %+v, want a new connection", got)
		}
		got.c.Release()
		(<-second).c.Release()
	})
}

func TestIdleConnectionsAreTakenLastInFirstOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, nil)
		a, b, c := borrow(t, p), borrow(t, p), borrow(t, p)
		for _, x := range []*Conn[*wire]{b, a, c} {
			x.Release()
		}
		for _, want := range []*Conn[*wire]{c, a, b} {
			if got := borrow(t, p); got != want {
				t.Errorf("got connection %d, want %d", got.Value.id, want.Value.id)
			}
		}
		a.Release()
		b.Release()
		c.Release()
	})
}

func TestThePreferredConnectionIsTakenWhenIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, nil)
		other := open(t, &server{}, nil)
		a, b := borrow(t, p), borrow(t, p)
		a.Release()
		b.Release()
		if got, err := p.Acquire(t.Context(), a); err != nil || got != a {
			t.Fatalf("got %v, %v; want the preferred one", got, err)
		}
		foreign := borrow(t, other)
		foreign.Release()
		if got, err := p.Acquire(t.Context(), foreign); err != nil || got != b {
			t.Fatalf("got %v, %v; want this pool's own", got, err)
		}
		got, err := p.Acquire(t.Context(), a) // leased
		if err != nil || got == a || got == b {
			t.Fatalf("got %v, %v; want a third one", got, err)
		}
		a.Discard()
		b.Release()
		got.Release()
		if got, err := p.Acquire(t.Context(), a); err != nil || got == a {
			t.Fatalf("got %v, %v; want not the discarded one", got, err)
		} else {
			got.Release()
		}
	})
}

func TestFreshIsTrueForTheFirstLeaseOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, nil)
		c := borrow(t, p)
		if !c.Fresh() {
			t.Error("the first lease is not fresh")
		}
		c.Release()
		if c = borrow(t, p); c.Fresh() {
			t.Error("the second lease is fresh")
		}
		c.Release()
	})
}

func TestAReleasedConnectionServesTheOneWhoseDialStillRuns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(_ context.Context, n int) error {
			if n == 2 {
				<-time.After(time.Minute)
			}
			return nil
		}}
		p := open(t, s, nil)
		held := borrow(t, p)
		waiter := ask(t.Context(), p)
		pass(time.Second)
		held.Release()
		if got := <-waiter; got.c != held || got.took != time.Second {
			t.Errorf("got %+v after %v, want the released one after 1s", got.c.Value, got.took)
		}
		pass(time.Minute)
		if n := p.Stats(); n.Idle != 1 || n.Open != 2 {
			t.Errorf("the dialed one was not kept: %+v", n)
		}
		held.Release()
	})
}

func TestADiscardedConnectionMakesRoomForAWaiter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen = 1 })
		held := borrow(t, p)
		waiter := ask(t.Context(), p)
		synctest.Wait()
		held.Discard()
		o := <-waiter
		if o.err != nil || o.c == held || o.took != 0 {
			t.Errorf("got %+v, want a new connection at once", o)
		}
		o.c.Release()
	})
}

func TestGivingBackTwicePanicsWithASentence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, nil)
		for name, second := range map[string]func(*Conn[*wire]){"Release": (*Conn[*wire]).Release, "Discard": (*Conn[*wire]).Discard} {
			for _, first := range []func(*Conn[*wire]){(*Conn[*wire]).Release, (*Conn[*wire]).Discard} {
				c := borrow(t, p)
				first(c)
				func() {
					defer func() {
						if s, _ := recover().(string); s == "" {
							t.Errorf("a second %s did not panic with a sentence", name)
						}
					}()
					second(c)
				}()
			}
		}
		borrow(t, p).Release() // the pool works on
	})
}
