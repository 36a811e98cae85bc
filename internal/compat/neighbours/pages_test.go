// This file keeps the pages in docs/neighbours in step with the code that is run here.

package neighbours

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fluxor-db/fluxor/internal/snippet"
)

// tested reads the files of a pattern, of which there must be some.
func tested(t *testing.T, pattern string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no file is named %s: %v", pattern, err)
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return texts
}

func TestEveryGoSnippetOfThePagesIsRun(t *testing.T) {
	var sources []string
	for _, text := range tested(t, "*_page_test.go") {
		sources = append(sources, text)
	}
	for name, page := range tested(t, "../../../docs/neighbours/*.md") {
		if len(snippet.Fenced(page, "go")) == 0 {
			t.Errorf("%s has no Go snippet", name)
		}
		for _, block := range snippet.Missing(page, sources) {
			t.Errorf("%s: no tested file holds all paragraphs of this snippet:\n%s", name, block)
		}
	}
}
