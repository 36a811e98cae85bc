// This file holds the rules of what is written for the reader: file heads, documentation and sizes.

package house

import (
	"bytes"
	"go/ast"
	"go/doc"
	"go/token"
	"strings"
)

// The longest function and the longest file.
const (
	mostFunctionLines = 60
	mostFileLines     = 400
)

var docRules = []rule{
	{"the first comment of a file is one sentence that says what the file is for, so that a reader knows whether to read on", each(checkHead)},
	{"a package has exactly one documentation, so that there is one place to look", checkPackageDoc},
	{"an exported name is documented in sentences, because its comment is all that a user sees", each(checkExported)},
	{"a function longer than a page does more than one step", each(checkFunctionLength)},
	{"a longer file holds more than one concept", each(checkFileLength)},
}

func checkHead(f *File, report reporter) {
	head := firstComment(f.Syntax)
	if head == nil || head.Pos() > f.Syntax.Package {
		report(f, f.Syntax.FileStart, "no comment before the package clause")
		return
	}
	text := strings.Join(strings.Fields(head.Text()), " ")
	switch sentence := new(doc.Package).Synopsis(text); {
	case !strings.HasSuffix(sentence, "."):
		report(f, head.Pos(), "the first comment does not end with a period")
	case head != f.Syntax.Doc && sentence != text:
		report(f, head.Pos(), "the first comment is more than one sentence")
	}
}

// firstComment is the first comment that is not a directive.
func firstComment(syntax *ast.File) *ast.CommentGroup {
	for _, group := range syntax.Comments {
		if strings.TrimSpace(group.Text()) != "" { // Text leaves directives out
			return group
		}
	}
	return nil
}

func checkPackageDoc(t *Tree, report reporter) {
	documented := map[string]*File{}
	for _, f := range t.Files {
		if f.test() || f.Syntax.Doc == nil || strings.TrimSpace(f.Syntax.Doc.Text()) == "" {
			continue
		}
		if first, twice := documented[f.dir()]; twice {
			report(f, f.Syntax.Doc.Pos(), "the package is documented in %s already", first.Path)
			continue
		}
		documented[f.dir()] = f
	}
	for _, f := range t.Files {
		if !f.test() && documented[f.dir()] == nil {
			report(f, f.Syntax.Package, "package %s has no documentation in any file", f.Syntax.Name.Name)
			documented[f.dir()] = f // once is enough
		}
	}
}

func checkExported(f *File, report reporter) {
	if f.test() {
		return
	}
	for _, decl := range f.Syntax.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && exportedReceiver(d) {
				checkDoc(f, report, d.Name, d.Doc, nil)
			}
		case *ast.GenDecl:
			checkGroup(f, report, d)
		}
	}
}

// exportedReceiver says whether a user can see the function: methods of
// unexported types serve an interface, which is documented where it is.
func exportedReceiver(d *ast.FuncDecl) bool {
	name := receiverName(d)
	return name == "" || ast.IsExported(name)
}

// receiverName is the name of a method's type; empty for a function.
func receiverName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func checkGroup(f *File, report reporter, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() {
				checkDoc(f, report, s.Name, s.Doc, d.Doc)
				checkMembers(f, report, s.Type)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && s.Comment == nil {
					checkDoc(f, report, name, s.Doc, d.Doc)
				}
			}
		}
	}
}

// checkMembers looks at the exported fields and methods of an exported type.
// One comment may speak for the lines that follow it without a gap, the type's
// own for the first lines.
func checkMembers(f *File, report reporter, e ast.Expr) {
	var fields *ast.FieldList
	switch x := e.(type) {
	case *ast.StructType:
		fields = x.Fields
	case *ast.InterfaceType:
		fields = x.Methods
	default:
		return
	}
	spoken := fields.Opening // where the last documented line is
	for _, field := range fields.List {
		follows := spoken.IsValid() && f.newlines(spoken, field.Pos()) <= 1
		if field.Doc != nil || field.Comment != nil || follows {
			spoken = field.End()
			continue
		}
		spoken = token.NoPos
		for _, name := range field.Names {
			if name.IsExported() {
				report(f, name.Pos(), "%s has no comment", name.Name)
			}
		}
	}
}

// newlines counts the line ends between two positions.
func (f *File) newlines(from, to token.Pos) int {
	base := f.Syntax.FileStart
	return bytes.Count(f.text[from-base:to-base], []byte("\n"))
}

// checkDoc wants a comment on the name itself, or on the group it is in.
func checkDoc(f *File, report reporter, name *ast.Ident, own, group *ast.CommentGroup) {
	if own == nil {
		own = group
	}
	if own == nil || strings.TrimSpace(own.Text()) == "" {
		report(f, name.Pos(), "%s has no comment", name.Name)
		return
	}
	if !finished(own.Text()) {
		report(f, own.End(), "the comment of %s does not end with a period", name.Name)
	}
}

// finished says whether a text ends a sentence, or ends in an indented example.
func finished(text string) bool {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	last := lines[len(lines)-1]
	return strings.HasPrefix(last, "\t") || strings.HasPrefix(last, "  ") || strings.HasSuffix(last, ".")
}

func checkFunctionLength(f *File, report reporter) {
	for _, decl := range f.Syntax.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if lines := 1 + f.newlines(d.Pos(), d.End()); lines > mostFunctionLines {
			report(f, d.Pos(), "%s has %d lines, at most %d are allowed", d.Name.Name, lines, mostFunctionLines)
		}
	}
}

func checkFileLength(f *File, report reporter) {
	if lines := bytes.Count(f.text, []byte("\n")); lines > mostFileLines {
		report(f, f.Syntax.Package, "%d lines, at most %d are allowed", lines, mostFileLines)
	}
}
