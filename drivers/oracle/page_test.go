//go:build unix && cgo

// This file connects with every DSN of docs/ORACLE.md, and compares its snippet with the example.

package oracle_test

import (
	"database/sql"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/snippet"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/ORACLE.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryDSNOfThePageConnects(t *testing.T) {
	dbtest.Oracle(t) // the double takes any host and service
	blocks := snippet.Fenced(page(t), "dsn")
	if len(blocks) == 0 {
		t.Fatal("the page has no DSN")
	}
	for dsn := range strings.Lines(strings.Join(blocks, "")) {
		dsn = strings.TrimSpace(dsn)
		db, err := sql.Open("fluxor", dsn)
		if err != nil {
			t.Error(err)
			continue
		}
		var one int
		if err := db.QueryRowContext(t.Context(), "SELECT 1 FROM dual").Scan(&one); err != nil || one != 1 {
			t.Errorf("%s: got %d, %v", dsn, one, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// classes are the meanings in the page's table of errors.
var classes = map[string]backend.Class{
	"login refused": backend.ClassLogin, "no further session": backend.ClassTooMany, "not reachable now": backend.ClassUnavailable,
	"the server ended the session": backend.ClassFatal, "connection lost": backend.ClassDead, "the call timed out": backend.ClassUnknown,
	"the database is not well": backend.ClassSick,
}

func TestNumbersOfThePageMeanWhatItSays(t *testing.T) {
	listed := map[int]backend.Class{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([0-9, ]+) \| ([a-z ]+) \|`).FindAllStringSubmatch(page(t), -1) {
		class, known := classes[row[2]]
		if !known {
			t.Errorf("the page has a meaning of its own: %s", row[2])
		}
		for number := range strings.SplitSeq(row[1], ", ") {
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			listed[n] = class
		}
	}
	for n := range 30000 {
		want, ok := listed[n]
		if !ok {
			want = backend.ClassVerdict
		}
		if got := backend.OracleNumber(n); got != want {
			t.Errorf("%d is class %d, on the page %d", n, got, want)
		}
	}
}

func TestSnippetOfThePageIsTheExample(t *testing.T) {
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range snippet.Missing(page(t), []string{string(example)}) {
		t.Errorf("the example does not hold\n%s", block)
	}
}
