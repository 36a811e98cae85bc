// This file finds the line of the application that ran a statement.

package ledger

import (
	"runtime"

	"github.com/fluxor-db/fluxor/internal/callsite"
)

// application is the return address in the frame that called; 0 if there is none,
// as on a goroutine of database/sql's.
func application() (caller uintptr) {
	var pcs [32]uintptr
	n := runtime.Callers(4, pcs[:]) // above Callers, application, notePlace and Record
	var search callsite.Search
	for _, pc := range pcs[:n] {
		frames := runtime.CallersFrames([]uintptr{pc})
		for more := true; more; { // the functions that were inlined there, too
			var f runtime.Frame
			f, more = frames.Next()
			found, last := search.Look(f)
			if found {
				caller = pc
			}
			if last {
				return caller
			}
		}
	}
	return caller
}

// place writes a return address as "dir/file.go:12 (pkg.Func)".
func place(pc uintptr) string {
	if pc == 0 {
		return ""
	}
	return callsite.First(runtime.CallersFrames([]uintptr{pc}))
}
