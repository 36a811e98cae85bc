// This file tests the gateway under storms of cancels and disconnects.

package gateway_test

import (
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// soaking is whether there is time, as make gateway-soak has it.
func soaking() bool { return os.Getenv("FLUXOR_GATEWAY_SOAK") != "" }

// times is how often something is done.
func times(short, long int) int {
	if soaking() {
		return long
	}
	return short
}

// rest returns at some time within d, which a timer says.
func rest(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}

// lengths are queries that take from no time to longer than until a cancel is heard.
var lengths = []string{
	"select count(*) from generate_series(1, 1)", "select count(*) from generate_series(1, 1000)",
	"select count(*) from generate_series(1, 30000)", "select pg_sleep(0.002)", "select pg_sleep(0.04)",
}

// cancels has a client cancel n of its requests at random moments.
func cancels(t *testing.T, c *client, seed uint64, n int) (hit int) {
	random := rand.New(rand.NewPCG(seed, 2))
	for range n {
		id := c.request(wire.TypeQuery, &wire.Statement{SQL: lengths[random.IntN(len(lengths))]})
		if random.IntN(4) > 0 {
			rest(time.Duration(random.IntN(3000)) * time.Microsecond)
		}
		c.send(wire.TypeCancel, id, &wire.Empty{})
		a := c.answer(id)
		switch {
		case a.fail == nil:
		case a.fail.Kind == wire.ErrorCanceled:
			hit++
		default:
			t.Errorf("the canceled request heard %v", a.fail)
		}
	}
	return hit
}

func TestRandomCancelsHitNobodyElsesQuery(t *testing.T) {
	t.Parallel()
	s, db := postgresWith(t, func(*gateway.Config) {})
	storm, other := login(t, s), login(t, s)
	over := make(chan struct{})
	var all sync.WaitGroup
	n := times(300, 10_000)
	all.Go(func() {
		defer close(over)
		t.Logf("%d of %d requests were canceled", cancels(t, storm, 1, n), n)
	})
	asked := 0
	for running := true; running; asked++ {
		select {
		case <-over:
			running = false
		default:
		}
		if a := other.query("select 1"); a.fail != nil {
			t.Fatalf("another client heard %v", a.fail)
		}
	}
	all.Wait()
	t.Logf("another client asked %d times", asked)
	for range 20 { // nor does a late cancel
		for _, c := range []*client{storm, other} {
			if got := c.query("select pg_sleep(0.001)"); got.fail != nil {
				t.Fatal(got.fail)
			}
		}
	}
	if used := db.PoolStats().Used; used != 0 {
		t.Errorf("%d connections are leased", used)
	}
}

func TestAStormOfCancelsLeavesNothing(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), four)
	s := serve(t, config(db))
	var all sync.WaitGroup
	var clients []*client
	for range times(8, 40) {
		clients = append(clients, login(t, s))
	}
	for i, c := range clients {
		all.Go(func() { cancels(t, c, uint64(i), times(40, 2_500)) })
	}
	all.Wait()
	for _, c := range clients {
		_ = c.conn.Close()
	}
	dbtest.WaitUntil(t, "nothing is left", func() bool { return s.Sessions() == 0 && db.PoolStats().Used == 0 })
}

func TestDisconnectsInMidResultLeaveNoLeaseAndNoGoroutine(t *testing.T) {
	db := connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), four)
	s := serve(t, config(db))
	login(t, s).query("select 1").value(t)
	before := runtime.NumGoroutine()
	var all sync.WaitGroup
	n := times(60, 1000)
	for range 10 {
		all.Go(func() {
			for i := range n / 10 {
				c := dial(t, s.address)
				c.greet(&wire.Hello{User: "app", DB: "erp", Token: token, Window: 64 << 10})
				c.welcomed()
				c.request(wire.TypeQuery, &wire.Statement{SQL: "select i, repeat('x', 200) from generate_series(1, 1000000) i"})
				for range i % 3 {
					c.next()
				}
				_ = c.conn.Close()
			}
		})
	}
	all.Wait()
	dbtest.WaitUntil(t, "no lease and no goroutine is left", func() bool {
		return s.Sessions() == 1 && db.PoolStats().Used == 0 && runtime.NumGoroutine() <= before+8
	})
}

func four(c *fluxor.RuntimeConfig) { c.MaxOpenConns = 4 }
