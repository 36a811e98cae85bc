// This file finds the line of the application that ran a statement.

package ledger

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// module is the import path of the repository this package stands in.
const module = "github.com/fluxor-db/fluxor"

// application is the return address in the first frame above Record that is the
// application's; 0 if there is none, as on a goroutine of database/sql's.
func application() uintptr {
	var pcs [32]uintptr
	n := runtime.Callers(4, pcs[:]) // above Callers, application, notePlace and Record
	for _, pc := range pcs[:n] {
		frames := runtime.CallersFrames([]uintptr{pc})
		for more := true; more; { // the functions that were inlined there, too
			var f runtime.Frame
			if f, more = frames.Next(); f.Function != "" && !plumbing(f) {
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
	frames := runtime.CallersFrames([]uintptr{pc})
	for more := true; more; {
		var f runtime.Frame
		if f, more = frames.Next(); !plumbing(f) {
			dir, file := path.Split(f.File)
			return fmt.Sprintf("%s:%d (%s)", path.Join(path.Base(dir), file), f.Line, path.Base(f.Function))
		}
	}
	return ""
}

// plumbing reports whether a frame stands between the application and the
// ledger: the runtime, database/sql, or Fluxor itself. A test and a program of
// Fluxor's are applications.
func plumbing(f runtime.Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	slash := strings.LastIndexByte(f.Function, '/') + 1
	pkg, _, _ := strings.Cut(f.Function[slash:], ".")
	switch pkg = f.Function[:slash] + pkg; pkg {
	case "runtime", "database/sql", "database/sql/driver", module:
		return true
	}
	inside, ok := strings.CutPrefix(pkg, module+"/")
	return ok && !strings.HasPrefix(inside, "cmd/") && !strings.HasPrefix(inside, "examples/")
}
