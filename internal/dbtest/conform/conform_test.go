// This file tests the suite itself: that a driver which differs is caught, and that an exception excuses only what it says.

package conform

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		seen[c.Name] = true
		for _, name := range c.Excused {
			if !known(name) {
				t.Errorf("%q names the exception %q, which is not in the table", c.Name, name)
			}
		}
	}
	if len(seen) < 150 {
		t.Errorf("%d cases, want at least 150", len(seen))
	}
}

func known(name string) bool {
	for _, e := range Exceptions {
		if e.Name == name {
			return e.Reason != ""
		}
	}
	return false
}

func TestADifferentLineIsADifference(t *testing.T) {
	diff, excused := Compare(Case{}, []string{"a", "b"}, []string{"a", "c"})
	if diff != "-b\n+c" || excused != nil {
		t.Errorf("Compare = %q, %v", diff, excused)
	}
	if diff, _ := Compare(Case{}, []string{"a", "b"}, []string{"a"}); diff == "" {
		t.Error("a missing line is no difference")
	}
	if diff, _ := Compare(Case{}, []string{"a"}, []string{"a"}); diff != "" {
		t.Errorf("equal transcripts differ: %s", diff)
	}
}

func TestAnExceptionExcusesOnlyItsOwnDifference(t *testing.T) {
	const (
		bare    = `exec: error "driver: bad connection" is driver.ErrBadConn of *errors.errorString`
		through = `exec: error "lost" of *github.com/fluxor-db/fluxor/refusal.IndeterminateError`
	)
	c := Case{Excused: []string{"lost session"}}
	if diff, excused := Compare(c, []string{bare}, []string{through}); diff != "" || len(excused) != 1 {
		t.Errorf("Compare = %q, %v", diff, excused)
	}
	if diff, _ := Compare(Case{}, []string{bare}, []string{through}); diff == "" {
		t.Error("an exception that the case does not name excused it")
	}
	if diff, _ := Compare(c, []string{"exec: no error"}, []string{through}); diff == "" {
		t.Error("a lost session excused an error where the bare driver has none")
	}
}

func TestADifferenceOfAHandleExcusesOnlyItsOwnCasesAndLines(t *testing.T) {
	line := Difference{Name: "line", Cases: []string{"one"}, Excuses: func(bare, through string) bool { return bare == "a" && through == "b" }}
	whole := Difference{Name: "whole", Cases: []string{"two"}}
	one, two := Case{Name: "one"}, Case{Name: "two"}
	if diff, excused := Compare(one, []string{"a"}, []string{"b"}, line, whole); diff != "" || len(excused) != 1 || excused[0] != "line" {
		t.Errorf("Compare = %q, %v", diff, excused)
	}
	if diff, _ := Compare(one, []string{"a"}, []string{"c"}, line, whole); diff == "" {
		t.Error("a line was excused that is not the difference's")
	}
	if diff, _ := Compare(Case{Name: "three"}, []string{"a"}, []string{"b"}, line, whole); diff == "" {
		t.Error("a case was excused that the difference does not name")
	}
	if diff, excused := Compare(two, []string{"a"}, []string{"b", "c"}, line, whole); diff != "" || len(excused) != 1 || excused[0] != "whole" {
		t.Errorf("Compare = %q, %v", diff, excused)
	}
	if _, excused := Compare(two, []string{"a"}, []string{"a"}, line, whole); excused != nil {
		t.Error("transcripts that are the same had a use for a difference")
	}
}

func TestADifferenceThatNobodySeesIsNamed(t *testing.T) {
	var sum Tally
	sum.add("sqlite", "one", 1, []string{"d"})
	seen := Difference{Name: "d", Cases: []string{"one"}}
	half := Difference{Name: "d", Cases: []string{"one", "two", "three"}}
	sum.try(Case{Name: "one"}, []Difference{half})
	sum.try(Case{Name: "two"}, []Difference{half})
	if got := sum.Unused(seen); got != nil {
		t.Errorf("Unused = %q", got)
	}
	if got := sum.Unused(half); len(got) != 1 || got[0] != "d: two" {
		t.Errorf("Unused = %q", got)
	}
	if got := sum.Unused(Difference{Name: "e"}); len(got) != 1 || got[0] != "e" {
		t.Errorf("Unused = %q", got)
	}
}

func TestAnErrorShowsItsWholeChain(t *testing.T) {
	got := showError(fmt.Errorf("outer: %w", errors.Join(errBad, fmt.Errorf("inner"))))
	for _, want := range []string{"outer: driver: bad connection", "is driver.ErrBadConn", "*fmt.wrapError > *errors.joinError > [ *errors.errorString *errors.errorString ]"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nlacks %s", got, want)
		}
	}
}

func TestValuesShowTheirType(t *testing.T) {
	shown := map[string]bool{}
	for _, v := range []any{nil, 1, int64(1), "1", []byte("1"), []byte(nil), []byte{}, true, new(int), (*int)(nil)} {
		shown[show(v)] = true
	}
	if len(shown) != 10 {
		t.Errorf("two different values look the same: %v", shown)
	}
}

func TestTextsForOracleHaveNumbersAndDual(t *testing.T) {
	for text, want := range map[string]string{
		"select 1":                                  "select 1 from dual",
		"select 1;":                                 "select 1from dual ;",
		"select ?, '?', \"?\" from t where a=?":     "select :1, '?', \"?\" from t where a=:2",
		"select 1 where 1 = ?":                      "select 1 from dual where 1 = :1",
		"select 1 union all select ? order by 1":    "select 1 from dual union all select :1 from dual order by 1",
		"select n from (select 1 as n) x":           "select n from (select 1 as n from dual) x",
		"insert into t values (?, (select 1))":      "insert into t values (:1, (select 1 from dual))",
		"insert into t (a) values (1), (f(2))":      "insert into t (a) select 1 from dual union all select f(2) from dual",
		"insert into t values (1), (2) returning a": "insert into t values (1), (2) returning a",
		"/* select */ -- select":                    "/* select */ -- select",
		"select '":                                  "select ' from dual",
		"begin :1 := 'it''s ?'; end;":               "begin :1 := 'it''s ?'; end;",
	} {
		if got := oracleText(text); got != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", text, got, want)
		}
	}
}
