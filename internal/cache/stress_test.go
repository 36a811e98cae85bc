// This file has many goroutines write, read through a cache and read past it, all at once, and wants no read to be stale.

package cache

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
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
	cache   [registers]atomic.Pointer[balance]
	tags    [registers]Tags
	hits    atomic.Int64
	stopped atomic.Bool
}

// balance is an answer that is kept.
type balance struct {
	value int64
	token Token
}

func newBank(t *testing.T) *bank {
	b := &bank{v: open(t)}
	for r, name := range numbered(registers) {
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
func (b *bank) read(r int) int64 {
	past := rand.IntN(4) == 0
	if kept := b.cache[r].Load(); !past && kept != nil && b.v.Holds(kept.token) {
		b.hits.Add(1)
		return kept.value
	}
	token, ok := b.v.Capture(b.tags[r])
	b.mu.Lock()
	value := b.stored[r]
	b.mu.Unlock()
	runtime.Gosched()
	if !past && ok && b.v.Holds(token) {
		b.cache[r].Store(&balance{value, token})
	}
	return value
}

// check reads a register and wants what was there before.
func (b *bank) check(t *testing.T) {
	r := rand.IntN(registers)
	before := b.seen[r].Load()
	got := b.read(r)
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
	if b.hits.Load() == 0 {
		t.Error("nothing was read from the cache")
	}
	t.Logf("%d reads, %d of them from the cache; %d writes", stressReads*readsEach, b.hits.Load(), b.seen[0].Load())
}
