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

// First writes the frame that called as "dir/file.go:12 (pkg.Func)"; "" if there
// is none. See [Search].
func First(frames *runtime.Frames) (place string) {
	var search Search
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		found, last := search.Look(f)
		if found {
			place = written(f)
		}
		if last {
			break
		}
	}
	return place
}

// Stack writes the frame that called and those of the application's above it, the
// innermost first, as [First] does; nil if there is none.
func Stack(frames *runtime.Frames) (places []string) {
	var search Search
	for more, last := true, false; more; {
		var f runtime.Frame
		f, more = frames.Next()
		found := false
		if !last {
			found, last = search.Look(f)
		}
		switch {
		case found:
			places = []string{written(f)} // what was found before lies below it
		case len(places) > 0 && Application(f):
			places = append(places, written(f))
		}
	}
	return places
}

func written(f runtime.Frame) string {
	dir, file := path.Split(f.File)
	return fmt.Sprintf("%s:%d (%s)", path.Join(path.Base(dir), file), f.Line, path.Base(f.Function))
}

// Search finds, frame by frame from the innermost on, the application's frame
// that called: the first one above database/sql. What lies below that is a
// middleware or a wrapper, and is taken where nothing else is to be had. The zero
// value is ready.
type Search struct{ passed, found bool }

// Look reports whether f is the best so far, and whether it is the last to look at.
func (s *Search) Look(f runtime.Frame) (found, last bool) {
	if strings.HasPrefix(f.Function, "database/sql.") {
		s.passed = true
		return false, false
	}
	if s.found && !s.passed || !Application(f) {
		return false, false
	}
	s.found = true
	return true, s.passed
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
