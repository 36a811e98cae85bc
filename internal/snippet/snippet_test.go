// This file shows which blocks of a document count as held by a source.

package snippet

import (
	"slices"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const document = "Text.\n\n```go\none()\n\ntwo()\n```\n\n```dsn\n:memory:\n```\n\n```go\nthree()\n```\n"

func TestBlocksAreFoundByTheirLanguage(t *testing.T) {
	if got := Fenced(document, "dsn"); !slices.Equal(got, []string{":memory:\n"}) {
		t.Errorf("got %q", got)
	}
	if got := Fenced(document, "go"); len(got) != 2 {
		t.Errorf("got %q", got)
	}
}

func TestABlockIsHeldByOneSourceWithAllItsParagraphs(t *testing.T) {
	for name, c := range map[string]struct {
		sources []string
		missing int
	}{
		"all in one, indented": {[]string{"func Example() {\n\n\tone()\n\n\tother()\n\n\ttwo()\n\n\tthree()\n\n}"}, 0},
		"spread over two":      {[]string{"\n\none()\n\n", "\n\ntwo()\n\nthree()\n\n"}, 1},
		"within a paragraph":   {[]string{"zero()\none()\n\ntwo()\n\nthree()\nfour()"}, 0},
		"half a line":          {[]string{"one()\n\ntwo()\n\nx := three()"}, 1},
		"nothing":              {nil, 2},
	} {
		if got := Missing(document, c.sources); len(got) != c.missing {
			t.Errorf("%s: missing %q, want %d", name, got, c.missing)
		}
	}
}

func TestAProgramIsAnExample(t *testing.T) {
	program := "```go\npackage main\n\nfunc main() {\n\tone()\n}\n```\n"
	if got := Missing(program, []string{"// Doc.\n\npackage x\n\nfunc Example() {\n\tone()\n}\n"}); len(got) != 0 {
		t.Errorf("missing %q", got)
	}
}
