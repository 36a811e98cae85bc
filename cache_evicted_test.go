// This file tests a cache whose budget is so small that nearly each answer makes room for the next, while many read and one writes.

package fluxor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
)

const (
	readersAtOnce = 128 // readers
	readsOfEach   = 30
	crowdedItems  = 16
)

// crowding is many readers and a writer of prices, each of which only grows.
type crowding struct {
	*shelf
	known [crowdedItems]atomic.Int64 // by id: the price by a write that has returned, or that a read has shown
	bytes atomic.Int64               // that the cache has said to take at most
	held  atomic.Int64               // answers that it had at most
}

// reads asks for random items, the first ones more often, so that readers join each other.
func (c *crowding) reads() {
	for range readsOfEach {
		id := rand.N(1 + rand.N(crowdedItems))
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		before, price := c.known[id].Load(), int64(0)
		if err := c.db.QueryRowContext(ctx, "select price from items where id = "+c.b.placeholder, id+100).Scan(&price); err != nil {
			c.t.Errorf("item %d: %v", id, err)
		}
		cancel()
		if price < before {
			c.t.Errorf("item %d: a reader sees %d, although %d was there before it began", id, price, before)
		}
		most(&c.known[id], price)
	}
}

// writes raises prices until it is told to stop.
func (c *crowding) writes(done <-chan struct{}) {
	for n := int64(1); ; n++ {
		id := rand.N(crowdedItems)
		if _, err := c.db.Exec(fmt.Sprintf("update items set price = %d where id = %d", n, id+100)); err != nil {
			c.t.Error(err)
			return
		}
		most(&c.known[id], n)
		s := c.c.CacheStats()
		most(&c.bytes, s.Bytes)
		most(&c.held, int64(s.Entries))
		select {
		case <-done:
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// run has all of them at work, and returns how many reads there were.
func (c *crowding) run() int64 {
	var readers, writer sync.WaitGroup
	done := make(chan struct{})
	writer.Go(func() { c.writes(done) })
	for range readersAtOnce {
		readers.Go(c.reads)
	}
	readers.Wait()
	close(done)
	writer.Wait()
	return readersAtOnce * readsOfEach
}

func sumOf(counts map[string]int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

func TestACacheWithoutRoomLosesNoReaderAndShowsNothingStale(t *testing.T) {
	for _, budget := range []int64{1, 2048} { // none fits, three or four do
		onCaches(t, []string{"fluxor_cache=all", "fluxor_max_open_conns=20", "fluxor_cache_catalog=1h", fmt.Sprint("fluxor_cache_size=", budget)}, func(k *shelf) {
			if k.b.name == "pq" {
				return // the same server as pgx's, and nothing here hangs on the driver
			}
			rows := make([]string, crowdedItems)
			for i := range rows {
				rows[i] = fmt.Sprintf("(%d, 'x', 0)", i+100)
			}
			mustExec(k.t, k.bare, "insert into items values "+strings.Join(rows, ", "))
			c := &crowding{shelf: k}
			before := k.c.CacheStats()
			reads := c.run()
			c.check(reads, k.c.CacheStats().Sub(before))
		})
	}
}

// check checks what was counted of a run.
func (c *crowding) check(reads int64, s fluxor.CacheStats) {
	c.t.Logf("budget %d: %d reads, %d hits, %d joined; %d kept, %d evicted, %d dropped; %d answers of %d bytes, at most %d of %d",
		s.Budget, reads, s.Hits, s.Joined, s.Kept, s.Evicted, s.Dropped, s.Entries, s.Bytes, c.held.Load(), c.bytes.Load())
	if answered := s.Hits + s.Joined + sumOf(s.Misses) + sumOf(s.Bypasses); answered != reads || s.Stale != 0 {
		c.t.Errorf("%d reads, %d counted: %+v", reads, answered, s)
	}
	if s.Bytes > s.Budget || c.bytes.Load() > s.Budget {
		c.t.Errorf("it takes %d bytes of %d, and took %d at most", s.Bytes, s.Budget, c.bytes.Load())
	}
	if s.Budget == 1 && s.Entries+int(s.Bytes) != 0 {
		c.t.Errorf("%d answers of %d bytes are left", s.Entries, s.Bytes)
	}
	if s.Joined == 0 || s.Evicted == 0 || s.Evicted > s.Kept || s.Budget == 1 && s.Evicted < s.Kept*3/4 {
		c.t.Errorf("of %d answers %d were evicted, and %d readers joined another", s.Kept, s.Evicted, s.Joined)
	}
	if n := fluxor.FlightsOf(c.c); n != 0 {
		c.t.Errorf("%d flights are left", n)
	}
}
