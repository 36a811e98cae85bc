// This file tests the query cache where its server stops amid a look at the schema, while many read and one writes.

package fluxor_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// The parts of a look at the schema, by a word of what is asked in each: on PostgreSQL,
// on MariaDB.
var (
	whichServer = [2]string{"pg_postmaster_start_time", "server_uuid"}
	fingerprint = [2]string{"pg_policy", "bit_xor"}
	wholeSchema = [2]string{"pg_get_viewdef", "information_schema.engines"}
)

// halted is a load on a cache whose server stops. The price of the first item only
// grows, so that a reader knows what is stale.
type halted struct {
	*shelf
	proxy *faultproxy.Proxy

	written atomic.Int64 // by a write that has returned, or seen by a read that has
	failed  atomic.Int64
	longest atomic.Int64 // of all calls
	told    sync.Once
}

const (
	haltedReaders = 8
	longestCall   = 10 * time.Second // to wait for a connection, to have it opened, and twice the silence
)

// under has many read and one write until the test is over with them.
func (h *halted) under(test func()) {
	working, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range haltedReaders {
		all.Go(func() { h.each(working, time.Millisecond, h.read) })
	}
	all.Go(func() { h.each(working, 20*time.Millisecond, h.write) })
	test()
	stop()
	all.Wait()
	if longest := time.Duration(h.longest.Load()); longest > longestCall {
		h.t.Errorf("a call took %v", longest)
	}
}

// each does something again and again, with pauses.
func (h *halted) each(ctx context.Context, pause time.Duration, do func(n int64) error) {
	for n := int64(1); ; n++ {
		began := time.Now()
		if do(n) != nil {
			h.failed.Add(1)
		}
		most(&h.longest, int64(time.Since(began)))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// most raises a value.
func most(v *atomic.Int64, to int64) {
	for now := v.Load(); now < to && !v.CompareAndSwap(now, to); {
		now = v.Load()
	}
}

func (h *halted) read(int64) error {
	before, price := h.written.Load(), int64(0)
	if err := h.db.QueryRow("select price from items where id = 1").Scan(&price); err != nil {
		return err
	}
	if price < before {
		h.told.Do(func() { h.t.Errorf("a reader sees %d, although %d was there before it began", price, before) })
	}
	most(&h.written, price)
	return nil
}

func (h *halted) write(n int64) error {
	n += 10
	_, err := h.db.Exec(fmt.Sprintf("update items set price = greatest(price, %d) where id = 1", n))
	if err == nil {
		most(&h.written, n)
	}
	return err
}

// amid has a look held where it asks for a part of the schema, lets the server be
// stopped, and lets the look go on.
func (h *halted) amid(part [2]string, stop func()) {
	word := part[0]
	if h.b.name == "mysql" {
		word = part[1]
	}
	came, goes := make(chan struct{}, 100), make(chan struct{})
	h.proxy.CutOnReply(1, faultproxy.RST, func(request []byte) bool {
		if strings.Contains(string(request), word) {
			came <- struct{}{}
			<-goes
		}
		return false
	})
	<-came
	stop()
	h.proxy.Pass()
	close(goes)
}

// keepsAgain waits until answers are found, and new ones kept.
func (h *halted) keepsAgain() {
	h.t.Helper()
	began, before := time.Now(), h.c.CacheStats()
	waitUntil(h.t, "answers are kept again", func() bool {
		s := h.c.CacheStats()
		return s.Schema == "known" && s.Kept > before.Kept && s.Hits > before.Hits
	})
	h.t.Logf("kept again after %v; %d calls failed, the longest took %v", time.Since(began).Round(time.Millisecond), h.failed.Load(), time.Duration(h.longest.Load()).Round(time.Millisecond))
}

func TestAServerThatStopsAmidALookAtItsSchemaLeavesNoAnswerStaleAndNobodyWaiting(t *testing.T) {
	onOwnServer(t, nil, func(k *shelf, s *dbtest.Server) {
		k.t.Parallel() // most of it is waiting
		h := &halted{}
		h.shelf, h.proxy = k.lossy("fluxor_cache_catalog=50ms", "fluxor_cache_doubt=1500ms", "fluxor_network_timeout=500ms",
			"fluxor_connection_timeout=1s", "fluxor_acquire_timeout=2s", "fluxor_close_timeout=1s", "fluxor_max_open_conns=20")
		h.under(func() {
			h.keepsAgain()
			h.amid(fingerprint, func() { s.Freeze(k.t) })
			waitUntil(k.t, "calls fail on the frozen server", func() bool { return h.failed.Load() > haltedReaders })
			s.Thaw()
			h.keepsAgain()
			mustExec(k.t, h.db, "create table more (id int primary key)")
			h.amid(wholeSchema, func() { s.Kill(k.t) })
			s.Restart(k.t)
			h.keepsAgain()
		})
		h.under(func() {
			h.amid(whichServer, func() { s.Freeze(k.t) })
			began := time.Now()
			if err := h.db.Close(); err != nil {
				k.t.Log(err) // what the driver has not returned from
			}
			if took := time.Since(began); took > 4*time.Second {
				k.t.Errorf("Close took %v", took)
			}
			k.t.Logf("closed after %v", time.Since(began).Round(time.Millisecond))
		})
		s.Thaw()
	})
}
