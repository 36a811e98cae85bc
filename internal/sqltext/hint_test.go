// This file tests where a hint to the cache is found, what it says, and what is wrong with one that cannot be obeyed.

package sqltext_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// everyDialect is for rows that hold in all of them.
var everyDialect = []sqltext.Dialect{sqltext.PostgreSQL, sqltext.MySQL, sqltext.Oracle, sqltext.SQLite}

func TestHintSaysHowAnAnswerIsKept(t *testing.T) {
	cached := func(terms sqltext.Terms) sqltext.Hint { return sqltext.Hint{Cache: true, Terms: terms} }
	for _, row := range []struct {
		hint string
		want sqltext.Hint
	}{
		{"fluxor:cache", cached(sqltext.Terms{})},
		{"fluxor:nocache", sqltext.Hint{NoCache: true}},
		{"fluxor:cache ttl=30s", cached(sqltext.Terms{TTL: 30 * time.Second, HasTTL: true})},
		{"fluxor:cache ttl=1h30m", cached(sqltext.Terms{TTL: 90 * time.Minute, HasTTL: true})},
		{"fluxor:cache ttl=0", cached(sqltext.Terms{HasTTL: true})},
		{"fluxor:cache ttl=0s", cached(sqltext.Terms{HasTTL: true})},
		{"fluxor:cache rows=500", cached(sqltext.Terms{Rows: 500})},
		{"fluxor:cache tags=rates", cached(sqltext.Terms{Tags: []string{"rates"}})},
		{"fluxor:cache tags=a,B_2,c.d-e:f", cached(sqltext.Terms{Tags: []string{"a", "b_2", "c.d-e:f"}})},
		{"fluxor:cache stale_if_error=1m", cached(sqltext.Terms{StaleIfError: time.Minute})},
		{"fluxor:cache stale_if_error=0", cached(sqltext.Terms{StaleIfError: sqltext.Off})},
		{"fluxor:cache swr=10s", cached(sqltext.Terms{StaleWhileRevalidate: 10 * time.Second})},
		{"fluxor:cache swr=0s", cached(sqltext.Terms{StaleWhileRevalidate: sqltext.Off})},
		{
			"fluxor:cache\tswr=10s  ttl=5m\nstale_if_error=1m tags=a rows=1",
			cached(sqltext.Terms{TTL: 5 * time.Minute, HasTTL: true, Rows: 1, Tags: []string{"a"}, StaleIfError: time.Minute, StaleWhileRevalidate: 10 * time.Second}),
		},
	} {
		for _, d := range everyDialect {
			for _, comment := range []string{"/*" + row.hint + "*/", "/*  " + row.hint + "\n*/", "/*\n\t" + row.hint + " */"} {
				got, err := sqltext.HintOf(d, "select 1 "+comment+" from t")
				if err != nil || !reflect.DeepEqual(got, row.want) {
					t.Errorf("%s, %q: got %+v, %v, want %+v", d, comment, got, err, row.want)
				}
			}
		}
	}
}

// hinted are texts with the hint fluxor:nocache in them, plain those in which
// what looks like it is none.
var hinted = []struct {
	name string
	d    []sqltext.Dialect
	text string
}{
	{"before the statement", everyDialect, "/* fluxor:nocache */ select 1"},
	{"behind the statement", everyDialect, "select 1 /* fluxor:nocache */"},
	{"behind the semicolon", everyDialect, "select 1; /* fluxor:nocache */"},
	{"between two words without blanks", everyDialect, "select/*fluxor:nocache*/1"},
	{"beside other comments", everyDialect, "/* app */ select /* x */ 1 -- y\n/* fluxor:nocache */"},
	{"behind a literal that has one", everyDialect, "select '/* fluxor:cache */' /* fluxor:nocache */"},
	{"on a line", everyDialect, "select 1 -- fluxor:nocache"},
	{"on a line in the midst", everyDialect, "select 1 -- fluxor:nocache\nfrom t"},
	{"on a line of Windows", everyDialect, "select 1 -- fluxor:nocache\r\nfrom t"},
	{"on a line without a blank", []sqltext.Dialect{sqltext.PostgreSQL, sqltext.Oracle, sqltext.SQLite}, "select 1 --fluxor:nocache"},
	{"behind MySQL's hash", []sqltext.Dialect{sqltext.MySQL}, "select 1 #fluxor:nocache\nfrom t"},
	{"in SQLite's comment without an end", []sqltext.Dialect{sqltext.SQLite}, "select 1 /* fluxor:nocache"},
	{"in SQLite's comment without an end, behind another one", []sqltext.Dialect{sqltext.SQLite}, "select 1 /* */ /* fluxor:nocache\n"},
	{"beside a literal with a backslash before its end", everyDialect, `select '\' /* fluxor:nocache */`},
	{"before literals that MySQL and PostgreSQL may read in two ways", everyDialect[:2], `/* fluxor:nocache */ select 'it\'s', 'it\'s'`},
}

func TestHintIsFoundInEveryKindOfComment(t *testing.T) {
	for _, row := range hinted {
		for _, d := range row.d {
			got, err := sqltext.HintOf(d, row.text)
			if err != nil || !got.NoCache || got.Cache {
				t.Errorf("%s, %s: got %+v, %v", row.name, d, got, err)
			}
		}
	}
}

func TestWhatStandsInNoCommentOfItsOwnIsNoHint(t *testing.T) {
	pg, my, ora, lite := everyDialect[:1], everyDialect[1:2], everyDialect[2:3], everyDialect[3:]
	for _, row := range []struct {
		name string
		d    []sqltext.Dialect
		text string
	}{
		{"no hint", everyDialect, "select 1"},
		{"empty", everyDialect, ""},
		{"another comment", everyDialect, "select 1 /* cache ttl=30s */"},
		{"in the midst of a comment", everyDialect, "select 1 /* see fluxor:cache */"},
		{"in other letters", everyDialect, "select 1 /* Fluxor:Cache */"},
		{"an optimizer's hint", everyDialect, "select /*+ fluxor:cache */ 1"},
		{"an optimizer's hint on a line", everyDialect, "select --+ fluxor:cache\n 1"},
		{"a comment for documentation", everyDialect, "select /** fluxor:cache */ 1"},
		{"in a literal", everyDialect, "select '/* fluxor:cache */'"},
		{"in a literal with a quote", everyDialect, "select 'it''s /* fluxor:cache */'"},
		{"in a literal over lines", everyDialect, "select '\n-- fluxor:cache\n'"},
		{"in a name", everyDialect, `select 1 as "/* fluxor:cache */"`},
		{"as bare words", everyDialect, "select a fluxor:cache from t"},
		{"in a nested comment", pg, "select /* /* fluxor:cache */ */ 1"},
		{"in dollar quotes", pg, "select $$/* fluxor:cache */$$"},
		{"in dollar quotes with a tag", pg, "select $a$ -- fluxor:cache\n$a$"},
		{"in a literal with escapes", pg, `select E'it\'s /* fluxor:cache */'`},
		{"between the parts of a literal with escapes", pg, "select E'a'\n-- fluxor:cache\n'b'"},
		{"behind a hash", pg, "select 1 # fluxor_cache"},
		{"in MySQL's comment that is run", my, "select /*! fluxor:cache */ 1"},
		{"in MariaDB's comment that is run", my, "select /*M! fluxor:cache */ 1"},
		{"behind dashes without a blank", my, "select 1 --fluxor:cache"},
		{"in backquotes", my, "select 1 as `/* fluxor:cache */`"},
		{"in backquotes", lite, "select 1 as `/* fluxor:cache */`"},
		{"in brackets", lite, "select 1 as [/* fluxor:cache */]"},
		{"in Oracle's quotes", ora, "select q'[it's /* fluxor:cache */]' from dual"},
		{"in Oracle's national quotes", ora, "select nq'!it's -- fluxor:cache\n!' from dual"},
		{"of an unknown dialect", []sqltext.Dialect{sqltext.Unknown, 99}, "select 1 /* fluxor:cache */"},
		{"beside a literal without an end", everyDialect, "select 1 /* fluxor:cache */ 'a"},
		{"in a comment without an end", everyDialect[:3], "select 1 /* fluxor:cache"},
		{"before a NUL byte", everyDialect, "select 1 /* fluxor:cache */ \x00"},
		{"in a text that is too long", everyDialect, "select 1 /* fluxor:cache */" + strings.Repeat(" ", 4<<20)},
	} {
		for _, d := range row.d {
			if got, err := sqltext.HintOf(d, row.text); err != nil || !reflect.DeepEqual(got, sqltext.Hint{}) {
				t.Errorf("%s, %s: got %+v, %v", row.name, d, got, err)
			}
		}
	}
}

// What errors say would be right.
const (
	wantKnown  = "known are fluxor:cache and fluxor:nocache"
	wantKeys   = "allowed are ttl=30s, rows=500, tags=a,b, stale_if_error=1m and swr=10s"
	wantTTL    = "write a time such as 30s, 5m or 1h, or 0 for until what was read is written"
	wantStale  = "write a time such as 30s, 5m or 1h, or 0 for never"
	wantRows   = "write a number of rows from 1 on"
	wantTags   = "write names of the letters a to z, digits, _ . - and :, each once, with commas between them"
	wantTwice  = "it is said twice"
	wantTwoOf  = "a text has one hint"
	wantSilent = "nothing follows fluxor:nocache"
)

// brokenHints are texts with > < around the word that is wrong.
var brokenHints = []struct {
	text string // with >< around the word that is wrong
	want string
}{
	{"/*>fluxor:<*/", wantKnown},
	{"/* >fluxor:cahce< ttl=30s */", wantKnown},
	{"/* >fluxor:CACHE< */", wantKnown},
	{"/* >fluxor:cache,ttl=30s< */", wantKnown},
	{"/* >fluxor:< cache */", wantKnown},
	{"select 1 -- >fluxor:no-cache<", wantKnown},
	{"/* fluxor:cache >tll=30s< */", wantKeys},
	{"/* fluxor:cache >TTL=30s< */", wantKeys},
	{"/* fluxor:cache >30s< */", wantKeys},
	{"/* fluxor:cache ttl=30s >,< rows=1 */", wantKeys},
	{"/* fluxor:cache >ttl< */", wantTTL},
	{"/* fluxor:cache >ttl=< 30s */", wantTTL},
	{"/* fluxor:cache >ttl=30< */", wantTTL},
	{"/* fluxor:cache >ttl=-1s< */", wantTTL},
	{"/* fluxor:cache >ttl=forever< */", wantTTL},
	{"/* fluxor:cache >ttl=99999999h< */", wantTTL},
	{"/* fluxor:cache ttl=1s >ttl=1s< */", wantTwice},
	{"/* fluxor:cache ttl=0 >ttl=1s< */", wantTwice},
	{"/* fluxor:cache >rows=0< */", wantRows},
	{"/* fluxor:cache >rows=-1< */", wantRows},
	{"/* fluxor:cache >rows=1k< */", wantRows},
	{"/* fluxor:cache >rows=99999999999999999999< */", wantRows},
	{"/* fluxor:cache rows=1 >rows=2< */", wantTwice},
	{"/* fluxor:cache >tags=< */", wantTags},
	{"/* fluxor:cache >tags=a,< b */", wantTags},
	{"/* fluxor:cache >tags=,a< */", wantTags},
	{"/* fluxor:cache >tags=a,A< */", wantTags},
	{"/* fluxor:cache >tags=a;b< */", wantTags},
	{"/* fluxor:cache >tags='a'< */", wantTags},
	{"/* fluxor:cache >tags=köln< */", wantTags},
	{"/* fluxor:cache tags=a >tags=b< */", wantTwice},
	{"/* fluxor:cache >stale_if_error=yes< */", wantStale},
	{"/* fluxor:cache stale_if_error=0 >stale_if_error=1s< */", wantTwice},
	{"/* fluxor:cache >swr=-1s< */", wantStale},
	{"/* fluxor:cache swr=1s >swr=1s< */", wantTwice},
	{"/* fluxor:nocache >ttl=30s< */", wantSilent},
	{"/* fluxor:nocache >please< */", wantSilent},
	{"/* fluxor:cache >fluxor:nocache< */", wantTwoOf},
	{"/* fluxor:nocache >fluxor:cache< */", wantTwoOf},
	{"/* fluxor:cache */ select 1 /* >fluxor:cache< */", wantTwoOf},
	{"-- fluxor:cache ttl=1s\nselect 1 -- >fluxor:nocache< \n", wantTwoOf},
}

func TestBrokenHintNamesTheByteAndWhatWouldBeRight(t *testing.T) {
	for _, row := range brokenHints {
		text := strings.NewReplacer(">", "", "<", "").Replace(row.text)
		before, rest, _ := strings.Cut(row.text, ">")
		word, _, _ := strings.Cut(rest, "<")
		for _, d := range everyDialect {
			checkHintError(t, d, text, word, len(before), row.want)
		}
	}
}

// checkHintError checks that the hint of a text is refused for a word at a byte.
func checkHintError(t *testing.T, d sqltext.Dialect, text, word string, at int, want string) {
	t.Helper()
	got, err := sqltext.HintOf(d, text)
	want = fmt.Sprintf("fluxor: the hint is not obeyed because of %q at byte %d: %s", word, at, want)
	if err == nil || err.Error() != want || !reflect.DeepEqual(got, sqltext.Hint{}) {
		t.Errorf("%s, %q:\n got %+v, %v\nwant %s", d, text, got, err, want)
	}
}

// TestHintThatMayBePartOfALiteralIsRefused has texts whose literals end
// elsewhere where the session's settings have it so.
func TestHintThatMayBePartOfALiteralIsRefused(t *testing.T) {
	const want = "the session's settings for quotes decide whether this is a comment; write the hint before the literals"
	for _, text := range []string{
		`select 'it\'s' /* fluxor:cache ttl=1s */, 'it\'s'`,
		`select '\' /* fluxor:nocache */ \' a'`,
		`/* fluxor:cache */ select 'it\'s' /* fluxor:nocache */, 'it\'s'`,
	} {
		for _, d := range []sqltext.Dialect{sqltext.PostgreSQL, sqltext.MySQL} {
			at := strings.LastIndex(text, "fluxor:")
			checkHintError(t, d, text, strings.Fields(text[at:])[0], at, want)
		}
	}
}

func TestHintThatIsSureIsNotBlamedForAnotherOne(t *testing.T) {
	const text = `select '\' /* fluxor:cache */ \' a' /* fluxor:nocache */`
	for _, d := range []sqltext.Dialect{sqltext.PostgreSQL, sqltext.MySQL} {
		_, err := sqltext.HintOf(d, text)
		if err == nil || !strings.Contains(err.Error(), `"fluxor:cache" at byte 14`) {
			t.Errorf("%s: got %v", d, err)
		}
	}
}

func TestLongWordInABrokenHintIsCut(t *testing.T) {
	_, err := sqltext.HintOf(sqltext.SQLite, "select 1 /* fluxor:cache "+strings.Repeat("x", 1000)+" */")
	if err == nil || len(err.Error()) > 250 {
		t.Errorf("got %v", err)
	}
}

// TestTermsAreWrittenAsTheyAreRead has the words in the order in which they are
// written.
func TestTermsAreWrittenAsTheyAreRead(t *testing.T) {
	for _, want := range []string{
		"", "ttl=0", "ttl=30s", "ttl=5m", "ttl=1h", "ttl=1h30m", "ttl=1h0m5s", "ttl=1.5s", "ttl=10m", "ttl=20s", "ttl=100h", "rows=7", "tags=a,b", "stale_if_error=0",
		"swr=0", "ttl=1ms rows=1 tags=x stale_if_error=1m swr=10s",
	} {
		h, err := sqltext.HintOf(sqltext.SQLite, "/* fluxor:cache "+want+" */")
		if got := h.Terms.String(); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		if got := h.String(); got != strings.TrimRight("fluxor:cache "+want, " ") {
			t.Errorf("the hint is %q", got)
		}
	}
}

// FuzzHint puts a hint into any text: it is found in a comment and nowhere else,
// and the statement is the same with it and without it.
func FuzzHint(f *testing.F) {
	seeded(f)
	for _, row := range hinted {
		f.Add(byte(row.d[0]), row.text)
	}
	f.Add(byte(sqltext.SQLite), "/* fluxor:cache ttl=1s tags=a,a */")
	f.Fuzz(func(t *testing.T, b byte, text string) {
		d := dialectOf(b)
		own, err := sqltext.HintOf(d, text)
		if err != nil && !reflect.DeepEqual(own, sqltext.Hint{}) {
			t.Errorf("%+v beside %v", own, err)
		}
		if again, err := sqltext.HintOf(sqltext.SQLite, "/* "+own.String()+" */"); err != nil || !reflect.DeepEqual(again, own) {
			t.Errorf("%+v is written %q and read %+v, %v", own.Terms, own, again, err)
		}
		notInLiterals(t, d, text)
		if pieces, whole := sqltext.Pieces(d, text); whole && d != sqltext.Unknown && err == nil && !own.Cache && !own.NoCache {
			for _, p := range pieces {
				if d == sqltext.MySQL && strings.HasSuffix(text[:p.Start], "--") {
					continue // only a blank there makes a comment
				}
				hintBetween(t, d, text[:p.Start], text[p.Start:])
			}
		}
	})
}

// notInLiterals checks that a literal with a hint's text in it gives no hint.
func notInLiterals(t *testing.T, d sqltext.Dialect, text string) {
	t.Helper()
	if strings.Contains(text, `\`) {
		return // the literal may end elsewhere
	}
	literal := "select '" + strings.ReplaceAll("/* fluxor:cache */"+text+"-- fluxor:nocache\n", "'", "''") + "'"
	if h, err := sqltext.HintOf(d, literal); err != nil || h.Cache || h.NoCache {
		t.Errorf("%s: %q has the hint %+v, %v", d, literal, h, err)
	}
}

// hintBetween checks that a hint between two parts of a text is found, and
// changes nothing but that: blanks in its place give the same statement.
func hintBetween(t *testing.T, d sqltext.Dialect, before, after string) {
	t.Helper()
	const hint = "/* fluxor:cache ttl=1s */"
	text := before + hint + after
	if h, err := sqltext.HintOf(d, text); err != nil || !h.Cache || h.TTL != time.Second {
		t.Errorf("%s: %q has the hint %+v, %v", d, text, h, err)
	}
	with := fmt.Sprintf("%+v", sqltext.Analyze(d, text))
	without := fmt.Sprintf("%+v", sqltext.Analyze(d, before+strings.Repeat(" ", len(hint))+after))
	if with != without {
		t.Errorf("%s: %q is %s with the hint and %s without", d, text, with, without)
	}
}
