// This file counts what the query cache does.

package fluxor

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
)

// cacheCounts is what a cache counts.
type cacheCounts struct {
	hits, stale, onError, joined, refreshed, audits, mismatches atomic.Int64
	kept, dropped, tooMany, tooBig, notPlain                    atomic.Int64
	would                                                       atomic.Int64 // hits, where it observes
	staleAge, staleMax                                          atomic.Int64 // how old the stale ones were: together, the oldest

	misses  countsByName // queries that the database had to answer, by why
	passed  countsByName // queries that the cache had no part in, by why
	flushes countsByName // the ends of all answers, by cause
}

// countsByName counts under names, of which there are few. The zero value is
// ready for use. It is safe for concurrent use, and a name that was counted
// before takes no lock.
type countsByName struct {
	counts atomic.Pointer[map[string]*atomic.Int64] // never changed: it is replaced
	mu     sync.Mutex                               // held to replace it; a leaf
}

func (n *countsByName) add(name string) {
	if m := n.counts.Load(); m != nil {
		if count := (*m)[name]; count != nil {
			count.Add(1)
			return
		}
	}
	n.of(name).Add(1)
}

// of makes room for a name.
func (n *countsByName) of(name string) *atomic.Int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	more := map[string]*atomic.Int64{}
	if m := n.counts.Load(); m != nil {
		maps.Copy(more, *m)
	}
	if more[name] == nil {
		more[name] = new(atomic.Int64)
	}
	n.counts.Store(&more)
	return more[name]
}

// all returns the counts.
func (n *countsByName) all() map[string]int64 {
	out := map[string]int64{}
	if m := n.counts.Load(); m != nil {
		for name, count := range *m {
			out[name] = count.Load()
		}
	}
	return out
}

// shownOld counts an answer that was shown beyond its time.
func (n *cacheCounts) shownOld(age time.Duration) {
	n.stale.Add(1)
	n.staleAge.Add(int64(age))
	for most := n.staleMax.Load(); int64(age) > most && !n.staleMax.CompareAndSwap(most, int64(age)); {
		most = n.staleMax.Load()
	}
}

// unfit counts an answer that could not be kept.
func (n *cacheCounts) unfit(why cache.Fit) {
	switch why {
	case cache.TooManyRows:
		n.tooMany.Add(1)
	case cache.TooBig:
		n.tooBig.Add(1)
	case cache.NotPlain:
		n.notPlain.Add(1)
	}
}
