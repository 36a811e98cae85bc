// This file has otter keep entries within a budget of bytes.

package cache

import (
	"math"
	"unsafe"

	"github.com/maypok86/otter/v2"
)

// engine keeps entries by key, and gives up some when they take more than their
// budget. It is safe for concurrent use, starts no goroutine, and has done what
// it was told when a call returns.
type engine interface {
	Get(key string) (*Entry, bool)
	Set(key string, e *Entry)
	Delete(key string)
	Clear()
	// Size is how many entries there are, and what they take.
	Size() (entries int, bytes int64)
}

// overhead is what an entry takes in the engine beside its key and its answer:
// otter's node, its place in the map, and the boundary of the key's memory.
const overhead = 144 + int64(unsafe.Sizeof(Entry{}))

// lots is an engine that gives up those entries that are used least and longest
// ago. How long an entry may be shown is the store's business: otter would need
// a goroutine and a look at the clock for it.
type lots struct {
	cache *otter.Cache[string, *Entry]
}

func newEngine(budget int64) engine {
	return lots{otter.Must(&otter.Options[string, *Entry]{
		MaximumWeight: uint64(max(budget, 1)),
		Weigher:       weigh,
		Executor:      func(task func()) { task() },
	})}
}

// weigh is what an entry takes with its key.
func weigh(key string, e *Entry) uint32 {
	return uint32(min(overhead+int64(len(key))+e.Answer.Size(), math.MaxUint32))
}

func (l lots) Get(key string) (*Entry, bool) { return l.cache.GetIfPresent(key) }
func (l lots) Set(key string, e *Entry)      { l.cache.Set(key, e) }
func (l lots) Delete(key string)             { l.cache.Invalidate(key) }
func (l lots) Clear()                        { l.cache.InvalidateAll() }

func (l lots) Size() (entries int, bytes int64) {
	return l.cache.EstimatedSize(), int64(l.cache.WeightedSize())
}
