// This file reads the repository's Go files and runs the house rules over them.

// Package house holds the rules that every Go file of this repository keeps and
// that no linter knows: heads, sizes, documentation, layers, and habits. Each
// rule has a reason, which is printed with what breaks it. The package's test
// runs them over the whole tree.
package house

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the import path of the root package.
const Module = "github.com/fluxor-db/fluxor"

// File is one parsed Go file.
type File struct {
	// Path is relative to the repository, with slashes.
	Path   string
	Syntax *ast.File

	text   []byte
	nested bool // in a module of its own, which layers do not bind
}

// Tree is the set of files that the rules look at together. It is immutable
// once loaded.
type Tree struct {
	Files []*File
	fset  *token.FileSet
}

// Violation is one place that breaks a rule.
type Violation struct {
	Path string
	Line int
	// What says what is wrong here, Reason why the rule exists.
	What, Reason string
}

// String is the form that editors jump to: path:line: what (reason).
func (v Violation) String() string {
	return fmt.Sprintf("%s:%d: %s (%s)", v.Path, v.Line, v.What, v.Reason)
}

// rule is one house rule. check calls report for each place that breaks it.
type rule struct {
	reason string
	check  func(t *Tree, report reporter)
}

// reporter takes one finding at a position in a file.
type reporter func(f *File, pos token.Pos, format string, args ...any)

// Load parses every Go file below dir that people write: generated files,
// testdata and hidden folders are left out.
func Load(dir string) (*Tree, error) {
	t := &Tree{fset: token.NewFileSet()}
	var modules []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.Name() == "go.mod" && rel != "go.mod" {
			modules = append(modules, path.Dir(rel)+"/")
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return t.add(rel, text)
	})
	for _, f := range t.Files {
		f.nested = slices.ContainsFunc(modules, func(m string) bool { return strings.HasPrefix(f.Path, m) })
	}
	return t, err
}

// add parses one file.
func (t *Tree) add(name string, text []byte) error {
	syntax, err := parser.ParseFile(t.fset, name, text, parser.ParseComments)
	if err != nil {
		return err
	}
	if ast.IsGenerated(syntax) {
		return nil
	}
	t.Files = append(t.Files, &File{Path: name, Syntax: syntax, text: text})
	return nil
}

// Check runs every rule and returns what breaks them, in the order of the
// files.
func (t *Tree) Check() []Violation {
	var all []Violation
	for _, r := range rules {
		r.check(t, func(f *File, pos token.Pos, format string, args ...any) {
			all = append(all, Violation{f.Path, t.fset.Position(pos).Line, fmt.Sprintf(format, args...), r.reason})
		})
	}
	slices.SortStableFunc(all, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// rules are the house rules; docs.go, habits.go, layers.go and floors.go hold
// their checks.
var rules = slices.Concat(docRules, habitRules, layerRules, floorRules)

// test says whether a file is compiled for tests only.
func (f *File) test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// dir is the file's folder; "." for the root.
func (f *File) dir() string { return path.Dir(f.Path) }

// in says whether the file is in one of the folders or below.
func (f *File) in(folders ...string) bool { return under(f.dir(), folders...) }

// under says whether a folder is one of the folders or below.
func under(dir string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return dir == folder || strings.HasPrefix(dir, folder+"/")
	})
}

// imported is the path that an import names.
func imported(spec *ast.ImportSpec) string {
	name, _ := strconv.Unquote(spec.Path.Value) // the parser checked it
	return name
}

// each makes a check of one file into a check of the tree.
func each(check func(f *File, report reporter)) func(*Tree, reporter) {
	return func(t *Tree, report reporter) {
		for _, f := range t.Files {
			check(f, report)
		}
	}
}
