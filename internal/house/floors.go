// This file holds the floors of the root package: a file never names what a file on a higher floor declares.

package house

import (
	"go/ast"
	"path"
	"slices"
)

// floors are the root package's files, the lowest floor first. A new file is
// put on the lowest floor that is above all it names.
var floors = [][]string{
	{"doc.go", "errors.go", "config*.go", "options*.go", "dsn*.go", "understand.go", "args.go", "physical.go", "prepared.go", "kept.go", "detached*.go", "timed.go", "op.go", "rows*.go", "cache_context.go", "cache_state.go", "cache_count.go"},
	{"chain.go", "engine.go", "stages.go", "session.go", "doomed.go", "perform.go", "keep.go", "judge.go", "clock.go", "retry.go", "shown.go", "circuit.go", "rules.go", "books.go", "limits.go", "leaks.go", "admission.go", "origin.go", "probe.go", "cache.go", "cache_read.go", "cache_join.go", "cache_write.go", "cache_audit.go", "cache_stale.go", "cache_behind.go", "cache_catalog.go", "cache_moment.go", "cache_server.go"},
	{"stmt.go", "tx.go"},
	{"conn.go", "record.go", "raw.go", "cache_again.go"},
	{"driver.go", "served.go", "opened.go", "dial.go", "observe.go", "control.go", "cache_control.go", "cache_explain.go"},
	{"builder.go", "runtime.go", "executor.go", "recovery.go", "checks.go"},
}

var floorRules = []rule{
	{"the root package is read from the bottom up, so every file has its floor: put it into the table floors in internal/house", each(checkPlaced)},
	{"a lower file is understood without the higher ones; move the name down, or turn it into an interface declared below", checkFloors},
}

// floorOf is the number of a root file's floor; -1 when it has none.
func floorOf(name string) int {
	return slices.IndexFunc(floors, func(floor []string) bool {
		return slices.ContainsFunc(floor, func(pattern string) bool {
			ok, _ := path.Match(pattern, name) // the patterns are ours
			return ok
		})
	})
}

// rooted says whether a file belongs to the root package itself.
func rooted(f *File) bool { return f.dir() == "." && !f.test() }

func checkPlaced(f *File, report reporter) {
	if rooted(f) && floorOf(f.Path) < 0 {
		report(f, f.Syntax.Package, "%s stands on no floor", f.Path)
	}
}

func checkFloors(t *Tree, report reporter) {
	home := map[string]*File{} // where a package-level name is declared
	for _, f := range t.Files {
		if !rooted(f) || floorOf(f.Path) < 0 {
			continue
		}
		for _, name := range declared(f.Syntax) {
			home[name] = f
		}
	}
	for _, f := range t.Files {
		if !rooted(f) || floorOf(f.Path) < 0 {
			continue
		}
		keys := fieldNames(f.Syntax)
		// The parser resolves local names; what it leaves open is
		// declared in another file, imported, or built in.
		for _, id := range f.Syntax.Unresolved {
			at := home[id.Name]
			if at != nil && !keys[id] && floorOf(at.Path) > floorOf(f.Path) {
				report(f, id.Pos(), "%s names %s of %s, a floor above", f.Path, id.Name, at.Path)
			}
		}
	}
}

// declared are the package-level names of a file, methods left out.
func declared(syntax *ast.File) []string {
	var names []string
	for _, decl := range syntax.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						names = append(names, id.Name)
					}
				}
			}
		}
	}
	return names
}

// fieldNames are the keys of composite literals, which the parser leaves open
// although they name fields.
func fieldNames(syntax *ast.File) map[*ast.Ident]bool {
	keys := map[*ast.Ident]bool{}
	ast.Inspect(syntax, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if id, ok := pair.Key.(*ast.Ident); ok {
				keys[id] = true
			}
		}
		return true
	})
	return keys
}
