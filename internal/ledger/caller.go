// This file finds the line of the application that ran a statement.

package ledger

import (
	"runtime"

	"github.com/fluxor-db/fluxor/internal/callsite"
)

// application is the return address in the first frame above Record that is the
// application's; 0 if there is none, as on a goroutine of database/sql's.
func application() uintptr {
	var pcs [32]uintptr
	n := runtime.Callers(4, pcs[:]) // above Callers, application, notePlace and Record
	for _, pc := range pcs[:n] {
		frames := runtime.CallersFrames([]uintptr{pc})
		for more := true; more; { // the functions that were inlined there, too
			var f runtime.Frame
			if f, more = frames.Next(); callsite.Application(f) {
				return pc
			}
		}
	}
	return 0
}

// place writes a return address as "dir/file.go:12 (pkg.Func)".
func place(pc uintptr) string {
	if pc == 0 {
		return ""
	}
	return callsite.First(runtime.CallersFrames([]uintptr{pc}))
}
