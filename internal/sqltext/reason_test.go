// This file ties the reasons to the page that explains them.

package sqltext

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestThePageExplainsEachReasonInItsOwnWords(t *testing.T) {
	page, err := os.ReadFile("../../docs/STATEMENTS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## The reasons")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (.+) \\|$").FindAllStringSubmatch(section, -1)
	if len(rows) != len(reasons) {
		t.Errorf("the page has %d rows for %d reasons", len(rows), len(reasons))
	}
	explained := map[string]string{}
	for _, row := range rows {
		explained[row[1]] = row[2]
	}
	for r := range Reason(len(reasons)) {
		if got := explained[r.String()]; got != r.Text() || got == "" {
			t.Errorf("%s: the page says %q, the code %q", r, got, r.Text())
		}
	}
}

func TestEachReasonIsReached(t *testing.T) {
	reached := map[Reason]bool{}
	for _, text := range []string{
		"select 1", "select now()", "table pg_class", "delete from t", "select 1 from t for update", "select nextval('a')", "set a = 1", "show a", "begin", "",
		"select 1; select 2", "vacuum", "select f()", "select 1 @@@@ 2", "select 1 into t", "select 1 for x", `select u&"a"`, `select '\'', f(), ' -- '`,
		"select 'a", "select (1", "select '\x00'",
	} {
		reached[Analyze(PostgreSQL, text).Reason] = true
	}
	for _, text := range []string{"select @a := 1", "select /*! 1 */", "select à"} {
		reached[Analyze(MySQL, text).Reason] = true
	}
	reached[Analyze(Oracle, "select 1 from t@x").Reason] = true
	reached[Analyze(Unknown, "").Reason] = true
	reached[Analyze(SQLite, strings.Repeat(" ", maxText+1)).Reason] = true
	reached[Analyze(Oracle, "call p(1)").Else.Reason] = true
	for r := range Reason(len(reasons)) {
		if !reached[r] {
			t.Errorf("no text has the reason %s", r)
		}
	}
}

func TestVerdictsHaveNames(t *testing.T) {
	for v, want := range map[Verdict]string{Flush: "FLUSH", Pure: "PURE", Write: "WRITE", Session: "SESSION", TxControl: "TXCTL"} {
		if v.String() != want {
			t.Errorf("%d is %s, want %s", v, v, want)
		}
	}
}
