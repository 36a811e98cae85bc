// This file keeps the README and the documents in step with the code: snippets compile, DSNs open, links and file names lead somewhere.

package fluxor_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/snippet"
)

var documents = []string{
	"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/CONFIG.md", "docs/DESIGN.md", "docs/ERRORS.md", "docs/SQLMW.md", "docs/FINDINGS.md",
	"docs/neighbours/gorm.md", "docs/neighbours/sqlx.md", "docs/neighbours/ent.md", "docs/neighbours/bun.md", "docs/neighbours/goose.md",
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryGoSnippetOfTheReadmeStandsInAnExample(t *testing.T) {
	files, err := filepath.Glob("example*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var examples []string
	for _, name := range files {
		examples = append(examples, read(t, name))
	}
	readme := read(t, "README.md")
	if len(snippet.Fenced(readme, "go")) == 0 {
		t.Fatal("the README has no Go snippet")
	}
	for _, block := range snippet.Missing(readme, examples) {
		t.Errorf("no file of examples holds all paragraphs of this snippet:\n%s", block)
	}
}

func TestEveryDSNOfTheReadmeOpens(t *testing.T) {
	blocks := snippet.Fenced(read(t, "README.md"), "dsn")
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
