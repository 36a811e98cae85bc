// This file writes docs/CACHED.md: what the cache makes of statements over real databases, and each code with its meaning.

package fluxor_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/catalog"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// TestTheCachedPageIsCurrent: with -update it writes the page anew.
func TestTheCachedPageIsCurrent(t *testing.T) {
	want := cachedPage(t)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile("docs/CACHED.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, "docs/CACHED.md"); got != want {
		t.Errorf("docs/CACHED.md is out of date; run go test . -run TestTheCachedPageIsCurrent -update\n%s", want)
	}
}

// cachedPage makes the page of what the databases say.
func cachedPage(t *testing.T) string {
	t.Helper()
	page, examples := cachedText, map[string]string{}
	for _, on := range cachedSamples {
		page = strings.Replace(page, strings.ToUpper(on.dialect)+" ROWS\n", on.rows(t, examples), 1)
		page = strings.Replace(page, strings.ToUpper(on.dialect)+" SCHEMA\n", fence(on.schema), 1)
	}
	return strings.Replace(page, "CODES\n", codeRows(examples), 1)
}

// fence puts statements into a block.
func fence(statements []string) string {
	return "```sql\n" + strings.Join(statements, ";\n") + ";\n```\n"
}

// rows asks the database's cache about each sample, by its text alone and with the schema.
func (on cachedDialect) rows(t *testing.T, examples map[string]string) string {
	t.Helper()
	var c *fluxor.Connector
	textOnly := &fluxor.Understanding{Type: on.dialect, Config: fluxor.RuntimeConfig{Cache: "all"}}
	if on.known {
		c = on.open(t, on.schema)
		if err := c.LearnSchema(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	for _, s := range on.samples {
		text := textOnly.ExplainCache(s.text)
		with := text
		if on.known {
			with = c.ExplainCache(s.text)
		}
		b.WriteString(sampleRow(s, text, with, on, examples))
	}
	return b.String()
}

// sampleRow is a sample's row, and notes it as an example of its codes.
func sampleRow(s sample, text, with fluxor.CacheVerdict, on cachedDialect, examples map[string]string) string {
	for _, v := range []fluxor.CacheVerdict{text, with} {
		for _, code := range []string{v.Why, v.ReadsAllWhy, v.WritesAllWhy} {
			base, _, _ := strings.Cut(code, ":")
			if base != "" && examples[base] == "" {
				examples[base] = inCode(s.text) + ", " + on.name
			}
		}
	}
	depends, ends := "", tagList(with.Writes, with.WritesAll, with.WritesAllWhy)
	if with.Kept {
		depends = tagList(with.Reads, with.ReadsAll, with.ReadsAllWhy)
	}
	cached := keptCell(with)
	if before := keptCell(text); on.known && before != cached {
		cached += "; by the text alone " + before
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", s.what, inCode(s.text), cached, depends, ends)
}

func keptCell(v fluxor.CacheVerdict) string {
	if v.Kept {
		return "yes"
	}
	return "no: `" + v.Why + "`"
}

func tagList(tags []string, all bool, why string) string {
	switch {
	case all && why != "":
		return "everything: `" + why + "`"
	case all:
		return "everything"
	case len(tags) == 0:
		return "nothing"
	}
	return strings.Join(tags, ", ")
}

// inCode writes a text as code in a table's cell.
func inCode(text string) string {
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// codeRows are all codes with their meaning, and a sample where the page has one.
func codeRows(examples map[string]string) string {
	var b strings.Builder
	row := func(code, of, text string) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", code, of, text, examples[code])
	}
	for _, code := range sqltext.Codes() {
		if text, _ := sqltext.TextOf(code); code != "one-read" { // which speaks against nothing
			row(code, "the text", text)
		}
	}
	for _, code := range catalog.Codes() {
		if text, _ := catalog.TextOf(code); !slices.Contains(sqltext.Codes(), code) {
			row(code, "the schema", text)
		}
	}
	for _, code := range cacheplan.Codes() {
		row(code, "the settings", cacheplan.Text(code))
	}
	own := fluxor.CacheReasons()
	for _, code := range slices.Sorted(maps.Keys(own)) {
		row(code, "the moment", own[code])
	}
	return b.String()
}

// codeConstants are the constants of a kind of name in Go files.
func codeConstants(t *testing.T, pattern, name string) (found []string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !regexp.MustCompile(name).MatchString(spec.Names[0].Name) {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				code, _ := strconv.Unquote(lit.Value)
				found = append(found, code)
			}
			return true
		})
	}
	return found
}

func TestEachCodeOfTheCacheStandsOnThePageWithItsMeaning(t *testing.T) {
	_, section, _ := strings.Cut(read(t, "docs/CACHED.md"), "\n## The codes\n")
	meaning := map[string]string{}
	for _, row := range cells(section) {
		if code := strings.Trim(row[0], "`"); code != row[0] {
			if meaning[code] != "" {
				t.Errorf("%s stands there twice", code)
			}
			meaning[code] = row[2]
		}
	}
	inCode := append(codeConstants(t, "cache*.go", "^why[A-Z]"), codeConstants(t, "internal/cacheplan/*.go", "^Why[A-Z]")...)
	if len(inCode) < 18 {
		t.Fatalf("only %d constants were found: %q", len(inCode), inCode)
	}
	for _, code := range slices.Concat(inCode, sqltext.Codes()[1:], catalog.Codes()) {
		if text := meaning[code]; text == "" || text == code {
			t.Errorf("%s has no meaning on the page", code)
		}
	}
}

// sample is a statement and what it stands for.
type sample struct{ what, text string }

// cachedDialect is a kind of database with its samples.
type cachedDialect struct {
	dialect, name string
	known         bool // the schema can be learned
	schema        []string
	samples       []sample
	open          func(t *testing.T, schema []string) *fluxor.Connector
}

// schemaOn makes a schema in a new database and opens a cache over it.
func schemaOn(b networkBackend) func(t *testing.T, schema []string) *fluxor.Connector {
	return func(t *testing.T, schema []string) *fluxor.Connector {
		t.Helper()
		target := b.share(t).NewDatabase(t)
		bare := b.raw(t, target)
		for _, text := range schema {
			mustExec(t, bare, text)
		}
		return cacheOver(t, fluxor.RuntimeConfig{DSN: b.dsn(target), Cache: "all"})
	}
}

func schemaOnSQLite(t *testing.T, schema []string) *fluxor.Connector {
	t.Helper()
	dsn := filepath.Join(t.TempDir(), "erp.db")
	bare := openName(t, "sqlite", dsn)
	for _, text := range schema {
		mustExec(t, bare, text)
	}
	return cacheOver(t, fluxor.RuntimeConfig{DSN: dsn, Cache: "all"})
}
