// This file is two caches as they are often written, which the judgement has to see through.

package registers_test

import (
	"slices"
	"sync"

	"github.com/fluxor-db/fluxor/internal/soak"
)

// keeper keeps answers for the application, above Fluxor.
type keeper interface {
	// answer is the kept answer to a question, or what ask brings.
	answer(key string, q question, ask func() ([]int64, error)) (values []int64, hit bool, err error)
	// begin is called before a write of some rows is sent, end when its answer is
	// here.
	begin(rows []int64) (end func(soak.Outcome))
}

// nothing keeps nothing.
type nothing struct{}

func (nothing) answer(_ string, _ question, ask func() ([]int64, error)) ([]int64, bool, error) {
	values, err := ask()
	return values, false, err
}

func (nothing) begin([]int64) func(soak.Outcome) { return func(soak.Outcome) {} }

// naive is a map of answers that a write of one of their tables deletes.
type naive struct {
	before bool // the write is sent, not after it is over

	mu   sync.Mutex // protects kept; a leaf lock
	kept map[string]kept
}

// kept is an answer, and the tables that it is from.
type kept struct {
	values []int64
	tables []int
}

func (n *naive) answer(key string, q question, ask func() ([]int64, error)) ([]int64, bool, error) {
	n.mu.Lock()
	k, ok := n.kept[key]
	n.mu.Unlock()
	if ok {
		return k.values, true, nil
	}
	values, err := ask()
	if err == nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.kept[key] = kept{values, q.tables()}
	}
	return values, false, err
}

func (n *naive) begin(rows []int64) func(soak.Outcome) {
	if n.before {
		n.drop(rows)
		return func(soak.Outcome) {}
	}
	return func(o soak.Outcome) {
		if o != soak.Failed {
			n.drop(rows)
		}
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
