// This file makes tags out of names.

package cache

import (
	"hash/maphash"
	"iter"
	"slices"
	"sync/atomic"
)

// Tags are what a statement reads or writes. Two of them have to do with each
// other where they share a name. The zero value is everything, which has to do
// with all others: who does not know what a statement does has nothing to fill
// in. Tags are immutable, and belong to the [Versions] that made them. They are
// made once per statement, not per execution.
type Tags struct {
	stripes []uint16 // in order, each once; nil = everything
}

// Everything are the tags of a statement that may read, or change, anything.
func Everything() Tags { return Tags{} }

// Tags returns the tags of a statement that has to do with what is named, and
// with nothing else. Without names that is nothing: what such a statement reads
// is ended by a write of everything alone. Names are compared byte by byte.
func (v *Versions) Tags(names ...string) Tags {
	found := make([]uint16, 0, len(names))
	for _, name := range names {
		found = append(found, uint16(maphash.String(v.seed, name)%stripes))
	}
	return tagsOf(found)
}

// With returns what either of the two has to do with: a transaction writes what
// its statements write.
func (t Tags) With(other Tags) Tags {
	if t.everything() || other.everything() {
		return Everything()
	}
	if t.same(other) {
		return t
	}
	return tagsOf(slices.Concat(t.stripes, other.stripes))
}

// tagsOf takes over found.
func tagsOf(found []uint16) Tags {
	slices.Sort(found)
	found = slices.Compact(found)
	if found == nil {
		found = []uint16{}
	}
	return Tags{found}
}

// All reports whether the tags are everything.
func (t Tags) All() bool { return t.everything() }

func (t Tags) everything() bool { return t.stripes == nil }

func (t Tags) same(other Tags) bool {
	return t.everything() == other.everything() && slices.Equal(t.stripes, other.stripes)
}

// words are those in which a writer of the tags counts.
func (v *Versions) words(t Tags) iter.Seq[*atomic.Uint64] {
	return func(yield func(*atomic.Uint64) bool) {
		if !yield(&v.written) {
			return
		}
		if t.everything() {
			yield(&v.flushed)
			return
		}
		for _, stripe := range t.stripes {
			if !yield(&v.striped[stripe]) {
				return
			}
		}
	}
}
