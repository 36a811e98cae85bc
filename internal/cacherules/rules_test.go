// This file tests which rule a statement or a routine falls under.

package cacherules_test

import (
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/cacherules"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// parsed reads rules that are known to be right.
func parsed(t *testing.T, text string) *cacherules.Rules {
	t.Helper()
	rules, err := cacherules.Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return rules
}

func TestFirstRuleThatFitsDecides(t *testing.T) {
	for _, row := range []struct {
		name, rules, text string
		want              string // the rule; "" for none
	}{
		{"no rules", "", "select * from orders", ""},
		{"a table", "table=orders ttl=10s", "select * from orders", "table=orders ttl=10s"},
		{"another table", "table=orders", "select * from items", ""},
		{"a table in capitals", "table=ORDERS", `select * from "Orders"`, "table=orders"},
		{"a table in a schema", "table=orders", "select * from app.orders", "table=orders"},
		{"all of the tables", "table=orders,items", "select * from items join orders on 1 = 1", "table=orders,items"},
		{"one of the tables", "table=orders", "select * from items join orders on 1 = 1", ""},
		{"no tables", "table=*", "select 1", ""},
		{"a star", "table=*", "select * from a, b", "table=*"},
		{"a star before", "table=*_log", "select * from web_log", "table=*_log"},
		{"a star behind", "table=web*", "select * from web", "table=web*"},
		{"a star that fits not", "table=*_log", "select * from web_logs", ""},
		{"the first of two", "table=a* ttl=1s; table=ab ttl=2s", "select * from ab", "table=a* ttl=1s"},
		{"the second of two", "table=a ttl=1s; table=ab ttl=2s", "select * from ab", "table=ab ttl=2s"},
		{"off before", "table=*_log off; table=*", "select * from web_log", "table=*_log off"},
		{"off for one of the tables", "table=*_log off; table=*", "select * from a, web_log", "table=*_log off"},
		{"off for none of the tables", "table=*_log off; table=*", "select * from a", "table=*"},
		{"off for no tables", "table=* off", "select 1", ""},
		{"off behind", "table=*; table=*_log off", "select * from web_log", "table=*"},
		{"a statement", `statement="^select .* from rates"`, "SELECT  a FROM rates", `statement="^select .* from rates"`},
		{"a statement with a literal", `statement="id = \?$"`, "select a from t where id = 7", `statement="id = \?$"`},
		{"a statement with a comment", "statement=secret", "select 1 /* secret */", ""},
		{"a statement in part", "statement=^from", "select a from rates", ""},
		{"a statement without tables", "statement=^select", "select 1", `statement="^select"`},
		{"a statement that is off", "statement=rates off; table=*", "select * from rates", `statement="rates" off`},
		{"a statement of a table", "table=rates statement=where", "select * from rates where a = 1", `table=rates statement="where"`},
		{"another statement of the table", "table=rates statement=where", "select * from rates", ""},
		{"the statement of another table", "table=rates statement=where", "select * from orders where a = 1", ""},
		{"a routine's rule", "routine=orders pure; routine=* pure", "select * from orders", ""},
	} {
		q := cacherules.Query{Fingerprint: sqltext.Fingerprint(sqltext.PostgreSQL, row.text), Tables: sqltext.Tables(sqltext.PostgreSQL, row.text)}
		got, ok := parsed(t, row.rules).Match(q)
		if ok != (row.want != "") || got.String() != row.want {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, ok, row.want)
		}
	}
}

func TestNamesThatMayBeTablesCountWhereARuleSaysOff(t *testing.T) {
	q := cacherules.Query{Tables: []string{"orders"}, Names: []string{"id", "web_log"}}
	for _, row := range []struct{ rules, want string }{
		{"table=*_log off", "table=*_log off"},
		{"table=*_log", ""},
		{"table=orders", "table=orders"},
		{"table=other off; table=orders", "table=orders"},
	} {
		if got, _ := parsed(t, row.rules).Match(q); got.String() != row.want {
			t.Errorf("%s: %q, want %q", row.rules, got, row.want)
		}
	}
}

func TestStarStandsForAnyCharacters(t *testing.T) {
	for _, row := range []struct {
		pattern    string
		fits, nots string
	}{
		{"a", "a", "b aa ab ba"},
		{"*", "a ab a_b", ""},
		{"**", "a ab", ""},
		{"a*", "a ab abc", "ba b"},
		{"*a", "a ba a_a", "ab"},
		{"*a*", "a ab ba bab", "b"},
		{"a*b", "ab aab abb a_b acbb", "a b aba ba"},
		{"a*a", "aa aba aaa", "a ab"},
		{"ab*ba", "abba abxba", "aba ab ba"},
		{"a*b*c", "abc axbxc abbcc abcbc", "acb ac abcb"},
		{"*ab*ab", "abab xababab ab_ab", "ab aab abb"},
		{"a?[b]", "a?[b]", "axb ab"},
	} {
		rules := parsed(t, "table="+row.pattern)
		for name := range strings.FieldsSeq(row.fits) {
			if _, ok := rules.Match(cacherules.Query{Tables: []string{name}}); !ok {
				t.Errorf("%s does not fit %s", name, row.pattern)
			}
		}
		for name := range strings.FieldsSeq(row.nots) {
			if _, ok := rules.Match(cacherules.Query{Tables: []string{name}}); ok {
				t.Errorf("%s fits %s", name, row.pattern)
			}
		}
	}
}

func TestRoutineIsFoundUnderTheNameOfItsCall(t *testing.T) {
	rules := parsed(t, `table=get_rate; routine=pkg.get_rate pure reads=rates; routine=pkg.book writes=orders,items;
		routine=pkg.note neutral; routine=util.is_*,length2 pure; routine=pkg.* writes=everything neutral`)
	for _, row := range []struct{ name, want string }{
		{"pkg.get_rate", "routine=pkg.get_rate pure reads=rates"},
		{"get_rate", ""},
		{"app.pkg.get_rate", ""},
		{"pkg.book", "routine=pkg.book writes=orders,items"},
		{"pkg.note", "routine=pkg.note neutral"},
		{"util.is_open", "routine=util.is_*,length2 pure"},
		{"length2", "routine=util.is_*,length2 pure"},
		{"any.length2", "routine=util.is_*,length2 pure"},
		{"any.is_open", ""},
		{"pkg.other", "routine=pkg.* writes=everything neutral"},
		{"", ""},
	} {
		got, ok := rules.Routine(row.name)
		if ok != (row.want != "") || got.String() != row.want {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, ok, row.want)
		}
	}
}

func TestZeroRulesSayNothing(t *testing.T) {
	var rules cacherules.Rules
	_, statement := rules.Match(cacherules.Query{Fingerprint: "select ?", Tables: []string{"a"}})
	_, routine := rules.Routine("a")
	if statement || routine || rules.String() != "" || len(rules.All()) != 0 {
		t.Errorf("got %v, %v, %q", statement, routine, rules.String())
	}
}
