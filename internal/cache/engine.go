// This file has otter keep entries within a budget of bytes.

package cache

import (
	"iter"
	"math"
	"sync/atomic"
	"unsafe"

	"github.com/maypok86/otter/v2"
)

// engine keeps entries by key, and gives up some when they take more than their
// budget. It is safe for concurrent use, starts no goroutine, and has done what
// it was told when a call returns; but where several keep entries at once, one of
// them makes room for all, and until it has, those just kept come on top.
type engine interface {
	Get(key string) (*Entry, bool)
	// Set keeps e unless an entry stays that is kept already, and reports whether it
	// did. stays must not call the engine.
	Set(key string, e *Entry, stays func(kept *Entry) bool) bool
	Delete(key string)
	Clear()
	// Size is how many entries there are, and what they take.
	Size() (entries int, bytes int64)
	// Evicted is how many entries were given up for the room of others, in all.
	Evicted() int64
	// Some goes through entries in an order that has nothing to do with what they are.
	Some() iter.Seq[*Entry]
}

// overhead is what an entry takes in the engine beside its key and its answer:
// otter's node, its place in the map, and the boundary of the key's memory.
const overhead = 144 + int64(unsafe.Sizeof(Entry{}))

// weighted is an engine that gives up those entries that are used least and
// longest ago. How long an entry may be shown is the store's business: otter
// would need a goroutine and a look at the clock for it.
type weighted struct {
	cache   *otter.Cache[string, *Entry]
	evicted *atomic.Int64 // not beside cache, which every hit reads
}

func newEngine(budget int64) engine {
	evicted := new(atomic.Int64)
	return weighted{otter.Must(&otter.Options[string, *Entry]{
		MaximumWeight: uint64(max(budget, 1)),
		Weigher:       weigh,
		Executor:      func(task func()) { task() },
		OnAtomicDeletion: func(e otter.DeletionEvent[string, *Entry]) { // otter's own statistics would count each hit, too
			if e.WasEvicted() {
				evicted.Add(1)
			}
		},
	}), evicted}
}

// weigh is what an entry takes with its key.
func weigh(key string, e *Entry) uint32 {
	return uint32(min(overhead+int64(len(key))+e.Answer.Size(), math.MaxUint32))
}

func (w weighted) Get(key string) (*Entry, bool) { return w.cache.GetIfPresent(key) }
func (w weighted) Delete(key string)             { w.cache.Invalidate(key) }
func (w weighted) Clear()                        { w.cache.InvalidateAll() }
func (w weighted) Evicted() int64                { return w.evicted.Load() }
func (w weighted) Some() iter.Seq[*Entry]        { return w.cache.Values() }

func (w weighted) Set(key string, e *Entry, stays func(kept *Entry) bool) (set bool) {
	w.cache.Compute(key, func(kept *Entry, found bool) (*Entry, otter.ComputeOp) {
		if found && stays(kept) {
			return kept, otter.CancelOp
		}
		set = true
		return e, otter.WriteOp
	})
	return set
}

func (w weighted) Size() (entries int, bytes int64) {
	return w.cache.EstimatedSize(), int64(w.cache.WeightedSize())
}
