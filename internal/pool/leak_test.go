// This file tests that leases that last too long are reported, with their place, and that their end is.

package pool

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// notes collects leaks.
type notes struct {
	mu  sync.Mutex
	all []Leak[*wire]
}

func (n *notes) add(l Leak[*wire]) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, l)
}

func (n *notes) take() []Leak[*wire] {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.all
	n.all = nil
	return all
}

func leaky(t *testing.T, n *notes, change func(*Config[*wire])) *Pool[*wire] {
	return open(t, &server{}, func(c *Config[*wire]) {
		c.LeakAfter, c.OnLeak, c.Places = time.Minute, n.add, PlacesAll
		if change != nil {
			change(c)
		}
	})
}

func TestALongLeaseIsReportedOnceAndItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n notes
		p := leaky(t, &n, nil)
		c := borrow(t, p)
		pass(59 * time.Second)
		if got := n.take(); len(got) != 0 || len(p.Leaks()) != 0 {
			t.Fatalf("after 59 s: %+v", got)
		}
		pass(2 * time.Second)
		got := n.take()
		if len(got) != 1 || got[0].Ended || got[0].Value != c.Value || !strings.Contains(got[0].Place, "pool/kit_test.go:") ||
			len(got[0].Stack) < 2 || got[0].Stack[0] != got[0].Place {
			t.Fatalf("after 61 s: %+v", got)
		}
		pass(time.Hour)
		if got := n.take(); len(got) != 0 || len(p.Leaks()) != 1 {
			t.Errorf("an hour later: %+v", got)
		}
		c.Release()
		got = n.take()
		if len(got) != 1 || !got[0].Ended || got[0].Held < time.Hour || len(p.Leaks()) != 0 {
			t.Errorf("at its end: %+v", got)
		}
	})
}

func TestABusyConnectionIsNoLeak(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, places := range []Places{PlacesSampled, PlacesAll, PlacesNone} {
			var n notes
			p := leaky(t, &n, func(c *Config[*wire]) { c.Places = places })
			var k Claim[*wire]
			for range 400 { // taken back over and over, without the lock
				c, err := p.Acquire(t.Context(), &k)
				if err != nil {
					t.Fatal(err)
				}
				pass(500 * time.Millisecond)
				c.Release()
			}
			if got := n.take(); len(got) != 0 {
				t.Errorf("%+v", got[0])
			}
		}
	})
}

func TestAShareOfTheLeaksIsNamedWherePlacesAreSampled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for places, want := range map[Places]int{PlacesSampled: 10, PlacesAll: 160, PlacesNone: 0} {
			var n notes
			p := leaky(t, &n, func(c *Config[*wire]) { c.Places = places })
			var held []*Conn[*wire]
			for range 2 { // who waits for a dial is named in any case
				for _, c := range held {
					c.Release()
				}
				held = nil
				for range 160 {
					held = append(held, borrow(t, p))
				}
			}
			pass(2 * time.Minute)
			named := 0
			for _, l := range n.take() {
				if l.Place != "" {
					named++
				}
			}
			if named != want {
				t.Errorf("%d of 160 leaks are named, want %d", named, want)
			}
			for _, c := range held {
				c.Discard()
			}
		}
	})
}

func TestALeaseThatCannotEndIsReportedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n notes
		p := leaky(t, &n, nil)
		c := borrow(t, p)
		c.Dropped()
		c.Dropped()
		got := n.take()
		if len(got) != 1 || !got[0].Dropped || got[0].Ended || !strings.Contains(got[0].Place, "pool/kit_test.go:") {
			t.Fatalf("reported: %+v", got)
		}
		pass(time.Hour)
		if got, all := n.take(), p.Leaks(); len(got) != 0 || len(all) != 1 || !all[0].Dropped {
			t.Errorf("an hour later: %+v, %+v", got, all)
		}
		c.Release() // the collector was wrong, or a wrapper holds it
		if got := n.take(); len(got) != 1 || !got[0].Ended || len(p.Leaks()) != 0 {
			t.Errorf("at its end: %+v", got)
		}
		c.Dropped()
		if got := n.take(); len(got) != 0 || len(p.Leaks()) != 0 {
			t.Errorf("of one that nobody has: %+v", got)
		}
	})
}

func TestALongLeaseThatCannotEndIsReportedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n notes
		p := leaky(t, &n, nil)
		c := borrow(t, p)
		pass(2 * time.Minute)
		c.Dropped()
		if got, all := n.take(), p.Leaks(); len(got) != 1 || got[0].Dropped || len(all) != 1 || !all[0].Dropped {
			t.Errorf("reported: %+v, listed: %+v", got, all)
		}
		c.Discard()
		n.take()
	})
}

// Who takes back what he parked notes his place while others look at it.
func TestPlacesMayBeReadWhileTheyAreNoted(t *testing.T) {
	p := open(t, &server{}, func(c *Config[*wire]) { c.LeakAfter, c.Places = time.Nanosecond, PlacesAll })
	var k Claim[*wire]
	defer p.Drop(&k)
	over := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			for _, l := range p.Leaks() {
				if l.Place != "" && !strings.Contains(l.Place, "pool/leak_test.go:") {
					t.Errorf("borrowed at %q", l.Place)
				}
			}
		}
	})
	named := 0
	for range 3000 {
		c, err := p.Acquire(t.Context(), &k)
		if err != nil {
			t.Fatal(err)
		}
		if c.place.at.Load() != nil {
			named++
		}
		c.Release()
	}
	close(over)
	looking.Wait()
	if named != 3000 {
		t.Errorf("%d of 3000 leases are named", named)
	}
}
