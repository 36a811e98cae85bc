// This file has many goroutines write, read through a cache and read past it, all at once, and wants no read to be stale.

package cache

import (
	"database/sql/driver"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	registers    = 4
	stressWrites = 4
	stressReads  = 6
	readsEach    = 10_000
)

// bank is a database of registers whose values only grow, and what all have seen
// of them.
type bank struct {
	v       *Versions
	mu      sync.Mutex
	stored  [registers]int64
	seen    [registers]atomic.Int64 // the newest that was written or shown
	store   *Store
	flights Flights[*Answer]
	keys    []string
	tags    [registers]Tags
	hits    atomic.Int64
	joined  atomic.Int64
	stopped atomic.Bool
}

func newBank(t *testing.T) *bank {
	b := &bank{v: open(t), keys: numbered(registers)}
	b.store = NewStore(b.v, 1<<20)
	for r, name := range b.keys {
		b.tags[r] = b.v.Tags(name)
	}
	return b
}

// saw notes that somebody has seen a value.
func (b *bank) saw(r int, value int64) {
	for seen := b.seen[r].Load(); seen < value && !b.seen[r].CompareAndSwap(seen, value); {
		seen = b.seen[r].Load()
	}
}

// write is a transaction over two registers; one in five is rolled back.
func (b *bank) write() {
	r, s := rand.IntN(registers), rand.IntN(registers)
	w := b.v.Begin(b.tags[r].With(b.tags[s]))
	if rand.IntN(5) == 0 {
		w.Undone()
		return
	}
	b.mu.Lock()
	b.stored[r]++
	b.stored[s]++
	values := [2]int64{b.stored[r], b.stored[s]}
	b.mu.Unlock()
	runtime.Gosched()
	w.Done()
	b.saw(r, values[0])
	b.saw(s, values[1])
}

// read shows a register: one read in four knows of no cache.
func (b *bank) read(t *testing.T, r int) int64 {
	if rand.IntN(4) == 0 {
		return b.ask(r)
	}
	if e, found := b.store.Get(b.keys[r], time.Time{}); found == Valid {
		b.hits.Add(1)
		return value(e.Answer)
	}
	token, ok := b.v.Capture(b.tags[r])
	if !ok {
		return b.ask(r)
	}
	joined, err := b.flights.Join(t.Context(), Question{Key: b.keys[r], Token: token})
	switch {
	case err != nil:
		t.Error(err)
		return 0
	case joined.How == Served:
		b.joined.Add(1)
		return value(joined.Answer)
	case joined.How == Leading:
		return b.lead(t, r, token, joined.Lead)
	}
	return b.ask(r)
}

// lead asks for others. One in ten gives up, one in ten fails; both ask again.
func (b *bank) lead(t *testing.T, r int, token Token, lead Lead[*Answer]) int64 {
	defer lead.Abort()
	got := b.ask(r)
	switch rand.IntN(10) {
	case 0:
		lead.Abort()
		return b.ask(r)
	case 1:
		lead.Fail()
		return b.ask(r)
	}
	a := record(t, named("balance"), []driver.Value{got})
	b.store.Put(b.keys[r], a, token, time.Time{}, 0)
	lead.Land(a)
	return got
}

// ask has the database answer.
func (b *bank) ask(r int) int64 {
	b.mu.Lock()
	got := b.stored[r]
	b.mu.Unlock()
	runtime.Gosched()
	return got
}

// value is the balance in an answer.
func value(a *Answer) int64 {
	var dest [1]driver.Value
	a.Row(0, dest[:])
	return dest[0].(int64)
}

// check reads a register and wants what was there before.
func (b *bank) check(t *testing.T) {
	r := rand.IntN(registers)
	before := b.seen[r].Load()
	got := b.read(t, r)
	b.saw(r, got)
	if got < before {
		t.Errorf("register %d: a read showed %d, although %d was there before it began", r, got, before)
	}
}

func TestNoReadIsStaleAmongManyGoroutines(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	var writing, reading sync.WaitGroup
	for range stressWrites {
		writing.Go(func() {
			for !b.stopped.Load() {
				b.write()
				for range rand.IntN(50) {
					runtime.Gosched()
				}
			}
		})
	}
	for range stressReads {
		reading.Go(func() {
			for range readsEach {
				b.check(t)
			}
		})
	}
	reading.Wait()
	b.stopped.Store(true)
	writing.Wait()
	if b.hits.Load() == 0 || b.joined.Load() == 0 {
		t.Error("nothing was read from the cache, or nothing with others")
	}
	if n := b.flights.Len(); n != 0 {
		t.Errorf("%d flights are left", n)
	}
	t.Logf("%d reads, %d of them from the cache and %d with others; %d writes of one register",
		stressReads*readsEach, b.hits.Load(), b.joined.Load(), b.seen[0].Load())
}
