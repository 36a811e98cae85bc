// This file notes where in the application a connection was borrowed.

package pool

import (
	"runtime"
	"sync"

	"github.com/fluxor-db/fluxor/internal/callsite"
)

// stack is a call stack, symbolised only when somebody asks.
type stack struct {
	pcs [24]uintptr
	n   int
}

// aboveAcquire leaves out runtime.Callers, capture, its caller, and Acquire.
const aboveAcquire = 4

// capture notes the stack above Acquire, without allocating.
func (at *stack) capture() { at.n = runtime.Callers(aboveAcquire, at.pcs[:]) }

// String names the first frame of the application, as "dir/file.go:12
// (pkg.Func)"; "" if there is none.
func (at *stack) String() string {
	if at.n == 0 {
		return ""
	}
	return callsite.First(runtime.CallersFrames(at.pcs[:at.n]))
}

// place is where a lease began. Who takes back what he parked notes it without
// the pool's lock, under which others read it: it has a lock of its own, below
// that one.
type place struct {
	mu sync.Mutex
	at stack // changed by whoever has the connection
}

// capture is stack's.
func (p *place) capture() {
	p.mu.Lock()
	p.at.n = runtime.Callers(aboveAcquire, p.at.pcs[:])
	p.mu.Unlock()
}

// set notes a stack that was captured before.
func (p *place) set(at *stack) {
	p.mu.Lock()
	p.at = *at
	p.mu.Unlock()
}

// forget is for who has the connection.
func (p *place) forget() {
	if p.at.n > 0 {
		p.mu.Lock()
		p.at.n = 0
		p.mu.Unlock()
	}
}

// read returns a copy.
func (p *place) read() stack {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

// known reports whether the place was noted.
func (p *place) known() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at.n > 0
}
