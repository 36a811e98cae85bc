// This file shows that hostile texts take no more than their share of time.

package sqltext_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestTimeGrowsWithTheText(t *testing.T) {
	for _, row := range []struct {
		name  string
		d     sqltext.Dialect
		piece string // N becomes a number
	}{
		{"names", sqltext.PostgreSQL, "aN,"},
		{"statements", sqltext.PostgreSQL, "select aN;"},
		{"open parentheses behind ON CONFLICT", sqltext.PostgreSQL, "on conflict("},
		{"open parentheses behind THEN INSERT", sqltext.PostgreSQL, "then insert("},
		{"names behind a dot", sqltext.Oracle, "aN.b,"},
		{"tables and names behind a dot", sqltext.Oracle, "aN.b from aN,"},
		{"signs", sqltext.PostgreSQL, "+-"},
		{"operators with signs", sqltext.PostgreSQL, "<+-"},
		{"operators that end in signs", sqltext.PostgreSQL, "@+-"},
		{"parameters with parentheses", sqltext.SQLite, "??("},
		{"names of columns and tables", sqltext.MySQL, "a.b.c(1)."},
		{"strings in escapes", sqltext.PostgreSQL, "e'a'\n--\n"},
		{"words of INSERT IGNORE", sqltext.MySQL, "ignore "},
		{"lists in lists", sqltext.PostgreSQL, "(1, (1, 2), "},
		{"comments", sqltext.PostgreSQL, "/* /* */ "},
		{"backslashes", sqltext.MySQL, `\'`},
		{"literals in open parentheses", sqltext.MySQL, "('a', "},
	} {
		t.Run(row.name, func(t *testing.T) {
			var text strings.Builder
			text.WriteString("select ")
			for i := 0; text.Len() < 1<<20; i++ {
				text.WriteString(strings.ReplaceAll(row.piece, "N", strconv.Itoa(i)))
			}
			start := time.Now()
			sqltext.Analyze(row.d, text.String())
			sqltext.Fingerprint(row.d, text.String())
			// A second or so with the race detector; minutes were it quadratic.
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%v for 1 MiB", took)
			}
		})
	}
}

func TestTimeGrowsWithADefinition(t *testing.T) {
	text := "alter table t " + strings.Repeat("a.b ", 1<<17)
	start := time.Now()
	sqltext.Analyze(sqltext.PostgreSQL, text)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("%v for half a MiB", took)
	}
}

func TestTimeToFindTablesGrowsWithTheText(t *testing.T) {
	for _, piece := range []string{"a(", "a(b, ", "with a(b, c"} {
		text := "select " + strings.Repeat(piece, 1<<19/len(piece))
		start := time.Now()
		sqltext.Tables(sqltext.PostgreSQL, text)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%v for half a MiB of %q", took, piece)
		}
	}
}
