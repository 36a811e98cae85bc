//go:build unix && cgo

// This file holds the rules of the C sources.

package ocisim_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	mostLines    = 400 // of a file
	mostFunction = 40  // lines of a function
)

var exported = regexp.MustCompile(`^API .*\b(OCI\w+)\(`)

func TestSourcesKeepTheirRules(t *testing.T) {
	files, err := filepath.Glob("src/*.[ch]")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		opening := strings.Join(lines[:2], " ")
		if !strings.HasPrefix(opening, "/*") || !strings.Contains(opening, filepath.Base(path)+" - ") {
			t.Errorf("%s does not open with a comment that says what it is for", path)
		}
		if len(lines) > mostLines {
			t.Errorf("%s has %d lines", path, len(lines))
		}
		functions(t, path, lines)
	}
}

// functions looks at the length of each function, and that what the library
// exports says what it models.
func functions(t *testing.T, path string, lines []string) {
	t.Helper()
	begin := -1
	for i, line := range lines {
		if name := exported.FindStringSubmatch(line); name != nil && !strings.HasPrefix(lines[i-1], "/* models ") {
			t.Errorf("%s:%d: %s does not say what it models", path, i+1, name[1])
		}
		if strings.HasSuffix(line, ") {") && !strings.HasPrefix(line, "}") && line[0] != '}' && (line[0] != ' ' || begin < 0) {
			begin = i
		}
		if line != "}" || begin < 0 {
			continue
		}
		if n := i - begin + 1; n > mostFunction {
			t.Errorf("%s:%d: a function of %d lines", path, begin+1, n)
		}
		begin = -1
	}
}
