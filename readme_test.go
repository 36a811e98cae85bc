// This file keeps the README and the documents in step with the code: snippets compile, DSNs open, links and file names lead somewhere.

package fluxor_test

import (
	"database/sql"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/snippet"
)

// documents are all pages, by name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no page (%v)", pattern, err)
		}
		for _, name := range names {
			pages[filepath.ToSlash(name)] = read(t, name)
		}
	}
	return pages
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryGoSnippetStandsInAnExample(t *testing.T) {
	for name, pattern := range map[string]string{
		"README.md": "example*_test.go", "docs/OPERATING.md": "example_operating_test.go", "docs/SQLMW.md": "middleware/sqlmw/example_test.go",
		"docs/ADMIN.md": "admin/example_test.go", "docs/CACHE.md": "example_cache_test.go",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		var examples []string
		for _, name := range files {
			examples = append(examples, read(t, name))
		}
		page := read(t, name)
		if len(snippet.Fenced(page, "go")) == 0 {
			t.Fatalf("%s has no Go snippet", name)
		}
		for _, block := range snippet.Missing(page, examples) {
			t.Errorf("%s: no file of examples holds all paragraphs of this snippet:\n%s", name, block)
		}
	}
}

func TestEveryDSNOfTheReadmeAndTheHandbookOpens(t *testing.T) {
	for _, name := range []string{"README.md", "docs/OPERATING.md", "docs/CACHE.md"} {
		blocks := snippet.Fenced(read(t, name), "dsn")
		if len(blocks) == 0 {
			t.Fatalf("%s has no DSN", name)
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
}

func TestEveryLinkOfTheDocumentsLeadsToAFileOrAHeading(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]*)(?:#([^)]*))?\)`)
	pages := documents(t)
	for name, page := range pages {
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			file, anchor := path.Join(path.Dir(name), m[1]), m[2]
			if m[1] == "" {
				file = name
			}
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if anchor != "" && !slices.Contains(anchors(pages[file]), anchor) {
				t.Errorf("%s: %s has no heading for #%s", name, file, anchor)
			}
		}
	}
}

// anchors are the names by which a page's headings are linked to.
func anchors(page string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		words := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(words, " ", "-"))
	}
	return all
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
	for _, folder := range []string{".", "middleware", "middleware/sqlmw", "health", "health/handler", "admin", "refusal", "backend", "internal/pool", "internal/netshim", "internal/dsn", "internal/breaker", "internal/limit"} {
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
