// This file ties the table of findings to docs/FINDINGS.md, both ways.

package doctor

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sections are the parts of the page by the anchor that a forge makes of their
// headings, and the anchors in order.
func sections(t *testing.T) (text map[string]string, anchors []string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "FINDINGS.md"))
	if err != nil {
		t.Fatal(err)
	}
	text = make(map[string]string)
	for _, part := range strings.Split(string(page), "\n### ")[1:] {
		heading, body, _ := strings.Cut(part, "\n")
		anchor := strings.ToLower(heading)
		body, _, _ = strings.Cut(body, "\n## ")
		anchors, text[anchor] = append(anchors, anchor), body
	}
	return text, anchors
}

func TestEachFindingStandsOnThePageAndNoOther(t *testing.T) {
	text, anchors := sections(t)
	var want []string
	for _, k := range kinds {
		_, anchor, _ := strings.Cut(k.anchor(), "#")
		want = append(want, anchor)
		body := text[anchor]
		if !strings.Contains(body, "\n**"+string(k.severity)+":** "+k.text+"\n") || !strings.Contains(body, "\nCure: "+k.cure+"\n") {
			t.Errorf("%s: the page does not hold severity, text and cure as the table does:\n%s", k.id, body)
		}
		if explained := len(strings.Split(strings.TrimSpace(body), "\n\n")); explained != 3 {
			t.Errorf("%s: %d paragraphs, want what is so, why it matters, and the cure", k.id, explained)
		}
	}
	if !slices.Equal(anchors, want) {
		t.Errorf("the page has\n%v\nthe table\n%v", anchors, want)
	}
}

func TestFindingsAreSentencesWithIDsOfOneShape(t *testing.T) {
	id := regexp.MustCompile(`^FX-\d{4}$`)
	for i, k := range kinds {
		if !id.MatchString(k.id) || rank[k.severity] == 0 || !strings.HasSuffix(k.text, ".") || !strings.HasSuffix(k.cure, ".") {
			t.Errorf("%+v", k)
		}
		if i > 0 && k.id <= kinds[i-1].id {
			t.Errorf("%s comes after %s", k.id, kinds[i-1].id)
		}
	}
}

// used are the ids in the package's source, or in its tests.
func used(t *testing.T, tests bool) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, file := range files {
		if file == "findings.go" || strings.HasSuffix(file, "_test.go") != tests {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, regexp.MustCompile(`FX-\d{4}`).FindAllString(string(source), -1)...)
	}
	return ids
}

func TestEachIDIsFoundSomewhereAndEachFoundIDExists(t *testing.T) {
	ids, provoked := used(t, false), used(t, true)
	for _, k := range kinds {
		if !slices.Contains(ids, k.id) {
			t.Errorf("nothing finds %s", k.id)
		}
		if !slices.Contains(provoked, k.id) {
			t.Errorf("no test provokes %s", k.id)
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(kinds, func(k kind) bool { return k.id == id }) {
			t.Errorf("%s is not in the table", id)
		}
	}
}
