// This file tests the query cache where many ask for the same at once, and where the one who asks for all gives up.

package fluxor_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/middleware"
)

// gate lets queries of one text through when it is opened, and counts them.
type gate struct {
	asked atomic.Int64
	came  chan struct{} // has one for each
	open  chan struct{}
	fail  atomic.Bool // the next one
}

var errGate = errors.New("the gate refuses")

func newGate() *gate { return &gate{came: make(chan struct{}, 2000), open: make(chan struct{})} }

func (g *gate) around(next middleware.Handler) middleware.Handler {
	return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
		if c.Op != middleware.OpQuery || len(c.Args) == 0 {
			return next.Handle(ctx, c)
		}
		g.asked.Add(1)
		g.came <- struct{}{}
		select {
		case <-g.open:
		case <-ctx.Done():
			return ctx.Err()
		}
		if g.fail.Swap(false) {
			return errGate
		}
		return next.Handle(ctx, c)
	})
}

// gated opens the shelf's database behind a gate.
func (k *shelf) gated(options ...string) (*shelf, *gate) {
	g := newGate()
	return k.with(fluxor.RuntimeConfig{InnerMiddleware: []middleware.Middleware{g.around}}, options...), g
}

// crowd has n readers ask for the first item, and returns what each of them got.
func (k *shelf) crowd(n int) (done func() map[string]int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for range n {
		wg.Go(func() {
			var name string
			err := k.db.QueryRowContext(k.t.Context(), "select name from items where id = "+k.b.placeholder, 1).Scan(&name)
			if err != nil {
				name = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			got[name]++
		})
	}
	return func() map[string]int { wg.Wait(); return got }
}

func TestAThousandReadersOfOneAnswerAskOnce(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, g := k.gated("fluxor_cache_catalog=1h") // what other tests do on the server is no change of the schema here
		done := k.crowd(1000)
		<-g.came
		close(g.open)
		if got := done(); got["one"] != 1000 {
			k.t.Errorf("%v", got)
		}
		if n := g.asked.Load(); n != 1 {
			k.t.Errorf("%d queries, want 1: %+v", n, k.c.CacheStats())
		}
	})
}

func TestALeaderWhoGivesUpFailsNobody(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, g := k.gated()
		ctx, cancel := context.WithCancel(k.t.Context())
		led := make(chan error, 1)
		go func() {
			var name string
			led <- k.db.QueryRowContext(ctx, "select name from items where id = "+k.b.placeholder, 1).Scan(&name)
		}()
		<-g.came
		done := k.crowd(100)
		cancel()
		if err := <-led; !errors.Is(err, context.Canceled) {
			k.t.Errorf("the leader: %v", err)
		}
		<-g.came // another one asks
		close(g.open)
		if got := done(); got["one"] != 100 {
			k.t.Errorf("%v", got)
		}
	})
}

func TestALeaderWhoIsRefusedFailsHimselfAlone(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, g := k.gated()
		g.fail.Store(true)
		done := k.crowd(50)
		<-g.came
		close(g.open)
		if got := done(); got["one"] != 49 || got[errGate.Error()] != 1 {
			k.t.Errorf("%v", got)
		}
	})
}

func TestAReaderWithTheOnlyConnectionWaitsForNobody(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, g := k.gated("fluxor_max_open_conns=1")
		c := k.conn()
		k.exec(c, "update items set price = 10") // it holds the connection
		done := k.crowd(20)
		close(g.open)
		k.waiting()
		for range 2 {
			if name, _ := k.name(c, 1); name != "one" {
				k.t.Errorf("%q", name)
			}
		}
		if err := c.Close(); err != nil {
			k.t.Fatal(err)
		}
		if got := done(); got["one"] != 20 {
			k.t.Errorf("%v", got)
		}
	})
}

// waiting waits until somebody is waiting for a connection.
func (k *shelf) waiting() {
	k.t.Helper()
	waitUntil(k.t, "somebody waits", func() bool { return k.c.PoolStats().Waiting > 0 })
}

func TestWhoJoinsAnotherHasNothingOlderThanItMayBe(t *testing.T) {
	age(t, fluxor.RuntimeConfig{}, func(t *testing.T, a *aging) {
		let := make(chan struct{})
		a.through(func(context.Context) error { <-let; return nil })
		leader := a.asks(t, 7)
		pass(999 * time.Millisecond)
		joins := a.asks(t, 7)
		pass(time.Millisecond)
		a.below.Store(nil)
		wantOf(t, a.asks(t, 7), "7:1 miss 0s <nil>") // it is a second too late to join
		close(let)
		wantOf(t, leader, "7:2 miss 0s <nil>")
		wantOf(t, joins, "7:2 joined 1s <nil>")
		wantOf(t, a.asks(t, 7), "7:2 hit 0s <nil>") // what the database was asked last
	})
}

func TestWhoJoinsAnotherMayHaveNoRowsForAShorterTime(t *testing.T) {
	age(t, fluxor.RuntimeConfig{CacheEmptyTTL: 500 * time.Millisecond}, func(t *testing.T, a *aging) {
		let := make(chan struct{})
		a.through(func(context.Context) error { <-let; return nil })
		leader := a.asks(t, nobody)
		pass(499 * time.Millisecond)
		joins := a.asks(t, nobody)
		pass(time.Millisecond)
		late := a.asks(t, nobody)
		close(let)
		wantOf(t, leader, " miss 0s sql: no rows in result set")
		wantOf(t, joins, " joined 500ms sql: no rows in result set")
		wantOf(t, late, " miss 0s sql: no rows in result set")
	})
}
