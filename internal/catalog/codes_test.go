// This file tests that each code has its meaning.

package catalog

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// givers are the functions that take a code, or return one.
var givers = []string{"unkeep", "unbind", "refuse"}

// codesInSource are the literals that the package's files give as codes.
func codesInSource(t *testing.T) (found []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literals := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if code, _ := strconv.Unquote(lit.Value); len(code) > 2 {
					found = append(found, code)
				}
			}
			return true
		})
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains(givers, f.Sel.Name) {
					literals(n.Args[0])
				}
			case *ast.FuncDecl:
				if n.Name.Name == "unkeptQuery" {
					for _, s := range returnsOf(n) {
						literals(s)
					}
				}
			}
			return true
		})
	}
	return found
}

func returnsOf(f *ast.FuncDecl) (list []ast.Node) {
	ast.Inspect(f, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok {
			list = append(list, r)
		}
		return true
	})
	return list
}

func TestEachCodeOfTheCatalogHasItsMeaning(t *testing.T) {
	found := codesInSource(t)
	if len(found) < 20 {
		t.Fatalf("only %d codes were found in the source: %q", len(found), found)
	}
	for _, code := range found {
		if code == "user-" { // a kind follows
			continue
		}
		if _, ok := TextOf(code); !ok {
			t.Errorf("%s has no meaning in codes.go", code)
		}
	}
	for code := range codes {
		if !slices.Contains(found, code) && !strings.HasPrefix(code, "user-") {
			t.Errorf("nothing gives the code %s", code)
		}
	}
	for _, code := range []string{"user-operator: +", "user-cast: text", "user-overload: lower", "user-type: money", "user-order: text", "user-namesake: coalesce"} {
		if _, ok := TextOf(code); !ok {
			t.Errorf("%s has no meaning", code)
		}
	}
	if text, ok := TextOf("nothing"); ok {
		t.Errorf("an unknown code means %q", text)
	}
}
