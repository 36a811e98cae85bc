// This file tests the end of connections and of the pool, and its changes while it runs.

package pool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

func TestASlowCloseDelaysNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onClose: func(*wire) { <-time.After(time.Minute) }}
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen, c.CloseTimeout = 1, 0 })
		for range 5 {
			o := <-ask(t.Context(), p)
			if o.err != nil || o.took != 0 {
				t.Fatalf("a borrower waited %v: %v", o.took, o.err)
			}
			o.c.Discard()
		}
		synctest.Wait()
		if n := p.Stats(); n.Closing != 5 || n.Open != 0 {
			t.Errorf("got %+v, want 5 closing", n)
		}
	})
}

func TestCloseWaitsForItsConnectionsUpToItsTimeout(t *testing.T) {
	for name, row := range map[string]struct{ needs, limit, want time.Duration }{
		"soon enough": {2 * time.Second, 5 * time.Second, 2 * time.Second},
		"too late":    {time.Minute, 5 * time.Second, 5 * time.Second},
		"unbounded":   {time.Minute, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &server{onClose: func(*wire) { <-time.After(row.needs) }}
				p := open(t, s, func(c *Config[*wire]) { c.CloseTimeout = row.limit })
				idle(t, p, 3)
				began := time.Now()
				if err := p.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if got := time.Since(began); got != row.want {
					t.Errorf("Close took %v, want %v", got, row.want)
				}
				pass(time.Minute)
			})
		})
	}
}

func TestCloseEndsEverybody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(ctx context.Context, n int) error {
			if n == 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 2 })
		held := borrow(t, p)
		dialing, waiting := ask(t.Context(), p), ask(t.Context(), p)
		synctest.Wait()
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		for _, o := range []outcome{<-dialing, <-waiting, <-ask(t.Context(), p)} {
			var refused *refusal.Error
			if !errors.Is(o.err, refusal.ErrClosed) || !errors.As(o.err, &refused) {
				t.Errorf("got %v, want refusal.ErrClosed", o.err)
			}
		}
		if held.Value.closed.Load() {
			t.Error("a leased connection was closed under its borrower")
		}
		held.Release()
		synctest.Wait()
		if n := p.Stats(); s.alive() != 0 || n.Open != 0 || n.Dialing != 0 {
			t.Errorf("%d live, %+v", s.alive(), n)
		}
	})
}

func TestAWarmUpThatCloseEndsIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		p := open(t, s, func(c *Config[*wire]) { c.Warmup = 3 })
		done := make(chan error, 1)
		go func() { done <- p.Warm(t.Context()) }()
		synctest.Wait()
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, refusal.ErrClosed) {
			t.Errorf("Warm returned %v, want refusal.ErrClosed", err)
		}
	})
}

func TestCloseReturnsTheFirstErrorOfClosing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := New(Config[*wire]{Dial: (&server{}).dial, Close: func(*wire) error { return errOdd }, MaxIdle: -1})
		idle(t, p, 2)
		for range 2 {
			if err := p.Close(t.Context()); err != errOdd { //nolint:errorlint // untouched
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestACloseThatPanicsEndsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := New(Config[*wire]{Dial: (&server{}).dial, Close: func(*wire) error { panic("boom") }})
		borrow(t, p).Discard()
		synctest.Wait()
		idle(t, p, 1)
		var refused *refusal.Error
		if err := p.Close(t.Context()); !errors.As(err, &refused) {
			t.Errorf("got %v, want the panic as an error", err)
		}
	})
}

func TestSuspendHoldsCallersInLineUntilResume(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{}
		p := open(t, s, func(c *Config[*wire]) { c.AcquireTimeout = time.Minute })
		c := borrow(t, p)
		p.Suspend()
		first := ask(t.Context(), p)
		synctest.Wait()
		second := ask(t.Context(), p)
		c.Release()
		pass(30 * time.Second)
		if n := p.Stats(); n.Waiting != 2 || n.Idle != 1 || s.dials() != 1 {
			t.Errorf("got %+v, want two in line", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if o := <-ask(ctx, p); !errors.Is(o.err, context.DeadlineExceeded) {
			t.Errorf("got %v", o.err)
		}
		p.Resume()
		for _, got := range []<-chan outcome{first, second} {
			o := <-got
			if o.err != nil {
				t.Fatal(o.err)
			}
			defer o.c.Release()
		}
	})
}

func TestEvictReplacesConnectionsIdleLeasedAndDialing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(_ context.Context, n int) error {
			if n == 3 {
				<-time.After(time.Second)
			}
			return nil
		}}
		p := open(t, s, nil)
		cs := []*Conn[*wire]{borrow(t, p), borrow(t, p)}
		dialing := ask(t.Context(), p)
		synctest.Wait()
		p.Evict()
		cs[0].Release()
		cs[1].Release()
		o := <-dialing
		if o.err != nil || o.c.Value.id != 4 {
			t.Errorf("got %+v, want a connection dialed after Evict", o)
		}
		pass(time.Second)
		if n := p.Stats(); n.ClosedEvicted != 3 || n.Open != 1 || s.alive() != 1 {
			t.Errorf("got %+v, %d live", n, s.alive())
		}
		o.c.Release()
		idle(t, p, 1)
		p.Evict()
		if n := p.Stats(); n.Open != 0 {
			t.Errorf("got %+v, want the idle one closed", n)
		}
	})
}

func TestTheLimitChangesWhileThePoolRuns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen = 1 })
		a := borrow(t, p)
		waiter := ask(t.Context(), p)
		synctest.Wait()
		p.SetMaxOpen(3)
		b := (<-waiter).c
		c := borrow(t, p)
		c.Release()
		p.SetMaxOpen(1)
		if n := p.Stats(); n.Open != 2 || n.Idle != 0 {
			t.Errorf("got %+v, want the idle one closed", n)
		}
		a.Release()
		b.Release()
		if n := p.Stats(); n.Open != 1 || n.Idle != 1 {
			t.Errorf("got %+v, want one left", n)
		}
	})
}
