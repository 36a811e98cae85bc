// This file tests the text of rules: how it is read and written, and what is wrong with one that cannot be.

package cacherules_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/cacherules"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestWordsOfARuleAreRead(t *testing.T) {
	const text = `table=Orders,*_x ttl=10s rows=200 tags=A stale_if_error=0 swr=5s; statement="a b" off; routine=P.f pure neutral reads=A; routine=g writes=b`
	want := []cacherules.Rule{
		{
			Tables: []string{"orders", "*_x"},
			Terms: sqltext.Terms{
				TTL: 10 * time.Second, HasTTL: true, Rows: 200, Tags: []string{"a"},
				StaleIfError: sqltext.Off, StaleWhileRevalidate: 5 * time.Second,
			},
		},
		{Statement: "a b", Off: true},
		{Routines: []string{"p.f"}, Pure: true, Neutral: true, Reads: []string{"a"}},
		{Routines: []string{"g"}, Writes: []string{"b"}},
	}
	got := parsed(t, text).All()
	if fmt.Sprint(got) != fmt.Sprint(want) || len(got) != len(want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
	for i, r := range got {
		w := want[i]
		if !slices.Equal(r.Tables, w.Tables) || r.Statement != w.Statement || !reflect.DeepEqual(r.Terms, w.Terms) || r.Off != w.Off ||
			!slices.Equal(r.Routines, w.Routines) || r.Pure != w.Pure || r.Neutral != w.Neutral || !slices.Equal(r.Reads, w.Reads) || !slices.Equal(r.Writes, w.Writes) {
			t.Errorf("got  %+v\nwant %+v", r, w)
		}
	}
}

// normal has texts with their normal forms.
var normal = []struct{ name, text, want string }{
	{"nothing", "", ""},
	{"blanks and semicolons", " ;\n; ", ""},
	{"one rule", "table=a", "table=a"},
	{"a semicolon at the end", "table=a;", "table=a"},
	{"no blank behind the semicolon", "table=a;table=b", "table=a; table=b"},
	{"many blanks", "\ttable=a \r\n  off\v;\f", "table=a off"},
	{"other order", "swr=0 ttl=60s table=a", "table=a ttl=1m swr=0"},
	{"capitals", "table=A,Ä tags=X", "table=a,ä tags=x"},
	{"blanks in a list", `table="a, b"`, "table=a,b"},
	{"blanks in a name", `table="order details"`, `table="order details"`},
	{"a semicolon in a name", `table='a;b'`, `table="a;b"`},
	{"a quote in a name", `table='a"b'`, `table="a""b"`},
	{"both quotes in a name", `table="a""b'c"`, `table="a""b'c"`},
	{"a doubled quote in the other ones", `table="a''b"`, `table="a''b"`},
	{"a name with signs", "table=a$b#c-d_e", "table=a$b#c-d_e"},
	{"a statement without quotes", "statement=^select", `statement="^select"`},
	{"a statement with a semicolon", `statement="a;b" off`, `statement="a;b" off`},
	{"a statement with backslashes", `statement="\?\\"`, `statement="\?\\"`},
	{"a statement with =", "statement=a=b", `statement="a=b"`},
	{"a statement of quotes", `statement=""""`, `statement=""""`},
	{"a table and a statement", "statement=a table=b ttl=0", `table=b statement="a" ttl=0`},
	{"pure", "routine=p.F pure", "routine=p.f pure"},
	{"pure that reads", "reads=a,b pure routine=f,g*", "routine=f,g* pure reads=a,b"},
	{"writes and neutral", "routine=f neutral writes=a", "routine=f writes=a neutral"},
	{
		"all of the documentation", `table=orders,customers ttl=10s rows=200; statement="^select .* from rates" ttl=5m tags=rates; table=*_log off; ` +
			`routine=pkg.get_rate pure reads=rates; routine=pkg.book writes=orders,items; routine=pkg.note neutral`,
		`table=orders,customers ttl=10s rows=200; statement="^select .* from rates" ttl=5m tags=rates; table=*_log off; ` +
			`routine=pkg.get_rate pure reads=rates; routine=pkg.book writes=orders,items; routine=pkg.note neutral`,
	},
}

func TestRulesHaveOneNormalForm(t *testing.T) {
	for _, row := range normal {
		if got := parsed(t, row.text).String(); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

// What errors say would be right.
const (
	wantWords    = "allowed are table=, statement=, off, routine=, pure, reads=, writes=, neutral, ttl=30s, rows=500, tags=a,b, stale_if_error=1m and swr=10s"
	wantPatterns = "write names of tables without their schemas, each once, with commas between them; * stands for any characters"
	wantTables   = "write names of tables without their schemas, each once, with commas between them"
	wantRoutines = "write names of routines as statements call them, each once, with commas between them; * stands for any characters"
	wantTTL      = "write a time such as 30s, 5m or 1h, or 0 for until what was read is written"
	wantTwice    = "it is said twice"
	wantQuote    = "a quote stands right behind = alone; within quotes the quote itself is written twice"
	wantOpen     = "the quotes do not end"
	wantGlued    = "a blank or a semicolon follows the quotes"
	wantPurpose  = "say what the rule is for: table=, statement= or routine="
	wantDoes     = "say what the routine does: pure, writes= or neutral"
	wantAlone    = "beside routine= stand pure, reads=, writes= and neutral alone"
	wantRoutine  = "it stands beside routine= alone"
	wantNothing  = "nothing is kept where off stands; leave one of them out"
)

// brokenRules are texts with [[ ]] around the word that is wrong, and the number
// of its rule.
var brokenRules = []struct {
	rule int
	text string // with [[ ]] around the word that is wrong
	want string
}{
	{1, "[[tabel=a]]", wantWords},
	{1, "[[TABLE=a]]", wantWords},
	{1, "[[=a]]", wantWords},
	{2, "table=a; [[orders]]", wantWords},
	{2, ";; table=a ;\n; table=b [[on]]", wantWords},
	{1, "[[table]]", wantPatterns},
	{1, "[[table=]]", wantPatterns},
	{1, "[[table=a,]] b", wantPatterns},
	{1, "[[table=,a]]", wantPatterns},
	{1, "[[table=a,A]]", wantPatterns},
	{1, "[[table=app.a]]", wantPatterns},
	{1, "[[table=\"a\nb\"]]", wantPatterns},
	{1, "[[table=a\x00]]", wantPatterns},
	{1, "[[table=\xff]]", wantPatterns},
	{1, "table=a [[table=b]]", wantTwice},
	{1, "table=a [[ttl=10]]", wantTTL},
	{1, "table=a ttl=1s [[ttl=1s]]", wantTwice},
	{1, "[[ttl=1s]]", wantPurpose},
	{1, "[[off]]", wantPurpose},
	{1, "[[statement=]]", `write a regular expression for fingerprints, such as "^select .* from rates"`},
	{1, `[[statement=""]]`, `write a regular expression for fingerprints, such as "^select .* from rates"`},
	{1, `[[statement="a(b"]]`, "the regular expression has: missing closing )"},
	{1, `[[statement="[z-a]"]]`, "the regular expression has: invalid character class range"},
	{1, "statement=a [[statement=a]]", wantTwice},
	{1, `[[a"b]]=1`, wantQuote},
	{1, `[[table=a"b"]] off`, wantQuote},
	{1, `[[table='a]]`, wantOpen},
	{1, `[[table="a'; table=b]]`, wantOpen},
	{1, `[[table="a""]]`, wantOpen},
	{1, `[[table="a"]]off`, wantGlued},
	{1, `[[table="a"]],"b"`, wantGlued},
	{1, "table=a [[off=1]]", "off has no value"},
	{1, "table=a [[off=]]", "off has no value"},
	{1, "table=a off [[off]]", wantTwice},
	{1, "table=a off [[ttl=1s]]", wantNothing},
	{1, "[[ttl=1s]] table=a off", wantNothing},
	{1, "table=a [[pure]]", wantRoutine},
	{1, "statement=a [[writes=a]]", wantRoutine},
	{1, "[[neutral]]", wantRoutine},
	{1, "[[reads=a]] table=b", wantRoutine},
	{1, "[[routine=f]]", wantDoes},
	{1, "[[routine=]] pure", wantRoutines},
	{1, "[[routine=f,f]] pure", wantRoutines},
	{1, "routine=f [[routine=g]] pure", wantTwice},
	{1, "routine=f pure [[table=a]]", wantAlone},
	{1, "[[statement=a]] routine=f pure", wantAlone},
	{1, "routine=f pure [[ttl=1s]]", wantAlone},
	{1, "routine=f [[off]]", wantAlone},
	{1, "routine=f pure [[writes=a]]", "a pure routine writes nothing; leave one of them out"},
	{1, "routine=f writes=b [[reads=a]]", "it stands beside pure alone"},
	{1, "routine=f [[writes=*]]", wantTables},
	{1, "routine=f [[writes=app.a]]", wantTables},
	{1, "routine=f pure [[reads=a*]]", wantTables},
	{1, "routine=f writes=a [[writes=a]]", wantTwice},
	{1, "routine=f [[pure=yes]]", "pure has no value"},
	{1, "routine=f neutral [[neutral]]", wantTwice},
}

func TestBrokenRuleNamesTheWordItsByteAndWhatWouldBeRight(t *testing.T) {
	for _, row := range brokenRules {
		checkRuleError(t, row.rule, row.text, row.want)
	}
}

// checkRuleError checks the error for a text in which the word that is wrong is
// marked.
func checkRuleError(t *testing.T, rule int, marked, reason string) {
	t.Helper()
	before, rest, _ := strings.Cut(marked, "[[")
	word, behind, _ := strings.Cut(rest, "]]")
	rules, err := cacherules.Parse(before + word + behind)
	want := fmt.Sprintf("rule %d, %q at byte %d: %s", rule, word, len(before), reason)
	if err == nil || err.Error() != want || rules != nil {
		t.Errorf("%s:\n got %v\nwant %s", marked, err, want)
	}
}

// FuzzRules checks that every text is refused or has a normal form, which is
// read as the same rules and written as itself.
func FuzzRules(f *testing.F) {
	for _, row := range normal {
		f.Add(row.text, "select a from orders where id = ?", "orders")
	}
	for _, row := range brokenRules {
		f.Add(strings.NewReplacer("[[", "", "]]", "").Replace(row.text), "", "")
	}
	f.Fuzz(func(t *testing.T, text, fingerprint, table string) {
		rules, err := cacherules.Parse(text)
		if err != nil {
			return
		}
		form := rules.String()
		again, err := cacherules.Parse(form)
		if err != nil || again.String() != form || !reflect.DeepEqual(again, rules) {
			t.Fatalf("%q became %q, then %v, %v", text, form, again, err)
		}
		q := cacherules.Query{Fingerprint: fingerprint, Tables: []string{table}}
		one, found := rules.Match(q)
		other, too := again.Match(q)
		if found != too || one.String() != other.String() {
			t.Errorf("%q fits %q, but %q of the normal form", table, one, other)
		}
	})
}
