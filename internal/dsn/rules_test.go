// This file shows how a value full of the grammars' own signs, such as the cache's rules, is written in each of them.

package dsn

import (
	"slices"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
)

// rules is a value with everything in it that rules of the cache can have.
const rules = `table=a*,b_? ttl=10s; statement="^select [a-z]+ from x where (a = \?|b <> 'c''d') and e/f % 2 = 0 & g # @h$" off; routine=p.q neutral`

// Written by hand: what a grammar's parameters need encoded, and no more.
const (
	inURL    = `table=a*,b_? ttl=10s; statement="^select [a-z]%2B from x where (a = \?|b <> 'c''d') and e/f %25 2 = 0 %26 g %23 @h$" off; routine=p.q neutral`
	inFile   = `table=a*,b_? ttl=10s; statement="^select [a-z]%2B from x where (a = \?|b <> 'c''d') and e/f %25 2 = 0 %26 g # @h$" off; routine=p.q neutral`
	inMySQL  = `table=a*,b_? ttl=10s; statement="^select [a-z]%2B from x where (a = \?|b <> 'c''d') and e%2Ff %25 2 = 0 %26 g # @h$" off; routine=p.q neutral`
	inOracle = `table=a*,b_%3F ttl=10s; statement="^select [a-z]%2B from x where %28a = \%3F|b <> 'c''d'%29 and e/f %25 2 = 0 %26 g # %40h$" off; routine=p.q neutral`
	inLibpq  = `'table=a*,b_? ttl=10s; statement="^select [a-z]+ from x where (a = \\?|b <> \'c\'\'d\') and e/f % 2 = 0 & g # @h$" off; routine=p.q neutral'`
	inLogfmt = `"table=a*,b_? ttl=10s; statement=\"^select [a-z]+ from x where (a = \\?|b <> 'c''d') and e/f % 2 = 0 & g # @h$\" off; routine=p.q neutral"`
)

func TestRulesOfTheCacheFitIntoEveryGrammar(t *testing.T) {
	const key = "fluxor_cache_rules="
	for _, row := range []struct {
		name         string
		grammar      Grammar
		text, native string
	}{
		{"URL, lib/pq", pqURL, "postgres://u:p@h:5432/db?sslmode=disable&" + key + inURL + "&a=b", "postgres://u:p@h:5432/db?sslmode=disable&a=b"},
		{"URL, pgx", pgxURL, "postgres://u:p@h:5432/db?sslmode=disable&" + key + inFile, "postgres://u:p@h:5432/db?sslmode=disable"},
		{"URL, godror", Grammar{backend.FormURL, "godror"}, "oracle://u:p@h:1521/s?" + key + inURL, "oracle://u:p@h:1521/s"},
		{"libpq, lib/pq", pqKeys, "host=h " + key + inLibpq + " user=u", "host=h user=u"},
		{"libpq, pgx", pgxKey, "host=h user=u " + key + inLibpq, "host=h user=u"},
		{"go-sql-driver", mysqlG, "u:p@tcp(h:3306)/db?parseTime=true&" + key + inMySQL, "u:p@tcp(h:3306)/db?parseTime=true"},
		{"easy connect", oracle, "u/p@h:1521/s?" + key + inOracle, "u/p@h:1521/s"},
		{"easy connect, as sysdba", oracle, "sys/p@h:1521/s?" + key + inOracle + " as sysdba", "sys/p@h:1521/s as sysdba"},
		{"logfmt", logfmt, `user="u" ` + key + inLogfmt + ` connectString="h/s"`, `user="u" connectString="h/s"`},
		{"SQLite, a URI", sqlite, "file:app.db?mode=rwc&" + key + inFile, "file:app.db?mode=rwc"},
		{"SQLite, a path", sqlite, "app.db?" + key + inFile, "app.db"},
		{"an unknown driver's URL", other, "x://h/db?" + key + inURL, "x://h/db"},
	} {
		t.Run(row.name, func(t *testing.T) {
			want := []Option{{"fluxor_cache_rules", rules}}
			native, got, err := Split(row.grammar, row.text)
			if err != nil || native != row.native || !slices.Equal(got, want) {
				t.Errorf("got %q with %q, %v", native, got, err)
			}
			recognizedAs(t, row.grammar, row.text)
			if joined, err := Join(row.grammar, row.native, want); err != nil {
				t.Errorf("it cannot be put in: %q, %v", joined, err)
			}
		})
	}
}

// recognizedAs checks that a DSN is taken for one of its grammar and no other.
func recognizedAs(t *testing.T, g Grammar, text string) {
	t.Helper()
	shapes := Recognize(text)
	if g.Driver == other.Driver {
		return // no form of ours
	}
	if len(shapes) != 1 || shapes[0].Form != g.Form {
		t.Errorf("recognized as %+v", shapes)
	}
}

// TestSlashOfARuleIsEncodedInMySQLURLs has the one spelling that is translated
// before its options are taken out.
func TestSlashOfARuleIsEncodedInMySQLURLs(t *testing.T) {
	native, err := Translate(backend.FormMySQL, "mysql://u:p@h/db?fluxor_cache_rules="+inFile)
	if err != nil {
		t.Fatal(err)
	}
	native, options, err := Split(mysqlG, native)
	if err != nil || native != "u:p@tcp(h:3306)/db" || len(options) != 1 || options[0].Value != rules {
		t.Errorf("got %q with %q, %v", native, options, err)
	}
}
