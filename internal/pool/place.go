// This file notes where in the application a connection was borrowed.

package pool

import (
	"runtime"
	"sync/atomic"

	"github.com/fluxor-db/fluxor/internal/callsite"
)

const (
	// depth is how many frames of a call stack are noted.
	depth = 24
	// aboveAcquire leaves out runtime.Callers, captured, its caller, and Acquire.
	aboveAcquire = 4
	// reach is how many return addresses tell two such stacks apart: those of the
	// frames that are left out, too. A function that was inlined has none of its own.
	reach = depth + aboveAcquire
)

// stack is a call stack, symbolised only when somebody asks. It never changes.
type stack struct {
	returns [reach]uintptr // the return addresses that lead to it
	pcs     [depth]uintptr // as of runtime.Callers
	n       int
}

// stacks are those that were seen lately, by their return addresses. A program
// borrows connections in few places, again and again, and runtime.Callers takes
// microseconds: some 100 ns for each frame, since it looks in the tables of
// functions for what was inlined where. A collision costs that again.
var stacks [1024]atomic.Pointer[stack]

// captured returns the call stack above Acquire, which calls its caller. It
// allocates only for a stack that was not seen lately.
func captured() *stack {
	var returns [reach]uintptr
	whole := returnAddresses(&returns)
	slot := &stacks[hashed(&returns)%uint64(len(stacks))]
	if seen := slot.Load(); whole && seen != nil && seen.returns == returns {
		return seen
	}
	fresh := &stack{returns: returns}
	fresh.n = runtime.Callers(aboveAcquire, fresh.pcs[:])
	if whole {
		slot.Store(fresh)
	}
	return fresh
}

// hashed mixes return addresses (FNV-1a, by words).
func hashed(returns *[reach]uintptr) uint64 {
	h := uint64(14695981039346656037)
	for _, pc := range returns {
		h = (h ^ uint64(pc)) * 1099511628211
	}
	return h ^ h>>32
}

// String names the first frame of the application, as "dir/file.go:12
// (pkg.Func)"; "" if there is none, or no stack.
func (s *stack) String() string {
	if s == nil || s.n == 0 {
		return ""
	}
	return callsite.First(runtime.CallersFrames(s.pcs[:s.n]))
}

// calls names the frames of the application, the innermost first; nil if there is
// none, or no stack.
func (s *stack) calls() []string {
	if s == nil || s.n == 0 {
		return nil
	}
	return callsite.Stack(runtime.CallersFrames(s.pcs[:s.n]))
}

// place is where a lease began; nothing where that was not noted. Who takes back
// what he parked notes it without the pool's lock, under which others read it.
type place struct{ at atomic.Pointer[stack] }

// forget writes only where there is something to forget.
func (p *place) forget() {
	if p.at.Load() != nil {
		p.at.Store(nil)
	}
}
