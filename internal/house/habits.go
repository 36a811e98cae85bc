// This file holds the rules of what no file does: sleep, skip, leave work open, hide work in init, name things vaguely.

package house

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

var habitRules = []rule{
	{"a sleep makes a test slow or flaky and ignores the context: use testing/synctest, a channel, or a ticker with a deadline", each(checkSleep)},
	{"a skipped test proves nothing: the test kit starts the servers that a test needs", each(checkSkip)},
	{"unfinished work does not land; say what is left in an issue", each(checkUnfinished)},
	{"only the registration of drivers and backends may happen before main", each(checkInit)},
	{"after a return the happy path goes on at the left edge", each(checkElse)},
	{"a bare true at a call says nothing: use two functions, a named type or an options struct", each(checkBool)},
	{"the name says nothing that its neighbours do not: take the field's own word", each(checkNames)},
	{"a path of one machine is wrong on every other", each(checkMachinePath)},
	{"the clock on the wall jumps, and an answer would be shown for hours or end at once: compare times of time.Now, which have the monotonic clock", each(checkWallClock)},
	{"goroutines that outlive a test are leaks of the product: call goleak.VerifyTestMain or dbtest.Main in the package's TestMain", checkLeakTest},
}

func checkSleep(f *File, report reporter) {
	inspect(f, func(call *ast.CallExpr) {
		if qualified(call.Fun, "time", "Sleep") {
			report(f, call.Pos(), "time.Sleep")
		}
	})
}

// skips is the one file that may leave tests out: where a real Oracle takes the
// double's place, it has no faults to inject.
const skips = "internal/dbtest/oracle_real.go"

func checkSkip(f *File, report reporter) {
	if f.Path == skips {
		return
	}
	inspect(f, func(call *ast.CallExpr) {
		for _, receiver := range []string{"t", "b", "f", "tb"} {
			for _, method := range []string{"Skip", "Skipf", "SkipNow"} {
				if qualified(call.Fun, receiver, method) {
					report(f, call.Pos(), "%s.%s", receiver, method)
				}
			}
		}
	})
}

// inspect visits the calls of a file.
func inspect(f *File, visit func(*ast.CallExpr)) {
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			visit(call)
		}
		return true
	})
}

// qualified says whether an expression is x.name.
func qualified(e ast.Expr, x, name string) bool {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	id, ok := selector.X.(*ast.Ident)
	return ok && id.Name == x
}

var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b|(?i:not implemented)`)

func checkUnfinished(f *File, report reporter) {
	for _, group := range f.Syntax.Comments {
		for _, c := range group.List {
			if word := unfinished.FindString(c.Text); word != "" {
				report(f, c.Pos(), "%q in a comment", word)
			}
		}
	}
	inspect(f, func(call *ast.CallExpr) {
		for _, arg := range call.Args {
			if text, ok := arg.(*ast.BasicLit); ok && text.Kind == token.STRING && unfinished.MatchString(text.Value) {
				report(f, text.Pos(), "%s", text.Value)
			}
		}
	})
}

func checkInit(f *File, report reporter) {
	for _, decl := range f.Syntax.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || d.Recv != nil || d.Name.Name != "init" {
			continue
		}
		for _, statement := range d.Body.List {
			if !registers(statement) {
				report(f, statement.Pos(), "func init does more than register")
			}
		}
	}
}

// registers says whether a statement calls something named Register.
func registers(statement ast.Stmt) bool {
	found := false
	ast.Inspect(statement, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			switch f := call.Fun.(type) {
			case *ast.Ident:
				found = found || strings.HasPrefix(f.Name, "register")
			case *ast.SelectorExpr:
				found = found || strings.HasPrefix(f.Sel.Name, "Register")
			}
		}
		return true
	})
	return found
}

func checkElse(f *File, report reporter) {
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		s, ok := n.(*ast.IfStmt)
		if !ok || s.Else == nil || s.Init != nil || len(s.Body.List) == 0 {
			return true
		}
		switch s.Body.List[len(s.Body.List)-1].(type) {
		case *ast.ReturnStmt, *ast.BranchStmt:
			report(f, s.Else.Pos(), "else after a block that leaves")
		}
		return true
	})
}

// boolAllowed are methods whose signature somebody else decided: the builder's
// that applications already call, and flag.Value-like interfaces.
var boolAllowed = map[string]bool{"WithLeakDetection": true, "WithCache": true}

func checkBool(f *File, report reporter) {
	if f.test() || f.Syntax.Name.Name == "main" || strings.Contains("/"+f.Path, "/internal/") {
		return
	}
	for _, decl := range f.Syntax.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || !d.Name.IsExported() || !exportedReceiver(d) || boolAllowed[d.Name.Name] {
			continue
		}
		for _, param := range d.Type.Params.List {
			if id, ok := param.Type.(*ast.Ident); ok && id.Name == "bool" {
				report(f, param.Pos(), "%s takes a bool", d.Name.Name)
			}
		}
	}
}

var vague = regexp.MustCompile(`(Manager|Helper|Helpers|Util|Utils|Impl)$`)

func checkNames(f *File, report reporter) {
	for _, decl := range f.Syntax.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if vague.MatchString(d.Name.Name) {
				report(f, d.Name.Pos(), "%s", d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok && vague.MatchString(s.Name.Name) {
					report(f, s.Name.Pos(), "%s", s.Name.Name)
				}
			}
		}
	}
}

var machinePath = regexp.MustCompile(`(^|[^\w.])/(work|root|home/\w+)/`)

func checkMachinePath(f *File, report reporter) {
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.BasicLit:
			if machinePath.MatchString(x.Value) {
				report(f, x.Pos(), "%s", x.Value)
			}
		case *ast.Comment:
			if machinePath.MatchString(x.Text) {
				report(f, x.Pos(), "%s", x.Text)
			}
		}
		return true
	})
}

func checkLeakTest(t *Tree, report reporter) {
	first, covered := map[string]*File{}, map[string]bool{}
	for _, f := range t.Files {
		if !f.test() {
			continue
		}
		if first[f.dir()] == nil {
			first[f.dir()] = f
		}
		inspect(f, func(call *ast.CallExpr) {
			if qualified(call.Fun, "goleak", "VerifyTestMain") || qualified(call.Fun, "dbtest", "Main") {
				covered[f.dir()] = true
			}
			// The test kit's own tests call it without a qualifier.
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "Main" && f.dir() == "internal/dbtest" {
				covered[f.dir()] = true
			}
		})
	}
	for _, f := range t.Files {
		if first[f.dir()] == f && !covered[f.dir()] {
			report(f, f.Syntax.Package, "no TestMain of %s looks for leaked goroutines", f.dir())
		}
	}
}
