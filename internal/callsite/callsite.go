// This file tells the application's frames of a call stack from those below it.

// Package callsite names the line of the application that called Fluxor. Its
// functions hold no state and may be called by any number of goroutines.
package callsite

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// module is the import path of the repository this package stands in.
const module = "github.com/fluxor-db/fluxor"

// First writes the first frame of the application among frames as
// "dir/file.go:12 (pkg.Func)"; "" if there is none.
func First(frames *runtime.Frames) string {
	for more := true; more; {
		var f runtime.Frame
		if f, more = frames.Next(); Application(f) {
			dir, file := path.Split(f.File)
			return fmt.Sprintf("%s:%d (%s)", path.Join(path.Base(dir), file), f.Line, path.Base(f.Function))
		}
	}
	return ""
}

// Application reports whether a frame is known and the application's: not the
// runtime's, database/sql's or Fluxor's own. A test and a program of Fluxor's
// are applications.
func Application(f runtime.Frame) bool {
	if f.Function == "" {
		return false
	}
	if strings.HasSuffix(f.File, "_test.go") {
		return true
	}
	slash := strings.LastIndexByte(f.Function, '/') + 1
	pkg, _, _ := strings.Cut(f.Function[slash:], ".")
	switch pkg = f.Function[:slash] + pkg; pkg {
	case "runtime", "database/sql", "database/sql/driver", module:
		return false
	}
	inside, ours := strings.CutPrefix(pkg, module+"/")
	return !ours || strings.HasPrefix(inside, "cmd/") || strings.HasPrefix(inside, "examples/")
}
