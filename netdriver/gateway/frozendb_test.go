// This file tests a gateway whose database is frozen under many sessions.

package gateway_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// patienceOfUsers is how long limited statements may take, and hurried users wait.
const patienceOfUsers = 300 * time.Millisecond

// hurried is a user whose statements may wait for so long.
func hurried(c *gateway.Config) {
	c.Users = append(c.Users, gateway.User{
		Name: "hurried", Tokens: []gateway.Token{gateway.HashToken(token)}, Bounds: gateway.Bounds{Queue: patienceOfUsers},
	})
}

// crowd is sessions that ask a frozen database for the same reason.
type crowd struct {
	t    *testing.T
	name string
	all  []*client
}

func gather(t *testing.T, s *served, name string, n int, change ...func(*wire.Hello)) *crowd {
	t.Helper()
	c := &crowd{t: t, name: name}
	for range n {
		c.all = append(c.all, login(t, s, change...))
	}
	return c
}

// part is the first n of them.
func (c *crowd) part(n int) *crowd { return &crowd{c.t, c.name, c.all[:n]} }

func (c *crowd) key(i int) string { return fmt.Sprintf("%s-%d", c.name, i) }

// write has each write a key of its own, within limit (0 is for ever).
func (c *crowd) write(limit time.Duration) {
	c.t.Helper()
	for i, one := range c.all {
		one.request(wire.TypeExec, &wire.Statement{SQL: insert(c.key(i)), TimeoutMS: limit.Milliseconds()})
	}
}

// fails takes the answers: errors of one of the kinds, by which nothing was written.
func (c *crowd) fails(kinds ...wire.ErrorKind) {
	c.t.Helper()
	for _, one := range c.all {
		a := one.answer(one.last)
		if a.fail == nil || !slices.Contains(kinds, a.fail.Kind) || a.fail.Applied != wire.AppliedNo || a.fail.Conn != wire.ConnOK {
			c.t.Errorf("%s: got %+v", c.name, a.fail)
		}
	}
}

// breakOff cancels what each runs in a transaction on a database that does not hear it:
// the connection is given up.
func (c *crowd) breakOff() {
	c.t.Helper()
	for _, one := range c.all {
		one.send(wire.TypeCancel, one.last, &wire.Empty{})
		if a := one.answer(one.last); a.fail == nil || a.fail.Kind != wire.ErrorCanceled || a.fail.Applied != wire.AppliedUnknown || a.fail.Conn != wire.ConnLost {
			c.t.Errorf("who cancels what runs hears %+v", a.fail)
		}
		one.do(wire.TypeRollback, &wire.Empty{})
	}
}

// frozenServer is a gateway before a database that can be frozen, and its pages.
type frozenServer struct {
	*dbtest.Server
	t    *testing.T
	s    *served
	db   *fluxor.Connector
	bare *sql.DB
	web  string
}

func freezable(t *testing.T, start func(testing.TB, dbtest.Options) *dbtest.Server, leases int) *frozenServer {
	t.Helper()
	f := &frozenServer{Server: start(t, dbtest.Options{}), t: t}
	target := f.NewDatabase(t)
	f.bare = f.Open(t, target)
	_ = must(f.bare.Exec("create table counters (k varchar(40) not null)"))(t)
	f.db = connector(t, target.URL(), func(c *fluxor.RuntimeConfig) { c.MaxOpenConns = leases })
	c := config(f.db)
	hurried(&c)
	withRole(gateway.RoleMonitor)(&c)
	f.s = serve(t, c)
	f.web = pages(t, f.s, gateway.AdminPages{}).URL
	t.Cleanup(f.Thaw)
	return f
}

// shows checks that operators are answered, of whom none asks the database.
func (f *frozenServer) shows() {
	f.t.Helper()
	for _, page := range []string{"/livez", "/admin/pools", "/admin/clients", "/admin/health", "/admin/servers", "/admin/diagnostics"} {
		if code, body := visit(f.t, http.MethodGet, f.web+page, as("app", token)); code != http.StatusOK {
			f.t.Errorf("%s: %d %s", page, code, body)
		}
	}
}

// little begins to watch what statements cost that wait: four goroutines and 64 KiB
// each at most, the clients' half included. The function that it returns checks it.
func little(t *testing.T, statements int) (bounded func()) {
	t.Helper()
	used := func() (goroutines, bytes int) {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), int(m.HeapAlloc + m.StackInuse) //nolint:gosec // far below 2^63
	}
	wereRunning, wereUsed := used()
	return func() {
		t.Helper()
		running, bytes := used()
		running, bytes = running-wereRunning, bytes-wereUsed
		if running > 4*statements || bytes > statements<<16 {
			t.Errorf("%d statements cost %d goroutines and %d bytes", statements, running, bytes)
		}
	}
}

// there is how often each key is in the table.
func (f *frozenServer) there() map[string]int {
	f.t.Helper()
	return howOften(f.t, f.bare)
}

func TestAFrozenDatabaseHoldsNobodyWhoseTimeIsBoundedAndLosesNothing(t *testing.T) {
	const leases = 8
	f := freezable(t, dbtest.StartPostgres, leases)
	n := times(20, 100)
	holding, limited, canceled, leaving := gather(t, f.s, "holding", leases), gather(t, f.s, "limited", n), gather(t, f.s, "canceled", n), gather(t, f.s, "leaving", n)
	queued := gather(t, f.s, "queued", n, func(h *wire.Hello) { h.User = "hurried" })
	for _, c := range holding.all { // each has a connection
		c.do(wire.TypeBegin, &wire.Begin{})
	}
	given := holding.part(leases / 4) // who cancels what runs
	bounded := little(t, 5*n)
	f.Freeze(t)
	holding.write(0)
	limited.write(patienceOfUsers)
	for _, c := range []*crowd{queued, canceled, leaving} {
		c.write(0)
	}
	limited.fails(wire.ErrorTimeout)
	queued.fails(wire.ErrorPoolTimeout)
	bounded()
	f.shows()
	for _, c := range canceled.all {
		c.send(wire.TypeCancel, c.last, &wire.Empty{})
	}
	canceled.fails(wire.ErrorCanceled)
	for _, c := range leaving.all {
		_ = c.conn.Close()
	}
	given.breakOff()
	kept := holding.all[len(given.all):]
	dbtest.WaitUntil(t, "nobody waits any more", func() bool { return f.db.PoolStats().Waiting == 0 })
	f.Thaw()
	for _, c := range kept {
		if a := c.answer(c.last); a.fail != nil {
			t.Errorf("who held a connection heard %v", a.fail)
		}
		c.do(wire.TypeCommit, &wire.Empty{})
	}
	queued.write(0)
	for _, c := range queued.all {
		if a := c.answer(c.last); a.fail != nil {
			t.Errorf("afterwards: %v", a.fail)
		}
	}
	dbtest.WaitUntil(t, "all leases are back", func() bool { return f.db.PoolStats().Used == 0 })
	there := f.there()
	for i := range queued.all {
		if there[queued.key(i)] != 1 {
			t.Errorf("%s is there %d times", queued.key(i), there[queued.key(i)])
		}
	}
	if len(there) != len(kept)+n {
		t.Errorf("there are %d keys of %d: %v", len(there), len(kept)+n, there)
	}
}

// writers write keys until stop, each within patienceOfUsers, and note what they heard.
func (f *frozenServer) writers(n int, stop <-chan struct{}, sound *atomic.Int64) (results []written, done *sync.WaitGroup) {
	results, done = make([]written, n), &sync.WaitGroup{}
	for i := range results {
		c := login(f.t, f.s)
		done.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				default:
				}
				key, w := fmt.Sprintf("w%d-%d", i, k), &results[i]
				a := c.answer(c.request(wire.TypeExec, &wire.Statement{SQL: insert(key), TimeoutMS: patienceOfUsers.Milliseconds()}))
				switch {
				case a.fail == nil:
					w.acknowledged = append(w.acknowledged, key)
					sound.Add(1)
				case a.fail.Applied == wire.AppliedUnknown:
					w.doubtful = append(w.doubtful, key)
				default:
					w.refused = append(w.refused, key)
					rest(time.Millisecond)
				}
				if a.fail != nil && !slices.Contains([]wire.ErrorKind{wire.ErrorTimeout, wire.ErrorConnLost, wire.ErrorBreakerOpen, wire.ErrorPoolTimeout}, a.fail.Kind) {
					f.t.Errorf("%s: got %+v", key, a.fail)
				}
			}
		})
	}
	return results, done
}

func TestADatabaseThatFreezesUnderLoadIsWrittenToAgainSoonAfterwards(t *testing.T) {
	f := freezable(t, dbtest.StartMariaDB, 8)
	stop, sound := make(chan struct{}), &atomic.Int64{}
	results, done := f.writers(times(40, 200), stop, sound)
	bounded := little(t, len(results))
	for range times(1, 10) {
		dbtest.WaitUntil(t, "it is written to", func() bool { return sound.Load() > 100 })
		f.Freeze(t)
		rest(time.Duration(times(1, 5)) * time.Second)
		f.shows()
		bounded()
		sound.Store(0)
		f.Thaw()
		began := time.Now()
		dbtest.WaitUntil(t, "it is written to again", func() bool { return sound.Load() > 0 })
		t.Logf("%v after the thaw, %+v", time.Since(began), f.db.PoolStats())
	}
	close(stop)
	done.Wait()
	dbtest.WaitUntil(t, "all leases are back", func() bool { return f.db.PoolStats().Used == 0 && f.db.PoolStats().Waiting == 0 })
	told(t, f.there(), results)
}
