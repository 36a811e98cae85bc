// This file tests how connections are asked whether they are alive before they are handed out.

package pool

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestAFailedPingTakesTheNextWithinTheSameDeadline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onPing: func(_ context.Context, w *wire) error {
			if w.id == 1 {
				return nil
			}
			<-time.After(2 * time.Second)
			return errOdd
		}}
		p := open(t, s, func(c *Config[*wire]) {
			c.ValidationIdle, c.ValidationTimeout, c.AcquireTimeout = time.Second, 3*time.Second, 5*time.Second
			c.MaxOpen = 3
		})
		cs := idle(t, p, 3)
		pass(time.Minute)
		o := <-ask(t.Context(), p)
		if o.err != nil || o.c != cs[0] || o.took != 4*time.Second {
			t.Errorf("got %+v, want the only sound one after 4s", o)
		}
		o.c.Release()
	})
}

func TestAHangingPingIsLeftBehind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hang := make(chan struct{})
		s := &server{onPing: func(_ context.Context, w *wire) error {
			if w.id == 1 {
				<-hang // heeds no context
			}
			return nil
		}}
		p := open(t, s, func(c *Config[*wire]) {
			c.ValidationIdle, c.ValidationTimeout, c.MaxOpen = time.Second, 2*time.Second, 1
		})
		first := idle(t, p, 1)[0]
		pass(time.Minute)
		o := <-ask(t.Context(), p)
		if o.err != nil || o.c == first || o.took != 2*time.Second {
			t.Errorf("got %+v, want a new connection after 2s", o)
		}
		if first.Value.closed.Load() || p.Stats().Closing != 1 {
			t.Error("the connection was closed while its ping ran")
		}
		close(hang)
		synctest.Wait()
		if !first.Value.closed.Load() || p.Stats().Closing != 0 {
			t.Error("the connection was not closed after its ping")
		}
		o.c.Release()
	})
}

func TestAnImpatientCallerDoesNotCostTheConnectionItPings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onPing: func(ctx context.Context, _ *wire) error {
			select {
			case <-time.After(3 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		p := open(t, s, func(c *Config[*wire]) { c.ValidationIdle, c.MaxOpen = time.Second, 1 })
		c := idle(t, p, 1)[0]
		pass(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		impatient, patient := ask(ctx, p), (<-chan outcome)(nil)
		synctest.Wait()
		patient = ask(t.Context(), p)
		if o := <-impatient; !errors.Is(o.err, context.DeadlineExceeded) || o.took != time.Second {
			t.Errorf("got %v after %v, want the context's error after 1s", o.err, o.took)
		}
		if o := <-patient; o.c != c || o.took != 3*time.Second {
			t.Errorf("got %+v, want the pinged connection after 3s", o)
		}
		c.Release()
	})
}

func TestAPingThatPanicsIsAFailedPing(t *testing.T) {
	for name, blow := range map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &server{onPing: func(context.Context, *wire) error { blow(); return nil }}
				p := open(t, s, func(c *Config[*wire]) { c.ValidationIdle, c.MaxOpen = time.Second, 1 })
				idle(t, p, 1)
				pass(time.Minute)
				borrow(t, p).Release()
				synctest.Wait()
				if n := p.Stats(); n.ClosedInvalid != 1 || n.Dials != 2 || s.alive() != 1 {
					t.Errorf("got %+v, %d live", n, s.alive())
				}
			})
		})
	}
}

// deaf never answers a ping over the first n connections.
func deaf(n int) func(context.Context, *wire) error {
	return func(ctx context.Context, w *wire) error {
		if w.id > n {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
}

func TestSilentlyDeadIdleConnectionsCostOnePing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onPing: deaf(10)}
		p := open(t, s, func(c *Config[*wire]) {
			c.MaxOpen, c.AcquireTimeout, c.ValidationIdle, c.ValidationTimeout = 50, 30*time.Second, time.Second, 5*time.Second
		})
		idle(t, p, 10)
		pass(5 * time.Minute)
		o := <-ask(t.Context(), p)
		if o.err != nil || o.took != 5*time.Second {
			t.Fatalf("got %v after %v, want a new connection after the one ping's 5s", o.err, o.took)
		}
		o.c.Release()
		if n := p.Stats(); n.ClosedInvalid != 1 || n.ClosedEvicted != 9 || n.Open != 1 {
			t.Errorf("got %+v, want the one that was asked closed and the 9 as old", n)
		}
	})
}

func TestASilentPingSparesWhatCameBackSince(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onPing: deaf(1)}
		p := open(t, s, func(c *Config[*wire]) { c.ValidationIdle, c.ValidationTimeout = time.Second, 5*time.Second })
		first, second := borrow(t, p), borrow(t, p)
		first.Release()
		pass(time.Minute)
		asked := ask(t.Context(), p)
		pass(time.Second)
		second.Release()
		if o := <-asked; o.c != nil {
			o.c.Release()
		}
		if n := p.Stats(); second.Value.closed.Load() || n.ClosedInvalid != 1 {
			t.Errorf("got %+v, want the connection kept that came back during the ping", n)
		}
	})
}

func TestAPinnedConnectionIsNeverAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onPing: func(context.Context, *wire) error { return errOdd }}
		p := open(t, s, func(c *Config[*wire]) { c.Pinned, c.ValidationIdle = true, time.Second })
		first := idle(t, p, 1)[0]
		first.Value.dead.Store(true)
		pass(2 * time.Second)
		c := borrow(t, p)
		if c != first {
			t.Errorf("the pool dropped the connection in which the data lives: %+v", p.Stats())
		}
		c.Release()
	})
}

func TestADuePingStaysDueWhenItsCallerLeaves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{}
		p := open(t, s, func(c *Config[*wire]) { c.ValidationIdle = time.Second })
		idle(t, p, 1)
		pass(time.Minute)
		p.Suspend()
		ctx, cancel := context.WithCancel(t.Context())
		leaving := ask(ctx, p)
		synctest.Wait()
		p.mu.Lock() // so that the caller is granted and leaves at once
		p.suspended = false
		p.dispatchLocked()
		cancel()
		p.unlock()
		if o := <-leaving; o.c != nil {
			o.c.Release() // it was faster than its context's end
		}
		before := s.pinged()
		borrow(t, p).Release()
		if s.pinged() == before && before == 0 {
			t.Error("the connection was not pinged after a minute's rest")
		}
	})
}
