// This file tests what callers hear, and when, while dials are refused, fail or hang.

package pool

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// crowd has n callers ask at once.
func crowd(ctx context.Context, p *Pool[*wire], n int) (got []<-chan outcome) {
	for range n {
		got = append(got, ask(ctx, p))
	}
	return got
}

// hear takes the answers of a crowd, all of which must be want, and returns how
// long the last one took.
func hear(t *testing.T, got []<-chan outcome, want error) (worst time.Duration) {
	t.Helper()
	for _, g := range got {
		o := <-g
		if o.err != want { //nolint:errorlint // untouched
			t.Fatalf("got %v after %v, want %v", o.err, o.took, want)
		}
		worst = max(worst, o.took)
	}
	return worst
}

// after answers every dial with err once d has passed.
func after(d time.Duration, err error) func(context.Context, int) error {
	return func(context.Context, int) error {
		<-time.After(d)
		return err
	}
}

func TestARefusedLoginAnswersAllCallersOfALimitedPool(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: after(50*time.Millisecond, errRefused)}
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 10 })
		within(t, "the last of 100 refused callers", hear(t, crowd(t.Context(), p, 100), errRefused), 0, 50*time.Millisecond)
		if s.dials() != 1 {
			t.Errorf("%d logins, want 1", s.dials())
		}
	})
}

func TestAWaiterLeftByARefusalIsServedOnceTheLoginWorks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(_ context.Context, n int) error {
			if n == 2 {
				<-time.After(50 * time.Millisecond)
				return errRefused
			}
			return nil
		}}
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 2 })
		held := borrow(t, p)
		first := ask(t.Context(), p)
		synctest.Wait()
		second := ask(t.Context(), p)
		hear(t, []<-chan outcome{first}, errRefused)
		o := <-second
		if o.err != nil {
			t.Fatal(o.err)
		}
		within(t, "the second caller", o.took, time.Second, 2*time.Second)
		o.c.Release()
		held.Release()
	})
}

func TestCallersOfADeadServerShareItsAnswerInALimitedPool(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: after(3*time.Second, errDown)}
		p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 10 })
		within(t, "the last of 200 callers", hear(t, crowd(t.Context(), p, 200), errDown), 3*time.Second, 7*time.Second)
		if s.dials() > 2 {
			t.Errorf("%d dials for 200 callers, want 2", s.dials())
		}
	})
}

func TestSuspendedCallersWaitThoughADialFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(_ context.Context, n int) error {
			if n == 1 {
				<-time.After(time.Second)
				return errDown
			}
			return nil
		}}
		p := open(t, s, nil)
		waiter := ask(t.Context(), p)
		synctest.Wait()
		p.Suspend()
		pass(time.Minute)
		select {
		case o := <-waiter:
			t.Fatalf("a caller of a suspended pool got %v after %v", o.err, o.took)
		default:
		}
		p.Resume()
		if o := <-waiter; o.err != nil {
			t.Errorf("got %v after Resume", o.err)
		} else {
			o.c.Release()
		}
	})
}

func TestCallersOfABlackHoleShareItsAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return errDown
		}}
		p := open(t, s, func(c *Config[*wire]) { c.DialTimeout = 30 * time.Second })
		within(t, "the last of 100 callers", hear(t, crowd(t.Context(), p, 100), errDown), 30*time.Second, 70*time.Second)
	})
}

func TestASlowRefusalIsNotAskedForByEveryCaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: after(20*time.Second, errRefused)}
		p := open(t, s, func(c *Config[*wire]) { c.DialTimeout = 30 * time.Second })
		within(t, "a refused caller", hear(t, crowd(t.Context(), p, 10), errRefused), 20*time.Second, 20*time.Second)
		pass(30 * time.Second)
		if s.dials() > 3 {
			t.Errorf("%d logins for one round of callers, want at most 3, at 0, 5 and 15 s", s.dials())
		}
	})
}

func TestAHungDialDoesNotHoldTheNextCaller(t *testing.T) {
	for name, limit := range map[string]time.Duration{"30s": 30 * time.Second, "off": 0} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &server{onDial: func(ctx context.Context, n int) error {
					if n == 2 {
						<-ctx.Done()
						return errDown
					}
					return nil
				}}
				p := open(t, s, func(c *Config[*wire]) { c.DialTimeout = limit })
				held := borrow(t, p)
				defer held.Release()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				<-ask(ctx, p) // its dial hangs, it leaves
				o := <-ask(t.Context(), p)
				if o.err != nil {
					t.Fatal(o.err)
				}
				within(t, "the next caller", o.took, 4*time.Second, 4*time.Second)
				o.c.Release()
			})
		})
	}
}

func TestABurstWithANewlyWrongPasswordIsOneLogin(t *testing.T) {
	for name, change := range map[string]func(p *Pool[*wire]){
		"after a quiet day": func(*Pool[*wire]) { pass(24 * time.Hour) },
		"after Evict":       func(p *Pool[*wire]) { p.Evict() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &server{onDial: func(_ context.Context, n int) error {
					<-time.After(50 * time.Millisecond)
					if n > 1 {
						return errRefused
					}
					return nil
				}}
				p := open(t, s, func(c *Config[*wire]) { c.MaxOpen = 50 })
				held := borrow(t, p)
				change(p)
				hear(t, crowd(t.Context(), p, 30), errRefused)
				if n := s.dials() - 1; n != 1 {
					t.Errorf("%d logins with a wrong password, want 1", n)
				}
				held.Release()
			})
		})
	}
}

func TestARefusedLoginIsNotTriedForWhatNobodyNeeds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{onDial: func(_ context.Context, n int) error {
			if n == 1 {
				return nil
			}
			return errRefused
		}}
		p := open(t, s, nil)
		x, y := newBorrower(t, p), newBorrower(t, p)
		for range 3000 { // five minutes
			x.take().Release()
			pass(50 * time.Millisecond)
			y.take().Release()
			pass(50 * time.Millisecond)
		}
		if n := s.dials() - 1; n != 1 {
			t.Errorf("%d refused logins in 5 minutes for one more connection, want 1", n)
		}
	})
}

// borrowing is a log handler that writes to the pool's own database.
type borrowing struct {
	slog.Handler
	p *Pool[*wire]
}

func (h *borrowing) Enabled(context.Context, slog.Level) bool { return true }

func (h *borrowing) Handle(ctx context.Context, _ slog.Record) error {
	c, err := h.p.Acquire(ctx, nil)
	if err == nil {
		c.Release()
	}
	return err
}

func TestALogThatUsesThePoolDelaysNobody(t *testing.T) {
	for name, blow := range map[string]func() error{"error": func() error { return errDown }, "panic": func() error { panic("boom") }} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &server{onDial: func(_ context.Context, n int) error {
					if n == 1 {
						return blow()
					}
					return nil
				}}
				h := &borrowing{}
				p := open(t, s, func(c *Config[*wire]) { c.Logger, c.MaxOpen = slog.New(h), 1 })
				h.p = p
				if o := <-ask(t.Context(), p); o.err == nil || o.took != 0 {
					t.Errorf("got %v after %v, want the failure at once", o.err, o.took)
				}
				synctest.Wait()
			})
		})
	}
}
