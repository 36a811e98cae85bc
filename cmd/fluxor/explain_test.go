// This file tests the command explain.

package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestExplainMarksTheWordThatDecided(t *testing.T) {
	code, out, errOut := fluxor(t.Context(), "explain", "postgres", "SELECT *\n  FROM orders WHERE f(id) = 7")
	if code != exitOK || errOut != "" {
		t.Fatalf("exit code %d, %s", code, errOut)
	}
	want := `  FROM orders WHERE f(id) = 7
                    ^
verdict      FLUSH
reason       unknown-function: a function that is not on the list may do anything
stable       no
neutral      no
`
	if !strings.HasPrefix(out, want) {
		t.Errorf("got:\n%s\nwant it to begin with:\n%s", out, want)
	}
	if !strings.Contains(out, "fingerprint  select * from orders where f(id) = ?") {
		t.Errorf("the fingerprint is missing:\n%s", out)
	}
}

func TestExplainNeedsNoDatabaseAndTakesADSNOrAKind(t *testing.T) {
	for _, dsn := range []string{"postgres", "postgres://app:secret@127.0.0.1:1/erp", "host=127.0.0.1 port=1 user=app"} {
		code, out, errOut := fluxor(t.Context(), "explain", "--json", dsn, "select now()")
		var x explanation
		if err := json.Unmarshal([]byte(out), &x); err != nil || code != exitOK {
			t.Fatalf("%s: exit code %d, %v, %s", dsn, code, err, errOut)
		}
		if x.Verdict != "PURE" || x.Reason != "reads-clock" || x.Stable || !x.Neutral || x.At == nil || *x.At != 7 || x.Word != "now" {
			t.Errorf("%s: %s", dsn, out)
		}
		if len(x.NextSteps) == 0 || x.Tags == nil {
			t.Errorf("%s: no next steps, or null in the place of a list: %s", dsn, out)
		}
	}
}

func TestExplainPointsToWhatIsThere(t *testing.T) {
	page, err := os.ReadFile("../../docs/STATEMENTS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range explain(sqltext.PostgreSQL, "select f(1)").NextSteps {
		_, anchor, _ := strings.Cut(step, "#")
		anchor, _, _ = strings.Cut(anchor, ":")
		if head := "\n## " + strings.ReplaceAll(anchor, "-", " ") + "\n"; !strings.Contains(strings.ToLower(string(page)), head) {
			t.Errorf("%s: the page has no such heading", step)
		}
	}
}

func TestExplainRefusesWhatItDoesNotUnderstand(t *testing.T) {
	code, out, errOut := fluxor(t.Context(), "explain", "nonsense", "select 1")
	if code != exitUsage || out != "" || !strings.Contains(errOut, "fluxor") {
		t.Errorf("exit code %d, %q, %q", code, out, errOut)
	}
}

func TestExplainCutsALongLineAroundTheWord(t *testing.T) {
	text := "select " + strings.Repeat("é, ", 200) + "f(1), " + strings.Repeat("ü, ", 200) + "1"
	lines := strings.SplitN(marked(text, strings.Index(text, "f(1)"), 1), "\n", 3)
	if len([]rune(lines[0])) > widest+6 || !strings.HasPrefix(lines[0], "...") || !strings.HasSuffix(lines[0], "...") {
		t.Errorf("the line is %q", lines[0])
	}
	if at := strings.IndexByte(lines[1], '^'); []rune(lines[0])[at] != 'f' {
		t.Errorf("the mark is not under the word:\n%s\n%s", lines[0], lines[1])
	}
}

func TestExplainMarksTheWordBehindWideCharacters(t *testing.T) {
	_, out, _ := fluxor(t.Context(), "explain", "postgres", "select '日本語', f(1)")
	if want := "select '日本語', f(1)\n" + strings.Repeat(" ", 17) + "^\n"; !strings.HasPrefix(out, want) {
		t.Errorf("got\n%s\nwant it to begin with\n%s", out, want)
	}
}

func TestExplainNamesWholeCharacters(t *testing.T) {
	const text = "select größe from maße"
	x := explain(sqltext.Oracle, text)
	if x.At == nil || !utf8.ValidString(x.Word) || !strings.HasPrefix(text[*x.At:], x.Word) || !strings.Contains("öß", x.Word[:2]) {
		t.Errorf("got %+v", x)
	}
	for at := range len(text) { // no place is out of reach
		if from, word := whole(text, at, ""); !strings.HasPrefix(text[from:], word) || !utf8.ValidString(text[from:]) {
			t.Errorf("at %d: %d, %q", at, from, word)
		}
	}
}

func TestExplainShowsNoControlCharacters(t *testing.T) {
	_, out, _ := fluxor(t.Context(), "explain", "sqlite", "select '\x1b[31m' from f(\x1b[31m)")
	if strings.Contains(out, "\x1b") {
		t.Errorf("got %q", out)
	}
}
