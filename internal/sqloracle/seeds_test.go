// This file takes the texts of sqltext's tables for seeds and makes new texts of their pieces.

package sqloracle

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// seeds are the texts of the tables of traps whose names contain dialect.
func seeds(t testing.TB, dialect string) (texts []string) {
	t.Helper()
	files, err := filepath.Glob("../sqltext/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, file := range files {
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range syntax.Decls {
			texts = append(texts, rows(decl, dialect)...)
		}
	}
	if len(texts) < 50 {
		t.Fatalf("only %d seeds for %s", len(texts), dialect)
	}
	return texts
}

// rows are the texts of a table, if decl is one of that dialect.
func rows(decl ast.Decl, dialect string) (texts []string) {
	table, ok := decl.(*ast.GenDecl)
	if !ok || table.Tok != token.VAR {
		return nil
	}
	spec := table.Specs[0].(*ast.ValueSpec)
	if !strings.Contains(strings.ToLower(spec.Names[0].Name), dialect) || len(spec.Values) == 0 {
		return nil
	}
	list, ok := spec.Values[0].(*ast.CompositeLit)
	if !ok {
		return nil
	}
	for _, row := range list.Elts {
		if fields, ok := row.(*ast.CompositeLit); ok && len(fields.Elts) > 0 {
			if text, ok := fields.Elts[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
				s, _ := strconv.Unquote(text.Value) // the compiler accepted it
				texts = append(texts, s)
			}
		}
	}
	return texts
}

// piece is roughly a token; a text is its pieces one after the other.
var piece = regexp.MustCompile(`(?s)'[^']*'|"[^"]*"|` + "`[^`]*`" + `|[\pL_][\pL\pN_]*|\d+|\s+|.`)

// mixer makes texts of the pieces of others.
type mixer struct {
	texts [][]string
	all   []string // every piece once
}

func newMixer(texts []string) *mixer {
	m := &mixer{}
	known := map[string]bool{}
	for _, text := range texts {
		pieces := piece.FindAllString(text, -1)
		if len(pieces) == 0 {
			continue
		}
		m.texts = append(m.texts, pieces)
		for _, p := range pieces {
			if !known[p] {
				known[p] = true
				m.all = append(m.all, p)
			}
		}
	}
	return m
}

// mix changes a text by a program: each four bytes replace, insert, remove or
// graft a piece or a part of another text.
func (m *mixer) mix(text string, program []byte) string {
	pieces := piece.FindAllString(text, -1)
	for ; len(program) >= 4 && len(pieces) > 0 && len(pieces) < 400; program = program[4:] {
		at := int(program[1]) % len(pieces)
		pick := int(program[2])<<8 | int(program[3])
		switch program[0] % 5 {
		case 0:
			pieces[at] = m.all[pick%len(m.all)]
		case 1:
			pieces = spliced(pieces, at, at, []string{" ", m.all[pick%len(m.all)], " "})
		case 2:
			pieces = spliced(pieces, at, min(len(pieces), at+1+pick%4), nil)
		case 3:
			other := m.texts[pick%len(m.texts)]
			from := int(program[3]) % len(other)
			pieces = spliced(pieces, at, at, other[from:min(len(other), from+1+int(program[2])%16)])
		case 4: // a whole query in parentheses
			other := m.texts[pick%len(m.texts)]
			pieces = spliced(pieces, at, min(len(pieces), at+1), append(append([]string{"("}, other...), ")"))
		}
	}
	return strings.Join(pieces, "")
}

// spliced puts others in the place of pieces from i to k.
func spliced(pieces []string, i, k int, others []string) []string {
	out := append([]string{}, pieces[:i]...)
	out = append(out, others...)
	return append(out, pieces[k:]...)
}

// fuzzMixtures lets the fuzzer mix the dialect's texts and compares what comes.
func fuzzMixtures(f *testing.F, dialect string, compare func(t *testing.T, text string) bool) {
	texts := seeds(f, dialect)
	m := newMixer(texts)
	for i, text := range texts {
		f.Add(text, []byte{byte(i), byte(i >> 3), byte(i * 7), byte(i * 13), byte(i + 3), byte(i >> 1), byte(i * 11), byte(i * 5)})
	}
	f.Fuzz(func(t *testing.T, text string, program []byte) { compare(t, m.mix(text, program)) })
}
