// This file is two caches as they are often written, which the judgement has to see through.

package registers_test

import (
	"slices"
	"sync"

	"github.com/fluxor-db/fluxor/internal/soak"
)

// naive is a map of answers that a write of one of their tables ends: before it
// is sent, or when it is over.
type naive struct {
	before bool

	mu   sync.Mutex // protects kept; a leaf lock
	kept map[string]kept
}

// kept is an answer, and the tables that it is from.
type kept struct {
	values []int64
	tables []int
}

func newNaive() *naive { return &naive{kept: map[string]kept{}} }

func (n *naive) get(key string) []int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.kept[key].values
}

func (n *naive) put(key string, q question, values []int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kept[key] = kept{values, q.tables()}
}

// tables are those that a question is about.
func (q question) tables() (all []int) {
	for _, register := range q.registers {
		switch {
		case q.whole || register == greatestOfAll:
			return []int{0, 1, 2}
		case register >= greatestOfTable:
			all = append(all, register-greatestOfTable)
		default:
			all = append(all, tableOf(int64(register)))
		}
	}
	return all
}

// begin is called before a write is sent. A nil naive keeps nothing.
func (n *naive) begin(rows []int64) {
	if n != nil && n.before {
		n.drop(rows)
	}
}

// end is called when the answer to a write is here.
func (n *naive) end(rows []int64, o soak.Outcome) {
	if n != nil && !n.before && o != soak.Failed {
		n.drop(rows)
	}
}

func (n *naive) drop(rows []int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for key, k := range n.kept {
		if slices.ContainsFunc(rows, func(row int64) bool { return slices.Contains(k.tables, tableOf(row)) }) {
			delete(n.kept, key)
		}
	}
}
