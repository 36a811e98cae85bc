// This file holds the rule that the query cache tells time by the monotonic clock alone.

package house

import (
	"go/ast"
	"slices"
	"strings"
)

// timed are the files of the query cache: those of the root package begin with it,
// and these are folders.
var timed = []string{"internal/cache", "internal/cacheplan", "internal/cacherules", "internal/catalog"}

// aboutArguments is the one file that may look at the wall clock's part of a time:
// those that it looks at are arguments, which make a key and are compared with no
// clock.
const aboutArguments = "internal/cache/key.go"

// wallClock are the methods of a time.Time that take the monotonic clock away, or
// read the clock on the wall.
var wallClock = strings.Fields("Unix UnixMilli UnixMicro UnixNano Round Truncate AddDate UTC Local In Date Clock")

// wallTimes are the functions of package time whose times never had it.
var wallTimes = strings.Fields("Unix UnixMilli UnixMicro Date Parse ParseInLocation")

func checkWallClock(f *File, report reporter) {
	root := f.dir() == "." && strings.HasPrefix(f.Path, "cache")
	if f.test() || f.Path == aboutArguments || !root && !slices.Contains(timed, f.dir()) {
		return
	}
	inspect(f, func(call *ast.CallExpr) {
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return
		}
		names := wallClock
		if id, ok := selector.X.(*ast.Ident); ok {
			switch id.Name {
			case "math":
				return
			case "time":
				names = wallTimes
			}
		}
		if slices.Contains(names, selector.Sel.Name) {
			report(f, call.Pos(), "%s reads the clock on the wall", selector.Sel.Name)
		}
	})
}
