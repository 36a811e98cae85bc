// This file tests a pool over a driver whose calls cannot be interrupted: what does not return counts, and how often it dials.

package pool

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

func TestAConnectionThatIsStillBeingClosedKeepsItsPlaceWhereItLingers(t *testing.T) {
	for _, lingering := range []bool{false, true} {
		t.Run(map[bool]string{false: "elsewhere it does not", true: "there"}[lingering], func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				hold := make(chan struct{})
				s := &server{onClose: func(*wire) { <-hold }}
				p := open(t, s, func(c *Config[*wire]) {
					c.MaxOpen, c.Lingering, c.AcquireTimeout = 1, lingering, time.Second
				})
				borrow(t, p).Discard()
				o := <-ask(t.Context(), p)
				if !lingering {
					if o.err != nil {
						t.Fatal(o.err)
					}
					o.c.Release()
					close(hold)
					return
				}
				if !errors.Is(o.err, refusal.ErrAcquireTimeout) || !strings.Contains(o.err.Error(), "1 left in calls that have not returned") {
					t.Fatalf("got %v", o.err)
				}
				waiting := ask(t.Context(), p)
				pass(time.Millisecond)
				close(hold)
				if o = <-waiting; o.err != nil {
					t.Fatalf("after the close returned: %v", o.err)
				}
				o.c.Release()
			})
		})
	}
}

func TestWithoutALimitThirtyTwoConnectionsLingerAtMost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hold := make(chan struct{})
		s := &server{onClose: func(*wire) { <-hold }}
		p := open(t, s, func(c *Config[*wire]) { c.Lingering, c.AcquireTimeout = true, time.Second })
		n := 0
		for ; n < 100; n++ {
			c, err := p.Acquire(t.Context(), nil)
			if err != nil {
				break
			}
			c.Discard()
		}
		if n != maxLingering || p.Stats().Closing != maxLingering {
			t.Errorf("%d connections were opened, %d linger, want %d", n, p.Stats().Closing, maxLingering)
		}
		close(hold)
	})
}

func TestADialThatWasGivenUpCountsUntilItReturns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hold := make(chan struct{})
		s := &server{onDial: func(_ context.Context, n int) error {
			if n == 1 {
				<-hold
			}
			return nil
		}}
		p := open(t, s, func(c *Config[*wire]) {
			c.MaxOpen, c.Lingering, c.DialTimeout, c.AcquireTimeout = 1, true, 2*time.Second, 10*time.Second
		})
		o := <-ask(t.Context(), p)
		if o.err == nil || !strings.Contains(o.err.Error(), "does not stop") {
			t.Fatalf("got %v", o.err)
		}
		if n := p.Stats().Orphans; n != 1 {
			t.Errorf("%d orphans, want 1", n)
		}
		waiting := ask(t.Context(), p)
		pass(5 * time.Second)
		if s.dials() != 1 {
			t.Errorf("%d dials beside the orphan, want none", s.dials()-1)
		}
		close(hold)
		o = <-waiting
		if o.err != nil {
			t.Fatal(o.err)
		}
		o.c.Release()
		pass(time.Millisecond)
		if n := p.Stats(); n.Orphans != 0 || s.alive() != 1 {
			t.Errorf("%d orphans, %d connections live", n.Orphans, s.alive())
		}
	})
}

func TestDialsBeginNoFasterThanTheirRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{}
		p := open(t, s, func(c *Config[*wire]) { c.DialRate, c.MaxDials = 10, 5 })
		start := time.Now()
		for range 25 {
			borrow(t, p).Discard()
		}
		within(t, "25 dials, the first 5 at once", time.Since(start), 2*time.Second, 2*time.Second)
		pass(time.Minute)
		start = time.Now()
		for range 5 {
			borrow(t, p).Discard()
		}
		within(t, "5 dials after a rest", time.Since(start), 0, 0)
	})
}
