// This file tests how connections are opened: in parallel, for whoever comes first, and how often after failures.

package pool

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

func TestTwentyColdCallersWaitTwoLogons(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(context.Context, int) error { <-time.After(2 * time.Second); return nil }}
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 20 })
		var got []<-chan outcome
		for range 20 {
			got = append(got, ask(t.Context(), p))
		}
		for _, g := range got {
			o := <-g
			if o.err != nil {
				t.Fatal(o.err)
			}
			within(t, "a cold caller", o.took, 2*time.Second, 4*time.Second)
			defer o.c.Release()
		}
	})
}

func TestDialsInFlightAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var now, most atomic.Int32
		s := &server{onDial: func(context.Context, int) error {
			most.Store(max(most.Load(), now.Add(1)))
			<-time.After(time.Second)
			now.Add(-1)
			return nil
		}}
		p := open(t, s, func(c *Config[*wire]) { c.MaxDials = 3 })
		var got []<-chan outcome
		for range 30 {
			got = append(got, ask(t.Context(), p))
		}
		for _, g := range got {
			o := <-g
			defer o.c.Release()
		}
		if most.Load() != 3 {
			t.Errorf("%d dials ran at once, want 3", most.Load())
		}
	})
}

func TestAnAbandonedDialIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(ctx context.Context, _ int) error {
			select {
			case <-time.After(3 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		p := open(t, s, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		o := <-ask(ctx, p)
		if !errors.Is(o.err, context.DeadlineExceeded) || !errors.Is(o.err, refusal.ErrAcquireTimeout) || o.took != time.Second {
			t.Fatalf("got %v after %v, want the context's error after 1s", o.err, o.took)
		}
		if !strings.Contains(o.err.Error(), "opening a connection is not finished") {
			t.Errorf("the error does not say what it waited for: %v", o.err)
		}
		pass(2 * time.Second)
		c := borrow(t, p)
		c.Release()
		if s.dials() != 1 {
			t.Errorf("%d dials, want 1", s.dials())
		}
	})
}

func TestADialCarriesTheCallersValuesButNotItsEnd(t *testing.T) {
	type key struct{}
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(ctx context.Context, _ int) error {
			end, ok := ctx.Deadline()
			if ctx.Value(key{}) != "v" || !ok || time.Until(end) != time.Minute {
				return fmt.Errorf("value %v, deadline in %v", ctx.Value(key{}), time.Until(end))
			}
			return nil
		}}
		p := open(t, s, func(c *Config[*wire]) { c.DialTimeout = time.Minute })
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "v"), time.Second)
		defer cancel()
		c, err := p.Acquire(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Release()
	})
}

func TestAFirstFailureIsTheDriversErrorAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(context.Context, int) error { return errOdd }}
		p := open(t, s, func(c *Config[*wire]) { c.AcquireTimeout = time.Minute })
		if o := <-ask(t.Context(), p); o.err != errOdd || o.took != 0 { //nolint:errorlint // untouched
			t.Errorf("got %v after %v, want the driver's very error at once", o.err, o.took)
		}
	})
}

func TestCallersOfADeadServerShareItsAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(context.Context, int) error { return errDown }}
		p := open(t, s, nil)
		for range 5 {
			before := s.dials()
			var got []<-chan outcome
			for range 200 {
				got = append(got, ask(t.Context(), p))
			}
			for _, g := range got {
				o := <-g
				if o.err != errDown { //nolint:errorlint // untouched
					t.Fatalf("got %v, want the driver's very error", o.err)
				}
				within(t, "a caller of a dead server", o.took, 0, time.Second)
			}
			if n := s.dials() - before; n > 4 {
				t.Errorf("%d dials for 200 callers, want at most 4", n)
			}
		}
	})
}

func TestWhileBackingOffAShortDeadlineGetsTheLastError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(_ context.Context, n int) error {
			if n <= 8 {
				return errDown
			}
			return nil
		}}
		p := open(t, s, nil)
		for range 8 {
			if o := <-ask(t.Context(), p); o.err == nil {
				t.Fatal("a dial succeeded too early")
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if o := <-ask(ctx, p); o.err != errDown || o.took != 0 { //nolint:errorlint // untouched
			t.Errorf("got %v after %v, want the last error at once", o.err, o.took)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		o := <-ask(ctx, p)
		if o.err != nil {
			t.Fatal(o.err)
		}
		within(t, "the next permitted dial", o.took, 500*time.Millisecond, time.Second)
		o.c.Release()
	})
}

func TestARefusedLoginIsDialedOncePerStep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(context.Context, int) error { <-time.After(50 * time.Millisecond); return errRefused }}
		p := open(t, s, func(c *Config[*wire]) { c.AcquireTimeout = time.Minute })
		storm := func() {
			var got []<-chan outcome
			for range 100 {
				got = append(got, ask(t.Context(), p))
			}
			for _, g := range got {
				o := <-g
				if o.err != errRefused { //nolint:errorlint // untouched
					t.Fatalf("got %v, want the driver's very error", o.err)
				}
				within(t, "a refused caller", o.took, 0, 50*time.Millisecond)
			}
		}
		storm()
		storm()
		if s.dials() != 1 {
			t.Errorf("%d logins for 200 callers, want 1", s.dials())
		}
		for range 600 { // five minutes
			pass(500 * time.Millisecond)
			storm()
		}
		if n := s.dials(); n < 9 || n > 13 {
			t.Errorf("%d logins in 5 minutes, want about 1 at 0, 1, 3, 7, 15, 31, 63, 123, 183, 243 s", n)
		}
		n := s.dials()
		p.Evict()
		storm()
		if s.dials() != n+1 {
			t.Errorf("%d logins after Evict, want one more than %d", s.dials(), n)
		}
	})
}

func TestADialThatNeverReturnsIsGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hang := make(chan struct{})
		s := &server{onDial: func(_ context.Context, n int) error {
			if n == 1 {
				<-hang
			}
			return nil
		}}
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen, c.DialTimeout = 1, 2*time.Second })
		o := <-ask(t.Context(), p)
		if !errors.Is(o.err, context.DeadlineExceeded) || o.took != 3*time.Second {
			t.Errorf("got %v after %v, want a timeout after 3s", o.err, o.took)
		}
		c := borrow(t, p)
		c.Release()
		close(hang)
		synctest.Wait()
		if n := p.Stats(); n.Open != 1 || s.alive() != 1 {
			t.Errorf("%d open, %d live, want 1 and 1", n.Open, s.alive())
		}
	})
}

func TestADialThatPanicsIsAnError(t *testing.T) {
	for name, blow := range map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &server{onDial: func(_ context.Context, n int) error {
					if n == 1 {
						blow()
					}
					return nil
				}}
				p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 1 })
				var refused *refusal.Error
				if o := <-ask(t.Context(), p); !errors.As(o.err, &refused) {
					t.Errorf("got %v, want a *refusal.Error", o.err)
				}
				borrow(t, p).Release()
			})
		})
	}
}

func TestWarmUpOpensInTheBackground(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(context.Context, int) error { <-time.After(time.Second); return nil }}
		p := open(t, s, func(c *Config[*wire]) { c.Warmup, c.MaxOpen = 8, 10 })
		if s.dials() != 0 {
			t.Error("New dialed")
		}
		o := <-ask(t.Context(), p)
		if o.took != time.Second {
			t.Errorf("the first caller waited %v", o.took)
		}
		pass(time.Second)
		if n := p.Stats(); n.Open != 8 || n.Idle != 7 {
			t.Errorf("warmed to %+v, want 8", n)
		}
		o.c.Release()
		if err := p.Warm(t.Context()); err != nil || s.dials() != 8 {
			t.Errorf("a second warm-up: %v, %d dials", err, s.dials())
		}
	})
}

func TestWarmUpIsGivenUp(t *testing.T) {
	rows := map[string]struct {
		cause error
		after time.Duration
	}{"down": {errDown, 10 * time.Second}, "refused": {errRefused, 0}, "too many": {errTooMany, 10 * time.Second}}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &server{onDial: func(context.Context, int) error { return row.cause }}
				p := open(t, s, func(c *Config[*wire]) { c.Warmup, c.WarmupTimeout = 8, 10*time.Second })
				began := time.Now()
				if err := p.Warm(t.Context()); !errors.Is(err, row.cause) {
					t.Errorf("got %v, want %v", err, row.cause)
				}
				within(t, "the warm-up", time.Since(began), row.after, row.after)
				n := s.dials()
				pass(time.Minute)
				if s.dials() != n {
					t.Errorf("%d dials after the warm-up ended", s.dials()-n)
				}
			})
		})
	}
}

func TestAPinnedPoolOpensAndClosesNothingUnasked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{}
		p := open(t, s, func(c *Config[*wire]) {
			c.Pinned, c.Warmup, c.MaxIdle = true, 5, 0
			c.MaxLifetime, c.MaxIdleTime = time.Second, time.Second
		})
		a, b := borrow(t, p), borrow(t, p)
		a.Release()
		b.Release()
		pass(time.Hour)
		p.Evict()
		if n := p.Stats(); n.Idle != 2 || s.dials() != 2 {
			t.Errorf("%+v after %d dials, want both kept", n, s.dials())
		}
	})
}

// Dials begin beside one that hangs; who waited while one hung for the whole time
// that a dial may take has waited enough.
func TestNobodyWaitsLongerThanADialMayTake(t *testing.T) {
	for name, heeds := range map[string]bool{"a dial that ends with its context": true, "a dial that does not": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				over := make(chan struct{})
				defer close(over)
				s := &server{onDial: func(ctx context.Context, n int) error {
					if n == 1 {
						return nil
					}
					if heeds {
						<-ctx.Done()
					} else {
						<-over
					}
					return errors.Join(errDown, ctx.Err())
				}}
				p := open(t, s, func(c *Config[*wire]) { c.DialTimeout = 12 * time.Second })
				borrow(t, p).Discard() // the login is proven
				var waiting sync.WaitGroup
				for range 3 {
					waiting.Go(func() {
						began := time.Now()
						_, err := p.Acquire(context.Background(), nil)
						if took := time.Since(began); err == nil || took > 12*time.Second+dialGrace {
							t.Errorf("told %v after %v", err, took)
						}
					})
				}
				waiting.Wait()
			})
		})
	}
}
