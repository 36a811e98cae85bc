// This file notes where in the application a connection was borrowed.

package pool

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// module is the import path of the repository this package stands in.
const module = "github.com/fluxor-db/fluxor"

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
	frames := runtime.CallersFrames(at.pcs[:at.n])
	for {
		f, more := frames.Next()
		if f.Function != "" && !plumbing(f) {
			dir, file := path.Split(f.File)
			return fmt.Sprintf("%s:%d (%s)", path.Join(path.Base(dir), file), f.Line, path.Base(f.Function))
		}
		if !more {
			return ""
		}
	}
}

// plumbing reports whether a frame stands between the application and the
// pool: the runtime, database/sql, or Fluxor itself. A test is an application.
func plumbing(f runtime.Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	slash := strings.LastIndexByte(f.Function, '/') + 1
	pkg := f.Function
	if dot := strings.IndexByte(f.Function[slash:], '.'); dot >= 0 {
		pkg = f.Function[:slash+dot]
	}
	switch pkg {
	case "runtime", "database/sql", "database/sql/driver", module:
		return true
	}
	inside, ok := strings.CutPrefix(pkg, module+"/")
	return ok && (strings.HasPrefix(inside, "internal/") || strings.HasPrefix(inside, "middleware"))
}
