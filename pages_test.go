// This file holds the names in the documents against what exists: options, variables, metrics, tests, footnotes.

package fluxor_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cells are the cells of a page's table rows, without the rules below heads.
func cells(page string) [][]string {
	var rows [][]string
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		row := strings.Split(strings.Trim(line, "|"), "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		rows = append(rows, row)
	}
	return rows
}

// listed are the code words in the tables of a page that a test of its own keeps
// in step with the code.
func listed(t *testing.T, name string) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	for _, row := range cells(read(t, name)) {
		for _, m := range regexp.MustCompile("`([A-Za-z_]+)`").FindAllStringSubmatch(strings.Join(row, " "), -1) {
			words[m[1]] = true
		}
	}
	return words
}

func TestEveryOptionVariableAndMetricInTheDocumentsExists(t *testing.T) {
	known := map[string]bool{
		"DB_DSN": true, "db_client_connection_pool_name": true, "db_system_name": true,
		"fluxor_gateway_sessions": true, "fluxor_gateway_ready": true, "fluxor_gateway_audit_lost": true, // cmd/fluxor's tests scrape them
	}
	for _, name := range []string{"docs/CONFIG.md", "docs/METRICS.md"} {
		for word := range listed(t, name) {
			known[word] = true
		}
	}
	word := regexp.MustCompile(`\b(?:fluxor|db_client|hikaricp)_[a-z][a-z0-9_]*|\bDB_[A-Z][A-Z_]*`)
	pages, seen := documents(t), 0
	for name, page := range pages {
		for _, found := range word.FindAllString(page, -1) {
			base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(found, "")
			if seen++; !known[found] && !known[base] {
				t.Errorf("%s: there is no %s", name, found)
			}
		}
	}
	if seen < 300 {
		t.Errorf("only %d names were found in %d pages", seen, len(pages))
	}
}

func TestEveryTestInTheDocumentsExists(t *testing.T) {
	known := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(read(t, path), -1) {
				known[m[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range documents(t) {
		for _, found := range regexp.MustCompile("`(Test[A-Z]\\w+)`").FindAllStringSubmatch(page, -1) {
			if !known[found[1]] {
				t.Errorf("%s: there is no %s", name, found[1])
			}
		}
	}
}

// footnote is a reference, or at the beginning of a line and before a colon a note.
var footnote = regexp.MustCompile(`(?m)(^)?\[\^([\w-]+)\](:)?`)

func TestEveryFootnoteHasItsNoteAndEveryNoteIsUsed(t *testing.T) {
	sourced := 0
	for name, page := range documents(t) {
		notes, used := map[string]int{}, map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^\[\^([\w-]+)\]: (.*)$`).FindAllStringSubmatch(page, -1) {
			if notes[m[1]]++; !strings.Contains(m[2], "https://") {
				t.Errorf("%s: the note %s leads nowhere", name, m[1])
			}
		}
		for _, m := range footnote.FindAllStringSubmatchIndex(page, -1) {
			if defines := m[2] >= 0 && m[6] >= 0; !defines {
				used[page[m[4]:m[5]]] = true
			}
		}
		for id := range used {
			if sourced++; notes[id] != 1 {
				t.Errorf("%s: the footnote %s has %d notes", name, id, notes[id])
			}
		}
		for id := range notes {
			if !used[id] {
				t.Errorf("%s: nothing refers to the note %s", name, id)
			}
		}
	}
	if sourced < 50 {
		t.Errorf("only %d footnotes were found", sourced)
	}
}

func TestEveryCellOfTheComparisonHasItsSource(t *testing.T) {
	for heading, least := range map[string]int{"Feature by feature": 28, "Query caches": 7} {
		_, section, _ := strings.Cut(read(t, "docs/COMPARISON.md"), "\n## "+heading+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		rows := cells(section)
		if len(rows) < least {
			t.Fatalf("%s: the table has %d rows", heading, len(rows))
		}
		everyCellIsSourced(t, rows)
	}
}

// everyCellIsSourced looks for a link in what is said of Fluxor, and for a footnote
// in what is said of others.
func everyCellIsSourced(t *testing.T, rows [][]string) {
	t.Helper()
	for _, row := range rows[1:] {
		if len(row) != len(rows[0]) {
			t.Errorf("%s: %d cells, want %d", row[0], len(row), len(rows[0]))
			continue
		}
		if !strings.Contains(row[1], "](") {
			t.Errorf("%s: nothing shows what is said of Fluxor", row[0])
		}
		for i := 2; i < len(row); i++ {
			if !footnote.MatchString(row[i]) {
				t.Errorf("%s: %s has no source", row[0], rows[0][i])
			}
		}
	}
}

func TestTheHandbookHasThePresetsAsTheyAre(t *testing.T) {
	_, rest, _ := strings.Cut(read(t, "docs/OPERATING.md"), "\n## Presets, line by line\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	var got, want []string
	for _, row := range cells(section)[1:] {
		got = append(got, strings.Join(row[:3], " | "))
	}
	for _, row := range cells(read(t, "docs/CONFIG.md")) {
		if strings.HasPrefix(row[0], "`fluxor_") && row[4] != "same" {
			want = append(want, strings.Join([]string{row[0], row[3], row[4]}, " | "))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the handbook has\n%s\nand the presets are\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
