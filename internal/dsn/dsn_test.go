// This file tests that options leave a DSN without a trace and that nothing else does.

package dsn

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor/backend"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	pqURL  = Grammar{backend.FormURL, "postgres"}
	pgxURL = Grammar{backend.FormURL, "pgx"}
	pqKeys = Grammar{backend.FormLibpq, "postgres"}
	pgxKey = Grammar{backend.FormLibpq, "pgx"}
	mysqlG = Grammar{backend.FormMySQL, "mysql"}
	oracle = Grammar{backend.FormOracle, "godror"}
	logfmt = Grammar{backend.FormLogfmt, "godror"}
	sqlite = Grammar{backend.FormSQLite, "sqlite"}
	other  = Grammar{backend.FormUnknown, "other"}
)

// splits are the traps: text is what the user wrote, options is "key=value"
// joined by blanks.
var splits = []struct {
	name    string
	grammar Grammar
	text    string
	native  string
	options string
}{
	{"URL, no option", pqURL, "postgres://user:password@localhost:5432/dbname?sslmode=disable", "postgres://user:password@localhost:5432/dbname?sslmode=disable", ""},
	{"URL, option between others", pqURL, "postgres://h/db?a=1&fluxor_x=2&b=3", "postgres://h/db?a=1&b=3", "fluxor_x=2"},
	{"URL, option first", pqURL, "postgres://h/db?fluxor_x=2&b=3", "postgres://h/db?b=3", "fluxor_x=2"},
	{"URL, option last", pqURL, "postgres://h/db?a=1&fluxor_x=2", "postgres://h/db?a=1", "fluxor_x=2"},
	{"URL, option alone", pqURL, "postgres://h/db?fluxor_x=1", "postgres://h/db", "fluxor_x=1"},
	{"URL, value decoded", pqURL, "postgres://h?fluxor_q=SELECT%201%2B1+x%26y", "postgres://h", "fluxor_q=SELECT 1+1 x&y"},
	{"URL, encoded text in the password", pqURL, "postgres://u:p%3Ffluxor_cache%3Dall@h/db?fluxor_x=1", "postgres://u:p%3Ffluxor_cache%3Dall@h/db", "fluxor_x=1"},
	{"URL, raw text in the password, pgx", pgxURL, "postgres://u:p?fluxor_cache=all@h/db", "postgres://u:p?fluxor_cache=all@h/db", ""},
	{"URL, raw text in the password and an option, pgx", pgxURL, "postgres://u:p?fluxor_cache=all@h/db?fluxor_x=1", "postgres://u:p?fluxor_cache=all@h/db", "fluxor_x=1"},
	{"URL, @ in a value behind the slash, pgx", pgxURL, "postgres://h/db?user=me@corp&fluxor_x=1", "postgres://h/db?user=me@corp", "fluxor_x=1"},
	{"URL, IPv6 and several hosts", pgxURL, "postgres://u@[::1]:5,h2/db?fluxor_x=1&a=b", "postgres://u@[::1]:5,h2/db?a=b", "fluxor_x=1"},
	{"URL, key in the wrong case", pqURL, "postgres://h?Fluxor_X=1", "postgres://h", "Fluxor_X=1"},
	{"URL, option without a value", pqURL, "postgres://h?fluxor_x", "postgres://h", "fluxor_x="},
	{"libpq, option between others", pqKeys, "host=h fluxor_x=1 user=u", "host=h user=u", "fluxor_x=1"},
	{"libpq, option first", pqKeys, "fluxor_x=1 host=h", "host=h", "fluxor_x=1"},
	{"libpq, options last", pqKeys, "host=h fluxor_x=1 fluxor_y=2", "host=h", "fluxor_x=1 fluxor_y=2"},
	{"libpq, blanks around the sign", pqKeys, "host = h  fluxor_x = 1  user = u", "host = h   user = u", "fluxor_x=1"},
	{"libpq, text in a quoted password", pqKeys, "password='a fluxor_max_open_conns=3 b' host=h fluxor_x=1", "password='a fluxor_max_open_conns=3 b' host=h", "fluxor_x=1"},
	{"libpq, escaped quote in the password", pqKeys, `password='a\' fluxor_y=3 b' fluxor_x='it\'s \\ 1'`, `password='a\' fluxor_y=3 b'`, `fluxor_x=it's \ 1`},
	{"libpq, escaped blank in the password", pqKeys, `password=a\ fluxor_y=3 fluxor_x=1`, `password=a\ fluxor_y=3`, "fluxor_x=1"},
	{"libpq, empty value takes the next word", pqKeys, "password= fluxor_x=1", "password= fluxor_x=1", ""},
	{"libpq, no blank after a quoted option", pqKeys, "host=h fluxor_x='1'user=u", "host=h user=u", "fluxor_x=1"},
	{"libpq, Unicode space, lib/pq", pqKeys, "password=a\u00a0fluxor_x=1", "password=a", "fluxor_x=1"},
	{"libpq, Unicode space, pgx", pgxKey, "password=a\u00a0fluxor_x=1", "password=a\u00a0fluxor_x=1", ""},
	{"libpq, the name of a registered configuration", pgxKey, "registeredConnConfig0", "registeredConnConfig0", ""},
	{"libpq, empty", pqKeys, "", "", ""},
	{"mysql, no option", mysqlG, "user:password@tcp(localhost:3306)/dbname?parseTime=true", "user:password@tcp(localhost:3306)/dbname?parseTime=true", ""},
	{"mysql, option", mysqlG, "u:p@tcp(h)/db?fluxor_x=1&parseTime=true", "u:p@tcp(h)/db?parseTime=true", "fluxor_x=1"},
	{"mysql, text in the password", mysqlG, "u:p@ss/w?fluxor_y=1@tcp(h)/db?fluxor_x=1", "u:p@ss/w?fluxor_y=1@tcp(h)/db", "fluxor_x=1"},
	{"mysql, slash in a value", mysqlG, "u:p@/db?loc=Europe%2FBerlin&fluxor_q=SELECT+1%2F1", "u:p@/db?loc=Europe%2FBerlin", "fluxor_q=SELECT 1/1"},
	{"mysql, socket", mysqlG, "u@unix(/run/m.sock)/?fluxor_x=1", "u@unix(/run/m.sock)/", "fluxor_x=1"},
	{"oracle, no option", oracle, "user/password@localhost:1521/XE", "user/password@localhost:1521/XE", ""},
	{"oracle, option", oracle, "u/p@h:1521/s?fluxor_x=1", "u/p@h:1521/s", "fluxor_x=1"},
	{"oracle, option beside Oracle's own", oracle, `u/p@tcps://h:1521/s?dn="cn=a&fluxor_y=2?"&fluxor_x=1&sdu=8128`, `u/p@tcps://h:1521/s?dn="cn=a&fluxor_y=2?"&sdu=8128`, "fluxor_x=1"},
	{"oracle, as sysdba after the options", oracle, "sys/p@h/s?fluxor_x=1 as sysdba", "sys/p@h/s as sysdba", "fluxor_x=1"},
	{"oracle, AS SYSOPER after mixed options", oracle, "sys/p@h/s?a=b&fluxor_x=1 AS SYSOPER", "sys/p@h/s?a=b AS SYSOPER", "fluxor_x=1"},
	{"oracle, text in the password", oracle, "u/p?fluxor_y=1@h/s?fluxor_x=1", "u/p?fluxor_y=1@h/s", "fluxor_x=1"},
	{"oracle, text in the password alone", oracle, "u/p?fluxor_y=1@h/s", "u/p?fluxor_y=1@h/s", ""},
	{"oracle, escaped @ in the password", oracle, `u/p\@w?fluxor_y=1@h/s?fluxor_x=1`, `u/p\@w?fluxor_y=1@h/s`, "fluxor_x=1"},
	{"oracle, quoted password", oracle, `u/"p?fluxor_y=1"@h/s?fluxor_x=1`, `u/"p?fluxor_y=1"@h/s`, "fluxor_x=1"},
	{"oracle, parenthesis in the password", oracle, "u/p(w?fluxor_y=1@h/s?fluxor_x=1", "u/p(w?fluxor_y=1@h/s", "fluxor_x=1"},
	{"oracle, one quote in the password", oracle, `u/p"w@h/s?fluxor_x=1`, `u/p"w@h/s`, "fluxor_x=1"},
	{
		"oracle, TNS descriptor", oracle,
		"u/p@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s?fluxor_y=1)))?fluxor_x=1",
		"u/p@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s?fluxor_y=1)))", "fluxor_x=1",
	},
	{"oracle, text in a descriptor alone", oracle, "u/p@(DESCRIPTION=(SERVICE_NAME=s?fluxor_y=1))", "u/p@(DESCRIPTION=(SERVICE_NAME=s?fluxor_y=1))", ""},
	{"oracle, text in quotes behind a mark", oracle, `u/p@h/s?dn="a?fluxor_y=1&b"&fluxor_x=1`, `u/p@h/s?dn="a?fluxor_y=1&b"`, "fluxor_x=1"},
	{"logfmt, option", logfmt, `user="u" fluxor_x="1" connectString="h/s"`, `user="u" connectString="h/s"`, "fluxor_x=1"},
	{"logfmt, text in the password", logfmt, `user=u password="a\" fluxor_y=1 b" connectString=h fluxor_x=1`, `user=u password="a\" fluxor_y=1 b" connectString=h`, "fluxor_x=1"},
	{"logfmt, lines stay", logfmt, "user=u\nfluxor_x=1\npassword=p", "user=u\n\npassword=p", "fluxor_x=1"},
	{"logfmt, escapes in a value", logfmt, `connectString=h fluxor_q="a \"b\" \\' \' \u00e9"`, `connectString=h`, `fluxor_q=a "b" \' ' é`},
	{"sqlite, memory", sqlite, ":memory:?fluxor_x=1", ":memory:", "fluxor_x=1"},
	{"sqlite, file URI", sqlite, "file:x?_pragma=busy_timeout(5000)&fluxor_x=1&mode=memory", "file:x?_pragma=busy_timeout(5000)&mode=memory", "fluxor_x=1"},
	{"oracle, line break at the end", oracle, "u/p@h/s?fluxor_x=1\n", "u/p@h/s\n", "fluxor_x=1"},
	{"URL, prefix in values and names", pqURL, "postgres://fluxor_u@fluxor_h/fluxor_db?application_name=fluxor_app&fluxor_x=1", "postgres://fluxor_u@fluxor_h/fluxor_db?application_name=fluxor_app", "fluxor_x=1"},
	{"URL, prefix in a name behind an @, lib/pq", pqURL, "postgres://h?user=me@corp&dbname=fluxor_db#x", "postgres://h?user=me@corp&dbname=fluxor_db#x", ""},
	{"URL, option text in a password parameter", pqURL, "postgres://h/db?password=a;fluxor_y=1&fluxor_x=1", "postgres://h/db?password=a;fluxor_y=1", "fluxor_x=1"},
	{"libpq, prefix in values", pqKeys, "host=fluxor_h dbname=fluxor_db password=?fluxor_y=1 fluxor_x=1", "host=fluxor_h dbname=fluxor_db password=?fluxor_y=1", "fluxor_x=1"},
	{"sqlite, options alone", sqlite, "?fluxor_x=1", "", "fluxor_x=1"},
	{"unknown driver, last mark", other, "mock?a?fluxor_x=1", "mock?a", "fluxor_x=1"},
	{"unknown driver, URL", other, "sqlserver://u:p@h?database=d&fluxor_x=1", "sqlserver://u:p@h?database=d", "fluxor_x=1"},
}

func TestSplitTakesOptionsAndNothingElse(t *testing.T) {
	for _, row := range splits {
		t.Run(row.name, func(t *testing.T) {
			native, options, err := Split(row.grammar, row.text)
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, o := range options {
				words = append(words, o.Key+"="+o.Value)
			}
			if got := strings.Join(words, " "); native != row.native || got != row.options {
				t.Errorf("got %q with %q, want %q with %q", native, got, row.native, row.options)
			}
		})
	}
}

// TestOptionThatTheDriverWouldSeeIsAnError has DSNs that would go to a server
// together with the option in them, or in which the option would be lost.
func TestOptionThatTheDriverWouldSeeIsAnError(t *testing.T) {
	for _, row := range []struct {
		name    string
		grammar Grammar
		text    string
	}{
		{"mysql:// under lib/pq", pqKeys, "mysql://u:secret@legacy/db?fluxor_driver=postgres"},
		{"go-sql-driver under lib/pq", pqKeys, "u:secret@tcp(legacy:3306)/db?fluxor_type=postgres"},
		{"easy connect under lib/pq", pqKeys, "u/secret@legacy:1521/XE?fluxor_type=postgres"},
		{"scheme in capitals", pqKeys, "Postgres://u:secret@legacy/db?fluxor_preset=legacy"},
		{"file name under lib/pq", pqKeys, "app.db?fluxor_driver=postgres"},
		{"key that ends in an option, pgx", pgxKey, "host=h x&fluxor_preset=legacy"},
		{"libpq, separator of a URL", pqKeys, "host=h dbname=db?fluxor_preset=legacy"},
		{"logfmt, key that ends in an option", logfmt, "connectString=h x;fluxor_preset=legacy"},
		{"semicolon in a URL", pqURL, "postgres://h/db?a=1;fluxor_preset=legacy"},
		{"semicolon in a URL, pgx", pgxURL, "postgres://h/db?a=1;fluxor_preset=legacy"},
		{"HTML's ampersand", pqURL, "postgres://h/db?a=1&amp;fluxor_preset=legacy"},
		{"second question mark", pqURL, "postgres://h/db?a=1?fluxor_preset=legacy"},
		{"no question mark", pqURL, "postgres://h/db&fluxor_preset=legacy"},
		{"encoded key", pqURL, "postgres://h/db?%66luxor_preset=legacy"},
		{"encoded underscore, pgx", pgxURL, "postgres://h/db?fluxor%5Fpreset=legacy"},
		{"behind the fragment", pqURL, "postgres://h/db?a=1#fluxor_preset=legacy"},
		{"before the fragment", pqURL, "postgres://h/db?fluxor_preset=legacy#x"},
		{"raw ? in the password, lib/pq", pqURL, "postgres://u:a?fluxor_preset=secret&x@h/db"},
		{"raw ? in the password, lib/pq, unknown option", pqURL, "postgres://u:a?fluxor_secret&x@h/db"},
		{"raw # in the password, lib/pq", pqURL, "postgres://u:secret#1@h/db?fluxor_preset=legacy"},
		{"@ in a value that ends the user, lib/pq", pqURL, "postgres://?user=me@corp&fluxor_preset=legacy"},
		{"@ in a value that ends the user, pgx", pgxURL, "postgres://?user=me@corp&fluxor_preset=legacy"},
		{"mysql without a slash", mysqlG, "u:secret?fluxor_preset=legacy"},
		{"mysql, semicolon", mysqlG, "u:secret@tcp(h)/db?parseTime=true;fluxor_preset=legacy"},
		{"mysql, slash in a value", mysqlG, "u:secret@tcp(h)/db?fluxor_validation_query=1/1"},
		{"oracle without @", oracle, "u/secret?fluxor_preset=legacy"},
		{"oracle, an @ in the parameters", oracle, "u/secret@h/s?fluxor_preset=legacy&wallet=a@b"},
		{"oracle, an @ in the password", oracle, "u/p@secret@h/s?fluxor_preset=legacy"},
		{"oracle, a quoted @ in the password", oracle, `u/"p@secret"@h/s?fluxor_preset=legacy`},
		{"oracle, parenthesis in the password and a stray option", oracle, "u/secret(@h/s;fluxor_preset=legacy"},
		{"oracle, two question marks", oracle, "u/secret@h/s?fluxor_preset=legacy?x=1"},
		{"logfmt that is none without the option", logfmt, "user=u\nfluxor_preset=legacy"},
		{"sqlite, file name with a mark", sqlite, "?a=b&fluxor_preset=legacy"},
		{"sqlite, no question mark", sqlite, "app.db&fluxor_preset=legacy"},
		{"unknown driver, semicolon", other, "mock?a=1;fluxor_preset=legacy"},
	} {
		t.Run(row.name, func(t *testing.T) {
			native, options, err := Split(row.grammar, row.text)
			if err == nil || native != "" || options != nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %q with %q, error %v", native, options, err)
			}
		})
	}
}

func TestMalformedTextWithOptionsIsAnErrorWithoutTheText(t *testing.T) {
	for name, row := range map[string]struct {
		grammar Grammar
		text    string
	}{
		"quote without end":        {pqKeys, "fluxor_x=1 password='secret"},
		"word without sign":        {pqKeys, "password=my secret fluxor_x=1"},
		"logfmt quote without end": {logfmt, `fluxor_x=1 password="secret`},
		"bad percent":              {pqURL, "postgres://u:secret@h?fluxor_x=%zz"},
	} {
		if _, _, err := Split(row.grammar, row.text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestJoinRefusesWhatSplitWouldNotGiveBack(t *testing.T) {
	for name, row := range map[string]struct {
		grammar Grammar
		native  string
	}{
		"options already there":     {pqURL, "postgres://h?fluxor_y=1"},
		"no place without a slash":  {mysqlG, "u"},
		"no place without an @":     {oracle, "u/p"},
		"malformed pairs":           {pqKeys, "host='h"},
		"file name that looks odd":  {sqlite, "?x"},
		"quote that is never ended": {logfmt, `a="`},
	} {
		if text, err := Join(row.grammar, row.native, []Option{{"fluxor_x", "1"}}); err == nil {
			t.Errorf("%s: got %q, want an error", name, text)
		}
	}
}

// FuzzSplitJoin checks that Join and Split are inverse for every grammar.
func FuzzSplitJoin(f *testing.F) {
	for _, row := range splits {
		f.Add(row.native, "fluxor_q", "it's \"1\"/2 & ?#\\")
	}
	grammars := []Grammar{pqURL, pgxURL, pqKeys, pgxKey, mysqlG, oracle, logfmt, sqlite, other}
	f.Fuzz(func(t *testing.T, native, key, value string) {
		for _, g := range grammars {
			_, had, err := Split(g, native)
			if err != nil || len(had) > 0 {
				continue
			}
			want := []Option{{key, value}, {Prefix + "z", "2"}}
			text, err := Join(g, native, want)
			if err != nil {
				continue
			}
			back, got, err := Split(g, text)
			if err != nil || back != native || !slices.Equal(got, want) {
				t.Errorf("%v: %q became %q, then %q with %q, %v", g, native, text, back, got, err)
			}
		}
	})
}
