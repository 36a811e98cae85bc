// This file keeps the README and the documents in step with the code: snippets compile, DSNs open, links and file names lead somewhere.

package fluxor_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var documents = []string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/CONFIG.md", "docs/DESIGN.md", "docs/ERRORS.md", "docs/SQLMW.md"}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fenced returns the blocks of a document that are marked with a language.
func fenced(text, language string) []string {
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// paragraphs parts code at blank lines and strips all indentation.
func paragraphs(code string) []string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Split(strings.Trim(strings.Join(lines, "\n"), "\n"), "\n\n")
}

// asExample makes an example's paragraphs of those of a whole program.
func asExample(code string) []string {
	code = strings.TrimPrefix(code, "package main\n")
	return paragraphs(strings.Replace(code, "\nfunc main() {\n", "\nfunc Example() {\n", 1))
}

func TestEveryGoSnippetOfTheReadmeStandsInAnExample(t *testing.T) {
	files, err := filepath.Glob("example*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var examples []string
	for _, name := range files {
		examples = append(examples, "\n"+strings.Join(paragraphs(read(t, name)), "\n\n")+"\n")
	}
	blocks := fenced(read(t, "README.md"), "go")
	if len(blocks) == 0 {
		t.Fatal("the README has no Go snippet")
	}
	for _, block := range blocks {
		holds := func(example string) bool {
			return !slices.ContainsFunc(asExample(block), func(p string) bool {
				return !strings.Contains(example, "\n"+p+"\n")
			})
		}
		if !slices.ContainsFunc(examples, holds) {
			t.Errorf("no file of examples holds all paragraphs of this snippet:\n%s", block)
		}
	}
}

func TestEveryDSNOfTheReadmeOpens(t *testing.T) {
	blocks := fenced(read(t, "README.md"), "dsn")
	if len(blocks) == 0 {
		t.Fatal("the README has no DSN")
	}
	for dsn := range strings.Lines(strings.Join(blocks, "")) {
		db, err := sql.Open("fluxor", strings.TrimSpace(dsn))
		if err != nil {
			t.Error(err)
			continue
		}
		_ = db.Close()
	}
}

func TestEveryLinkOfTheDocumentsLeadsToAFile(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, name := range documents {
		for _, m := range link.FindAllStringSubmatch(read(t, name), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestTheDesignKnowsEveryFile: the map in docs/DESIGN.md has a row for each
// file of the root package and of the packages below it that carry the weight,
// and no row for a file that is gone.
func TestTheDesignKnowsEveryFile(t *testing.T) {
	design := read(t, "docs/DESIGN.md")
	row := regexp.MustCompile("(?m)^\\| `([^`]+\\.go)` \\|")
	mapped := map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(design, -1) {
		mapped[m[1]] = true
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("docs/DESIGN.md: %v", err)
		}
	}
	for _, folder := range []string{".", "middleware", "middleware/sqlmw", "refusal", "backend", "internal/pool", "internal/netshim", "internal/dsn"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if name = filepath.ToSlash(name); !strings.HasSuffix(name, "_test.go") && !mapped[name] {
				t.Errorf("docs/DESIGN.md has no row for %s", name)
			}
		}
	}
}
