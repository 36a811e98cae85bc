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

// borrower is a goroutine with a claim of its own.
type borrower struct {
	claim Claim[*wire]
	asks  chan chan *Conn[*wire]
}

// newBorrower starts a borrower that ends with the test.
func newBorrower(t *testing.T, p *Pool[*wire]) *borrower {
	b := &borrower{asks: make(chan chan *Conn[*wire])}
	t.Cleanup(func() { close(b.asks) })
	go func() {
		for answer := range b.asks {
			c, err := p.Acquire(context.Background(), &b.claim)
			if err != nil {
				t.Error(err)
			}
			answer <- c
		}
	}()
	return b
}

func (b *borrower) take() *Conn[*wire] {
	answer := make(chan *Conn[*wire])
	b.asks <- answer
	return <-answer
}

func TestEachBorrowerGetsItsConnectionBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, nil)
		x, y, z := newBorrower(t, p), newBorrower(t, p), newBorrower(t, p)
		again := func(b *borrower, want *Conn[*wire], why string) {
			t.Helper()
			got := b.take()
			if got != want {
				t.Fatal(why)
			}
			got.Release()
		}
		a, b := x.take(), y.take()
		a.Release()
		b.Release()
		again(x, a, "x got another connection than the one it had")
		p.Drop(&y.claim)
		again(z, b, "z got a claimed connection while one was nobody's")
		again(x, a, "x lost its connection")
		again(z, b, "the connection did not become z's")
		c := y.take()
		if c != b {
			t.Fatal("y did not get the connection returned last")
		}
		c.Discard()
		if got := y.take(); got == b {
			t.Fatal("a discarded connection came back")
		} else {
			got.Release()
		}
	})
}

func TestAGoroutineGetsItsConnectionBackUnderAnotherClaim(t *testing.T) {
	if goroutine() == 0 {
		return // nothing tells goroutines apart on this architecture
	}
	bubble(t, func(t *testing.T) {
		p := open(t, &server{}, nil)
		other := newBorrower(t, p)
		mine := borrow(t, p)
		theirs := other.take()
		mine.Release()
		theirs.Release()
		got, err := p.Acquire(t.Context(), &other.claim) // database/sql lent another connection
		if err != nil || got != mine {
			t.Fatalf("got %v, %v; want what this goroutine had", got, err)
		}
		got.Release()
	})
}

func TestTakingWhatAnotherClaimsOpensOneMore(t *testing.T) {
	for name, limit := range map[string]int{"unlimited": 0, "full": 1} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := open(t, &server{}, func(c *Config[*wire]) { c.MaxOpen, c.MaxIdle = limit, -1 })
				x, y := newBorrower(t, p), newBorrower(t, p)
				for range 3 {
					for _, b := range []*borrower{x, y} {
						b.take().Release()
						synctest.Wait()
					}
				}
				want := 2
				if limit > 0 {
					want = limit
				}
				if got := p.Stats().Open; got != want {
					t.Errorf("%d open for two borrowers in turn, want %d", got, want)
				}
			})
		})
	}
}

func TestSharingOpensNothingThatIsSurplusSoon(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &server{}
		p := open(t, s, func(c *Config[*wire]) { c.MaxIdle = 2 })
		var bs []*borrower
		for range 6 {
			bs = append(bs, newBorrower(t, p))
		}
		for i := range 600 { // a minute, one at a time
			bs[i%6].take().Release()
			pass(100 * time.Millisecond)
		}
		if s.dials() > 5 {
			t.Errorf("%d dials in a minute for one caller at a time: %+v", s.dials(), p.Stats())
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
