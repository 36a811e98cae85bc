// This file looks for texts that break what must hold of every verdict and fingerprint.

package sqltext_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// seeded gives a fuzz target the rows of the tables to start from.
func seeded(f *testing.F) {
	f.Helper()
	for d, rows := range map[sqltext.Dialect][]trap{
		sqltext.PostgreSQL: slices.Concat(postgresReads, postgresQuotes, postgresFunctions, postgresKeywords, postgresVerbs, everydayPostgres),
		sqltext.MySQL:      slices.Concat(mysqlReads, mysqlQuotes, mysqlVerbs, everydayMySQL),
		sqltext.Oracle:     slices.Concat(oracleTraps, everydayOracle),
		sqltext.SQLite:     slices.Concat(sqliteTraps, everydaySQLite),
	} {
		for _, row := range rows {
			f.Add(byte(d), row.text)
		}
	}
}

// dialectOf makes a dialect of any byte.
func dialectOf(b byte) sqltext.Dialect { return sqltext.Dialect(b % (byte(sqltext.SQLite) + 1)) }

func FuzzVerdict(f *testing.F) {
	seeded(f)
	f.Fuzz(func(t *testing.T, b byte, text string) {
		d := dialectOf(b)
		s := sqltext.Analyze(d, text)
		switch {
		case s.Verdict == pure && (!s.Neutral || s.Count != 1):
			t.Errorf("pure, but neutral is %v and it holds %d statements", s.Neutral, s.Count)
		case s.Stable && s.Verdict != pure:
			t.Errorf("stable, but %s", s.Verdict)
		case s.Verdict == flush && s.Neutral:
			t.Error("it may do anything, but leaves the session as it was")
		case s.At < -1 || s.At > len(text):
			t.Errorf("decided at %d of %d", s.At, len(text))
		}
		for i, tag := range s.Tags {
			if slices.Index(s.Tags, tag) != i {
				t.Errorf("%s is a tag twice", tag)
			}
		}
		if s.Verdict != pure {
			neverPurer(t, d, text)
		}
	})
}

// neverPurer checks that a text that is not pure does not become so by a
// comment between two tokens or by other letters.
func neverPurer(t *testing.T, d sqltext.Dialect, text string) {
	t.Helper()
	pieces, whole := sqltext.Pieces(d, text)
	if !whole {
		return // what follows the break is unknown
	}
	var spread, capitals strings.Builder
	end := 0
	for _, p := range pieces {
		between, token := text[end:p.Start], text[p.Start:p.End]
		spread.WriteString(between + "/**/" + token)
		capitals.WriteString(between)
		if p.Word {
			token = swapped(token)
		}
		capitals.WriteString(token)
		end = p.End
	}
	for _, other := range []string{spread.String(), capitals.String()} {
		if s := sqltext.Analyze(d, other+text[end:]); s.Verdict == pure {
			t.Errorf("%q is pure", other+text[end:])
		}
	}
}

// swapped exchanges capitals and small letters, of ASCII alone.
func swapped(word string) string {
	b := []byte(word)
	for i, c := range b {
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

func FuzzTokens(f *testing.F) {
	seeded(f)
	f.Fuzz(func(t *testing.T, b byte, text string) {
		d := dialectOf(b)
		pieces, whole := sqltext.Pieces(d, text)
		end := 0
		for _, p := range pieces {
			if p.Start < end || p.End <= p.Start || p.End > len(text) {
				t.Fatalf("a token from %d to %d after one that ends at %d", p.Start, p.End, end)
			}
			empty(t, d, text[end:p.Start])
			end = p.End
		}
		if whole {
			empty(t, d, text[end:])
		}
	})
}

// empty checks that there is no token in what stands between tokens.
func empty(t *testing.T, d sqltext.Dialect, gap string) {
	t.Helper()
	if pieces, whole := sqltext.Pieces(d, gap); len(pieces) > 0 || !whole {
		t.Errorf("%q between tokens has %d", gap, len(pieces))
	}
}

func FuzzFingerprint(f *testing.F) {
	seeded(f)
	f.Fuzz(func(t *testing.T, b byte, text string) {
		d := dialectOf(b)
		once := sqltext.Fingerprint(d, text)
		if twice := sqltext.Fingerprint(d, once); twice != once {
			t.Errorf("%q becomes %q", once, twice)
		}
		if other := otherLiterals(d, text); sqltext.Fingerprint(d, other) != once {
			t.Errorf("%q becomes %q; with other literals %q", text, once, sqltext.Fingerprint(d, other))
		}
	})
}

// otherLiterals is the text with other literals in it.
func otherLiterals(d sqltext.Dialect, text string) string {
	pieces, whole := sqltext.Pieces(d, text)
	if !whole {
		return text
	}
	var b strings.Builder
	end := 0
	for _, p := range pieces {
		b.WriteString(text[end:p.Start])
		switch {
		case p.Text:
			b.WriteString("/**/'other'/**/")
		case p.Number && text[p.Start] == '.':
			b.WriteString("/**/.7/**/")
		case p.Number:
			b.WriteString("/**/7/**/")
		default:
			b.WriteString(text[p.Start:p.End])
		}
		end = p.End
	}
	return b.String() + text[end:]
}
