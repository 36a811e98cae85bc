// This file tests what the error of a full pool tells.

package pool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

// wants fails the test unless err is the pool's refusal and says all of parts.
func wants(t *testing.T, err error, parts ...string) {
	t.Helper()
	var refused *refusal.Error
	if !errors.As(err, &refused) || refused.Policy != "pool" || !errors.Is(err, refusal.ErrAcquireTimeout) {
		t.Fatalf("got %v, want the pool's refusal", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q:\n%v", part, err)
		}
	}
}

func TestAFullPoolSaysWhoHoldsItsConnections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen, c.AcquireTimeout = 2, 30*time.Second })
		held := make(chan *Conn[*wire], 2)
		for range 2 {
			go reportDaily(t, p, held)
			pass(10 * time.Second)
		}
		o := <-ask(t.Context(), p)
		within(t, "the acquire timeout", o.took, 30*time.Second, 30*time.Second)
		wants(t, o.err, "waited 30s", "2 open (2 used, 0 idle)", "1 waiting", "limit 2",
			"held longest: 50s", "40s since pool/report_test.go:", "pool.reportDaily", "fluxor_max_open_conns")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		o = <-ask(ctx, p)
		wants(t, o.err, "the context ended after 3s", "deadline exceeded")
		if !errors.Is(o.err, context.DeadlineExceeded) {
			t.Errorf("%v is not the context's error", o.err)
		}
		if n := p.Stats(); n.Timeouts != 1 || n.Canceled != 1 {
			t.Errorf("got %+v", n)
		}
		(<-held).Release()
		(<-held).Release()
	})
}

func reportDaily(t *testing.T, p *Pool[*wire], held chan<- *Conn[*wire]) {
	c, err := p.Acquire(t.Context(), nil)
	if err != nil {
		t.Error(err)
	}
	held <- c
}

func TestAFullPoolNamesPlacesAmongTheLongestHolders(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen, c.AcquireTimeout = 10, 30*time.Second })
		idle(t, p, 10)
		var held []*Conn[*wire]
		for range 10 { // one leaks every minute, from an ever emptier pool
			held = append(held, borrow(t, p))
			pass(time.Minute)
		}
		o := <-ask(t.Context(), p)
		wants(t, o.err, "held longest: 10m30s, ", " since pool/kit_test.go:")
		for _, c := range held {
			c.Release()
		}
	})
}

func TestTheLongestHolderAndThenKnownPlacesAreNamed(t *testing.T) {
	p := open(t, &server{}, nil)
	for name, row := range map[string]struct{ placed, want string }{
		"none known":      {"-----", "012"},
		"the last ones":   {"---++", "034"},
		"one in the end":  {"----+", "014"},
		"the first":       {"+----", "012"},
		"more than named": {"-++++", "012"},
		"some gave up":    {"x-x-+", "134"},
		"few":             {"-+", "01"},
		"nobody":          {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			index := map[*Conn[*wire]]int{}
			for i, mark := range row.placed {
				c := borrow(t, p)
				index[c] = i
				c.left = mark == 'x'
				c.place.forget()
				if mark == '+' {
					c.place.at.Store(&stack{n: 1})
				}
			}
			p.mu.Lock()
			named, _ := p.holdersLocked(0)
			p.mu.Unlock()
			got := ""
			for _, c := range named {
				if c != nil {
					got += fmt.Sprint(index[c])
				}
			}
			if got != row.want {
				t.Errorf("named %q of %q, want %q", got, row.placed, row.want)
			}
			for c := range index {
				c.Release()
			}
		})
	}
}

// It runs alone: it takes the numbers of all goroutines away.
func TestHoldersAreNamedWhereGoroutinesAreUnknown(t *testing.T) { //nolint:paralleltest // see above
	learnGoroutines()
	defer numberAt.Store(numberAt.Swap(0))
	synctest.Test(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen, c.AcquireTimeout = 1, 30*time.Second })
		held := borrow(t, p)
		o := <-ask(t.Context(), p)
		wants(t, o.err, "held longest: 30s since pool/kit_test.go:")
		held.Release()
	})
}

func TestAReportAllocatesNothingUnderTheLock(t *testing.T) {
	p := open(t, &server{}, nil)
	for range 1000 {
		c := borrow(t, p)
		defer c.Release()
	}
	ask := request{ctx: t.Context(), who: 1 << 60}
	if got := testing.AllocsPerRun(10, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		r := p.reportLocked(&ask)
		if r.used != 1000 || r.named != maxHolders {
			t.Errorf("got %d used, %d named", r.used, r.named)
		}
	}); got != 0 {
		t.Errorf("%v allocations under the lock, want 0", got)
	}
}

func TestANestedQueryIsNamed(t *testing.T) {
	for _, limit := range []int{1, 3} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen, c.AcquireTimeout = limit, time.Second })
				outer, err := p.Acquire(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				for range limit - 1 {
					o := <-ask(t.Context(), p)
					defer o.c.Release()
				}
				_, err = p.Acquire(t.Context(), nil)
				wants(t, err, "this goroutine itself already holds a connection (1s", "one sql.Conn or sql.Tx")
				if limit == 1 {
					wants(t, err, "report_test.go:")
				}
				if o := <-ask(t.Context(), p); strings.Contains(o.err.Error(), "this goroutine") {
					t.Errorf("another goroutine is told it waits for itself: %v", o.err)
				}
				outer.Release()
			})
		})
	}
}

func TestTheLastDialErrorIsPartOfTheCause(t *testing.T) {
	for name, row := range map[string]struct {
		err   error
		shown bool
	}{"ordinary": {errTooMany, true}, "ErrBadConn": {errors.Join(errTooMany, driver.ErrBadConn), false}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &server{onDial: func(_ context.Context, n int) error {
					if n == 1 {
						return nil
					}
					return row.err
				}}
				p := open(t, s, func(c *Config[*wire]) { c.AcquireTimeout = 10 * time.Second })
				held := borrow(t, p)
				_, err := p.Acquire(t.Context(), nil)
				wants(t, err, "this goroutine itself already holds")
				o := <-ask(t.Context(), p)
				wants(t, o.err, "the server grants no more than 1 connections")
				if errors.Is(o.err, errTooMany) != row.shown || errors.Is(o.err, driver.ErrBadConn) {
					t.Errorf("got %v", o.err)
				}
				held.Release()
			})
		})
	}
}

func TestASuspendedPoolSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.AcquireTimeout = time.Second })
		p.Suspend()
		_, err := p.Acquire(t.Context(), nil)
		wants(t, err, "suspended")
	})
}
