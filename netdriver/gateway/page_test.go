// This file tests that the page on security names tests which exist.

package gateway_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// tested are the names of all tests and fuzz targets of the gateway, its client
// and the protocol.
func tested(t *testing.T) map[string]bool {
	t.Helper()
	declared, names := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`), map[string]bool{}
	tree := os.DirFS("..")
	err := fs.WalkDir(tree, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(tree, path)
		for _, m := range declared.FindAllSubmatch(source, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestEachRuleOfThePageOnSecurityHasTestsThatExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/GATEWAY-SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Rules and tests")
	table, _, _ = strings.Cut(table, "\n## ")
	named, names := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`"), tested(t)
	rows := 0
	for line := range strings.SplitSeq(table, "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what went wrong") {
			continue
		}
		rows++
		found := named.FindAllStringSubmatch(line, -1)
		if len(found) == 0 {
			t.Errorf("a rule has no test: %.80s", line)
		}
		for _, m := range found {
			if !names[m[1]] {
				t.Errorf("there is no %s", m[1])
			}
		}
	}
	if rows < 20 {
		t.Errorf("the page has %d rules", rows)
	}
}
