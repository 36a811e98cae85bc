// This file reads a tree of YAML by tables of keys, and collects everything that is wrong with it.

package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Fault is one thing that is wrong in a file.
type Fault struct {
	// File is the file's name, Line and Column where it is, from 1 on; 0 where it is
	// nowhere in particular.
	File         string
	Line, Column int
	// Path leads to it through the keys, such as users[0].role; "" is the whole file.
	Path string
	// Text says what is wrong. It shows no secret.
	Text string
}

// Error is the fault in a line.
func (f Fault) Error() string {
	text := f.File
	if f.Line > 0 {
		text += fmt.Sprintf(":%d:%d", f.Line, f.Column)
	}
	if f.Path != "" {
		text += ": " + f.Path
	}
	return text + ": " + f.Text
}

// Faults are all that is wrong in a file, in its order. Retrying does not help until
// it is mended.
type Faults []Fault

// Error is a fault per line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].Error()
	}
	return strings.Join(lines, "\n")
}

// key is a key of an object, and where its value goes in a T.
type key[T any] struct {
	name string
	// restart says that a change is seen by a new process alone.
	restart bool
	read    func(r *reader, n ast.Node, to *T)
	// show is the value for people, without secrets; nil is none.
	show func(of *T) any
}

// atRestart are keys whose change needs a new process.
func atRestart[T any](keys ...key[T]) []key[T] {
	for i := range keys {
		keys[i].restart = true
	}
	return keys
}

// place is where something stands.
type place struct{ line, column int }

// reader is what one file is read with.
type reader struct {
	file   string
	faults Faults
	places map[string]place // by path
	secret func(reference string) (string, error)
}

// tree parses the text; nil where that failed or there is nothing.
func (r *reader) tree(text []byte) ast.Node {
	f, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var body ast.Node
	for _, d := range f.Docs {
		switch {
		case d.Body == nil:
		case body != nil:
			r.fault(d.Body, "a second document; one is expected")
		default:
			body = d.Body
		}
	}
	if body == nil && len(r.faults) == 0 {
		r.faults = append(r.faults, Fault{File: r.file, Text: "the file is empty"})
	}
	return body
}

// syntax notes what the parser could not read. The parser's own text would quote
// the lines, which may hold a secret.
func (r *reader) syntax(err error) {
	f := Fault{File: r.file, Text: "this is no YAML"}
	if e, ok := err.(interface { //nolint:errorlint // the parser returns it bare
		GetMessage() string
		GetToken() *token.Token
	}); ok {
		f.Text = e.GetMessage()
		if t := e.GetToken(); t != nil && t.Position != nil {
			f.Line, f.Column = t.Position.Line, t.Position.Column
		}
	}
	r.faults = append(r.faults, f)
}

// fault notes what is wrong at a node.
func (r *reader) fault(n ast.Node, format string, args ...any) {
	p := placeOf(n)
	r.faults = append(r.faults, Fault{r.file, p.line, p.column, pathOf(n), fmt.Sprintf(format, args...)})
}

// wrong notes what is wrong at a path, or at the nearest thing around it that
// stands in the file.
func (r *reader) wrong(path, format string, args ...any) {
	at, ok := r.places[path]
	for near := path; !ok && near != ""; {
		near = near[:max(strings.LastIndexAny(near, ".["), 0)]
		at, ok = r.places[near]
	}
	r.faults = append(r.faults, Fault{r.file, at.line, at.column, path, fmt.Sprintf(format, args...)})
}

// placeOf is where a node begins; a mapping does so with its first key.
func placeOf(n ast.Node) place {
	if m, ok := n.(ast.MapNode); ok {
		if i := m.MapRange(); i.Next() {
			n = i.Key()
		}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return place{t.Position.Line, t.Position.Column}
	}
	return place{}
}

// pathOf is the way to a node, as a Fault has it.
func pathOf(n ast.Node) string { return strings.TrimPrefix(strings.TrimPrefix(n.GetPath(), "$"), ".") }

// object reads a mapping by a table of its keys.
func object[T any](r *reader, n ast.Node, keys []key[T], to *T) {
	seen := map[string]bool{}
	members(r, n, func(name string, k, v ast.Node) {
		i := indexOf(keys, name)
		switch {
		case i < 0:
			r.fault(k, "there is no such key%s; there are %s", meant(name, names(keys)), strings.Join(names(keys), ", "))
		case seen[name]:
			r.fault(k, "the key stands there twice")
		case v.Type() == ast.NullType:
			r.fault(k, "the key has no value")
		default:
			keys[i].read(r, v, to)
		}
		seen[name] = true
	})
}

// members calls f for each member of a mapping.
func members(r *reader, n ast.Node, f func(name string, k, v ast.Node)) {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.fault(n, "want keys with values, not %s", kindOf(n))
		return
	}
	for i := m.MapRange(); i.Next(); {
		k, v := i.Key(), i.Value()
		name := k.GetToken().Value
		r.places[pathOf(v)] = placeOf(k)
		f(name, k, v)
	}
}

// kindOf names what stands there.
func kindOf(n ast.Node) string {
	switch n.Type() {
	case ast.StringType, ast.LiteralType:
		return "a text"
	case ast.IntegerType:
		return "a whole number"
	case ast.BoolType:
		return "true or false"
	case ast.SequenceType:
		return "a list"
	case ast.MappingType, ast.MappingValueType:
		return "keys with values"
	case ast.NullType:
		return "nothing"
	case ast.AnchorType, ast.AliasType:
		return "an " + strings.ToLower(n.Type().String())
	}
	return "a " + strings.ToLower(n.Type().String())
}

func indexOf[T any](keys []key[T], name string) int {
	for i := range keys {
		if keys[i].name == name {
			return i
		}
	}
	return -1
}

func names[T any](keys []key[T]) []string {
	all := make([]string, len(keys))
	for i := range keys {
		all[i] = keys[i].name
	}
	return all
}

// meant is the name that may have been meant, in words.
func meant(name string, known []string) string {
	for _, k := range known {
		if squeezed(k) == squeezed(name) || len(name) > 2 && (strings.HasPrefix(k, name) || strings.HasPrefix(name, k)) {
			return ", did you mean " + k + "?"
		}
	}
	return ""
}

// squeezed is a name without what is easily confused in it.
func squeezed(name string) string {
	return strings.TrimSuffix(strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name)), "s")
}
