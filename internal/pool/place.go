// This file notes where in the application a connection was borrowed.

package pool

import (
	"runtime"

	"github.com/fluxor-db/fluxor/internal/callsite"
)

// place is a call stack, symbolised only when somebody asks.
type place struct {
	pcs [24]uintptr
	n   int
}

// capture notes the stack above Acquire, without allocating.
func (at *place) capture() { at.n = runtime.Callers(4, at.pcs[:]) }

// String names the first frame of the application, as "dir/file.go:12
// (pkg.Func)"; "" if there is none.
func (at *place) String() string {
	if at.n == 0 {
		return ""
	}
	return callsite.First(runtime.CallersFrames(at.pcs[:at.n]))
}
