// This file tests the verdicts: each table holds texts of one dialect, a trap or an everyday statement a row.

package sqltext_test

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// The verdicts, short enough for tables.
const (
	flush   = sqltext.Flush
	pure    = sqltext.Pure
	write   = sqltext.Write
	session = sqltext.Session
	txctl   = sqltext.TxControl
)

// trap is a text and what must be known of it.
type trap struct {
	text  string
	want  sqltext.Verdict
	why   sqltext.Reason
	marks string // n: leaves the session as it was, s: its answer is stable
	tags  string // names that must be among the tags
}

// judged runs the rows of a table.
func judged(t *testing.T, d sqltext.Dialect, rows []trap) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.text, func(t *testing.T) {
			s := sqltext.Analyze(d, row.text)
			if s.Verdict != row.want || s.Reason != row.why {
				t.Errorf("%s because of %s (%q at %d), want %s because of %s", s.Verdict, s.Reason, s.Word, s.At, row.want, row.why)
			}
			if got, want := s.Neutral, strings.Contains(row.marks, "n"); got != want {
				t.Errorf("neutral is %v, want %v", got, want)
			}
			if got, want := s.Stable, strings.Contains(row.marks, "s"); got != want {
				t.Errorf("stable is %v, want %v", got, want)
			}
			for _, tag := range strings.Fields(row.tags) {
				if !slices.Contains(s.Tags, tag) {
					t.Errorf("no tag %s among %q", tag, s.Tags)
				}
			}
		})
	}
}

func TestAnUnknownDialectIsNeverTrusted(t *testing.T) {
	for _, d := range []sqltext.Dialect{sqltext.Unknown, 200} {
		if s := sqltext.Analyze(d, "select 1"); s.Verdict != flush || s.Reason != sqltext.NoDialect || s.Neutral {
			t.Errorf("dialect %d: %s because of %s, neutral %v", d, s.Verdict, s.Reason, s.Neutral)
		}
	}
}

func TestALongTextIsNotRead(t *testing.T) {
	text := "select '" + strings.Repeat("x", 4<<20) + "'"
	if s := sqltext.Analyze(sqltext.PostgreSQL, text); s.Verdict != flush || s.Reason != sqltext.TooLong {
		t.Errorf("%s because of %s", s.Verdict, s.Reason)
	}
}

func TestAVerdictKeepsNoLongText(t *testing.T) {
	text := "SELECT a FROM t WHERE b = f('" + strings.Repeat("x", 1<<16) + "')"
	start := uintptr(unsafe.Pointer(unsafe.StringData(text)))
	s := sqltext.Analyze(sqltext.PostgreSQL, text)
	for _, part := range append([]string{s.Word, s.Verb}, s.Tags...) {
		if at := uintptr(unsafe.Pointer(unsafe.StringData(part))); at >= start && at < start+uintptr(len(text)) {
			t.Errorf("%q is a part of the text", part)
		}
	}
}

func TestTheWordThatDecidedIsShown(t *testing.T) {
	for text, want := range map[string]string{
		"select a, f(b) from t":                     "f",
		"with x as (delete from t) select * from x": "delete",
		"select a from t for update":                "for",
		"vacuum t":                                  "vacuum",
		"select 1 /* open":                          "/*",
	} {
		s := sqltext.Analyze(sqltext.PostgreSQL, text)
		if s.Word != want || s.At != strings.Index(text, want) {
			t.Errorf("%s: %q at %d, want %q at %d", text, s.Word, s.At, want, strings.Index(text, want))
		}
	}
}

func TestEachDialectIsFoundByItsBackendsType(t *testing.T) {
	for d := sqltext.PostgreSQL; d <= sqltext.SQLite; d++ {
		if got := sqltext.ForType(d.String()); got != d {
			t.Errorf("ForType(%q) is %v", d.String(), got)
		}
	}
	if got := sqltext.ForType("unknown"); got != sqltext.Unknown {
		t.Errorf("ForType(unknown) is %v", got)
	}
}
