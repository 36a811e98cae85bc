// This file tests parked connections: who gets them, how long they stay parked, and that none is lost or shared.

package pool

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// parkOne has a borrower return a connection while the pool is calm.
func parkOne(t *testing.T, p *Pool[*wire], b *borrower) *Conn[*wire] {
	t.Helper()
	b.take().Release() // starts the clock
	c := b.take()
	c.Release()
	if c.park.ticket.Load() == 0 {
		t.Fatalf("the connection is not parked: %+v", p.counts)
	}
	return c
}

func TestAConnectionTakenBackHasItsPlaceNotedNowAndThenWhereTheErrorOfAFullPoolNeedsIt(t *testing.T) {
	for name, limit := range map[string]int{"a limited pool": 10, "a pool without a limit": 0} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen = limit })
				b := newBorrower(t, p)
				parkOne(t, p, b)
				before := p.tickets
				noted := 0
				for range 3 * sampleEvery {
					c := b.take()
					if c.place.at.Load() != nil {
						noted++
					}
					c.Release()
				}
				want := 0
				if limit > 0 {
					want = 3
				}
				if asked := p.tickets - before; asked > 0 || noted != want {
					t.Errorf("the pool was asked %d times, and %d leases were noted", asked, noted)
				}
				synctest.Wait()
			})
		})
	}
}

func TestAParkedConnectionIsIdleToAllOthers(t *testing.T) {
	for name, look := range map[string]func(t *testing.T, p *Pool[*wire]) bool{
		"a caller": func(t *testing.T, p *Pool[*wire]) bool {
			c := borrow(t, p)
			defer c.Release()
			return c.Value.id == 1
		},
		"Stats": func(_ *testing.T, p *Pool[*wire]) bool {
			n := p.Stats()
			return n.Idle == 1 && n.Used == 0 && n.MaxUsed == 1
		},
		"Evict":     func(_ *testing.T, p *Pool[*wire]) bool { p.Evict(); return p.Stats().Open == 0 },
		"EvictIdle": func(_ *testing.T, p *Pool[*wire]) bool { p.EvictIdle(time.Now()); return p.Stats().Open == 0 },
		"Close":     func(t *testing.T, p *Pool[*wire]) bool { return p.Close(t.Context()) == nil && p.Stats().Open == 0 },
		"Suspend": func(t *testing.T, p *Pool[*wire]) bool {
			p.Suspend()
			defer p.Resume()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := p.Acquire(ctx, nil)
			return err != nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen = 2 })
				parkOne(t, p, newBorrower(t, p))
				if !look(t, p) {
					t.Errorf("%s does not see it: %+v", name, p.Stats())
				}
				synctest.Wait()
			})
		})
	}
}

func TestADroppedClaimFreesItsParkedConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, nil)
		b := newBorrower(t, p)
		parkOne(t, p, b)
		p.Drop(&b.claim)
		if p.idle.Len() != 1 || p.unclaimed.Len() != 1 {
			t.Errorf("%d idle, %d of them nobody's", p.idle.Len(), p.unclaimed.Len())
		}
	})
}

func TestAParkedConnectionEndsByAgeAndRestLikeOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxIdleTime = time.Second })
		parkOne(t, p, newBorrower(t, p))
		pass(2 * time.Second)
		if n := p.Stats(); n.ClosedIdleTime != 1 || n.Open != 0 {
			t.Errorf("after its idle time: %+v", n)
		}
	})
}

func TestALongLeaseAfterManyShortOnesIsAsOldAsItIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen, c.AcquireTimeout = 2, time.Second })
		b := newBorrower(t, p)
		parkOne(t, p, b)
		var c *Conn[*wire]
		for range 100 { // ten seconds of it, never parked when the clock ticks
			c = b.take()
			pass(99 * time.Millisecond)
			c.Release()
		}
		c = b.take()
		pass(3 * time.Second)
		p.mu.Lock()
		held := p.exact() - c.since
		p.mu.Unlock()
		within(t, "the lease", held, 2900*time.Millisecond, 3200*time.Millisecond)
		c.Release()
	})
}

func TestGivingBackAParkedConnectionPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, nil)
		c := parkOne(t, p, newBorrower(t, p))
		defer func() {
			if recover() == nil {
				t.Error("a connection was given back twice")
			}
		}()
		c.Release()
	})
}

// TestParkingLosesAndSharesNothing lets calm borrowers, crowds and changes of
// the pool alternate without pause.
func TestParkingLosesAndSharesNothing(t *testing.T) {
	s := &server{}
	p := open(t, s, func(c *Config[*wire]) { c.MaxOpen, c.MaxIdle = 8, 4 })
	var all, crowd sync.WaitGroup
	var served, back atomic.Int64
	use := func(c *Conn[*wire]) {
		if c.Value.busy.Swap(true) || c.Value.closed.Load() {
			t.Error("a connection was handed out in use or closed")
		}
		if rand.IntN(4) == 0 {
			runtime.Gosched()
		}
		c.Value.busy.Store(false)
	}
	for range 4 {
		all.Go(func() {
			var own Claim[*wire]
			defer p.Drop(&own)
			for range 20_000 {
				c, err := p.Acquire(context.Background(), &own)
				if err != nil {
					t.Error(err)
					return
				}
				if c.park.taken.Load() {
					back.Add(1)
				}
				use(c)
				c.Release()
				served.Add(1)
			}
		})
	}
	stop := make(chan struct{})
	crowd.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			crowdIn(t, p, use)
			changeIt(p, i)
		}
	})
	all.Wait()
	close(stop)
	crowd.Wait()
	until(t, func() bool { n := p.Stats(); return n.Closing == 0 && n.Dialing == 0 })
	if n := p.Stats(); n.Used != 0 || n.Waiting != 0 || s.alive() != n.Open {
		t.Errorf("%d live, got %+v", s.alive(), n)
	}
	if back.Load() == 0 {
		t.Error("nobody took a connection back: the test proves nothing")
	}
	t.Logf("%d leases, %d of connections taken back", served.Load(), back.Load())
}

// crowdIn has more callers than connections, for a moment.
func crowdIn(t *testing.T, p *Pool[*wire], use func(*Conn[*wire])) {
	var crowd sync.WaitGroup
	for range 12 {
		crowd.Go(func() {
			c := borrow(t, p)
			use(c)
			c.Release()
		})
	}
	crowd.Wait()
}

// changeIt does one of the things that have to see parked connections.
func changeIt(p *Pool[*wire], i int) {
	switch i % 5 {
	case 0:
		p.Suspend()
		p.Resume()
	case 1:
		p.Evict()
	case 2:
		p.Stats()
	case 3:
		p.Doubt()
	default:
		runtime.Gosched()
	}
}
