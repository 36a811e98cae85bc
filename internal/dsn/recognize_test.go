// This file tests which grammars a DSN is taken for, the translations and the redaction.

package dsn

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
)

func TestRecognizeTellsTheDatabase(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://user:password@localhost:5432/dbname?sslmode=disable": "postgres",
		"postgresql://h": "postgres",
		"user:password@tcp(localhost:3306)/dbname?parseTime=true": "mysql",
		"u:p@tcp(h)/app.db":                                     "mysql",
		"u:p@(127.0.0.1:3306)/db":                               "mysql",
		"u@unix(/run/m.sock)/db":                                "mysql",
		"u:pa/s@s@/db":                                          "mysql",
		"mysql://u:p@h/db":                                      "mysql",
		"user:password@tcp/dbname?charset=utf8mb4":              "mysql",
		"user:password@unix/dbname":                             "mysql",
		"u:p@ssh.tunnel(h)/db":                                  "mysql",
		"u:p@host/db":                                           "",
		"user/pw@tcp/dbname":                                    "mysql oracle",
		"user/password@localhost:1521/XE":                       "oracle",
		"user/p@ss@localhost:1521/XE":                           "oracle",
		"sys/p@h/s?fluxor_x=1 as sysdba":                        "oracle",
		"/@tnsname":                                             "oracle",
		"scott/tiger@(DESCRIPTION=(ADDRESS=(HOST=h)(PORT=1)))":  "oracle",
		"u/p@(DESCRIPTION=(ADDRESS=(HOST=h))(PROGRAM=(/x))/)/y": "oracle",
		"oracle://u:p@h/s":                                      "oracle",
		`user="u" password="p" connectString="h:1521/s"`:        "oracle",
		"host=h user=u password='a@tcp(h) b'":                   "postgres",
		"password='connectString=x' user=u":                     "postgres",
		"user=u dbname=app.db":                                  "postgres",
		"fluxor_driver=pgx":                                     "postgres",
		":memory:":                                              "sqlite",
		":memory:?fluxor_x=1":                                   "sqlite",
		"var/app.sqlite3?_pragma=foreign_keys(1)":               "sqlite",
		"/home/me@x/app.db":                                     "sqlite",
		`C:\data\app.db`:                                        "sqlite",
		"file:x?mode=memory":                                    "sqlite",
		"sqlite:x":                                              "sqlite",
		"tcp://h:7000":                                          TypeGateway,
		"user/pw@host/orcl.db":                                  "oracle sqlite",
		"user=x password=a@tcp(h)/db":                           "postgres mysql",
		"":                                                      "",
		"nonsense":                                              "",
		"sqlserver://h":                                         "",
		"u:p@tcp(h)/db?fluxor_q=1/1":                            "",
	} {
		var types []string
		for _, s := range Recognize(text) {
			types = append(types, s.Type)
		}
		if got := strings.Join(types, " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestFluxorSpellingsAreTranslated(t *testing.T) {
	for text, want := range map[string]string{
		"mysql://user:pw@host:3306/db?x=y":        "user:pw@tcp(host:3306)/db?x=y",
		"mysql://u:p%40s%2Fs@host/db":             "u:p@s/s@tcp(host:3306)/db",
		"mysql://u:p?fluxor_x=1@h/db?fluxor_y=1":  "u:p?fluxor_x=1@tcp(h:3306)/db?fluxor_y=1",
		"mysql://u@[::1]:3307/":                   "u@tcp([::1]:3307)/",
		"mysql://u@[::1]/":                        "u@tcp([::1]:3306)/",
		"mysql://u:@/db":                          "u:@/db",
		"mysql://u:p%40ss@/db":                    "u:p@ss@/db",
		"mysql://u:p%40ss@/db?x=a@/b":             "u:p@ss@/db?x=a@%2Fb",
		"mysql://u:p%40ss@h/db?x=a@/b":            "u:p@ss@tcp(h:3306)/db?x=a@%2Fb",
		"mysql://u:p%40ss@h/db?x=@tcp(y)/b":       "u:p@ss@tcp(h:3306)/db?x=@tcp(y)%2Fb",
		"mysql://tcp(h)/db?x=a@b":                 "tcp(h)/db?x=a@b",
		"mysql://u:p%?@ssh.tunnel(h)/db":          "u:p%?@ssh.tunnel(h)/db",
		"mysql:///db":                             "/db",
		"mysql://h/db?loc=Europe/Berlin":          "tcp(h:3306)/db?loc=Europe%2FBerlin",
		"mysql://u:p%@unix(/run/m.sock)/db?a=%2F": "u:p%@unix(/run/m.sock)/db?a=%2F",
		"sqlite:app.db?x=1":                       "app.db?x=1",
		"sqlite:/var/app.db":                      "/var/app.db",
		"sqlite:///var/app.db":                    "/var/app.db",
		"sqlite::memory:":                         ":memory:",
		"postgres://h":                            "postgres://h",
	} {
		got, err := Translate(Recognize(text)[0].Form, text)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestTranslationErrorsShowNoPassword(t *testing.T) {
	for _, text := range []string{
		"mysql://u:secret", "mysql://u:secret/x@h/db", "mysql://u:secret%@h/db", "mysql://u%:secret@h/db",
		"mysql://u%3Av:secret@h/db", "sqlite://u:secret@h/app.db", "mysql://u:secret@h:port/db",
	} {
		_, err := Translate(Recognize(text)[0].Form, text)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got error %v", text, err)
		}
	}
}

func TestFormOfFollowsTheDriver(t *testing.T) {
	pq := backend.Backend{Forms: []backend.Form{backend.FormURL, backend.FormLibpq}}
	godror := backend.Backend{Forms: []backend.Form{backend.FormOracle, backend.FormLogfmt}}
	for _, row := range []struct {
		b    backend.Backend
		text string
		want backend.Form
	}{
		{pq, "", backend.FormLibpq},
		{pq, "postgres://h", backend.FormURL},
		{pq, "mysql://h", backend.FormLibpq},
		{godror, "", backend.FormOracle},
		{godror, " oracle://h/s", backend.FormURL},
		{godror, "user=u\npassword=p", backend.FormLogfmt},
		{godror, "connectString=h", backend.FormLogfmt},
		{backend.Backend{}, "x", backend.FormUnknown},
	} {
		if got := FormOf(row.b, row.text); got != row.want {
			t.Errorf("%q: got %v, want %v", row.text, got, row.want)
		}
	}
}

func TestRedactShowsWhatIsHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://app:secret@h:5432/db?sslmode=require&password=x&fluxor_preset=legacy": "postgres://app:***@h:5432/db?sslmode=require&password=***&fluxor_preset=legacy",
		"postgres://h/db":                                      "postgres://h/db",
		"postgres://u:p/w@x@h/db":                              "postgres://***",
		"postgres://u:p?x@h/db":                                "postgres://u:***@h/db",
		"mysql://u:p%40@h/db":                                  "mysql://u:***@h/db",
		"u:p@s/s@tcp(h:3306)/db?tls=x":                         "u:***@tcp(h:3306)/db?tls=x",
		"mysql://u:p@tcp(h)/db":                                "mysql://u:***@tcp(h)/db",
		"scott/tiger@h:1521/XE?fluxor_preset=legacy as sysdba": "scott/***@h:1521/XE?fluxor_preset=legacy as sysdba",
		"scott/ti@ger@h:1521/XE":                               "***",
		"app[erp]/tiger@tcps://[::1]:2484/s?retry_count=3&x=y": "app[erp]/***@tcps://[::1]:2484/s?retry_count=3&x=***",
		"u/p@(DESCRIPTION=(X=secret))":                         "***",
		"host='a secret' user=u":                               "host=*** user=u",
		"host=h user=u password='a b'":                         "host=h user=u password=***",
		`user="u" password="p" connectString="h/s"`:            "user=u password=*** connectString=h/s",
		"file:x?_pragma=key('secret')&mode=memory":             "file:x?_pragma=***&mode=memory",
		":memory:":               ":memory:",
		"app.db":                 "app.db",
		"secret":                 "***",
		"postgres://u:secret":    "postgres://***",
		"sqlserver://u:secret@h": "***",
		"":                       "",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzRedactHidesThePassword puts a mark into a password made of anything that
// its grammar allows unescaped, and looks for it in what Redact shows.
func FuzzRedactHidesThePassword(f *testing.F) {
	for _, around := range []string{"", "@", "/", "@h/", "?sslmode=", "@tcp(h)/x?user=", `"`, "'", "(", ") ", "\\", "a b", "%", ":"} {
		f.Add(around, "")
		f.Add("x", around)
	}
	const mark = "M4rk"
	f.Fuzz(func(t *testing.T, before, after string) {
		password := before + mark + after
		for _, text := range []string{
			"postgres://u:" + password + "@h:5432/db?sslmode=disable",
			"oracle://u:" + password + "@h:1521/s",
			"mysql://u:" + password + "@h:3306/db",
			"u:" + password + "@tcp(h:3306)/db?parseTime=true",
			"u:" + password + "@/db",
			"u/" + password + "@h:1521/XE as sysdba",
			"host=h user=u password=" + quoteLibpq(password) + " dbname=d",
			"user=u password=" + quoteLogfmt(password) + " connectString=h",
			"file:x.db?_key=" + strings.ReplaceAll(password, "&", "%26"),
		} {
			if shown := Redact(text); strings.Contains(shown, mark) {
				t.Errorf("%q shows %q", text, shown)
			}
		}
	})
}

func TestConcealKeepsDriverErrorsThatShowNothing(t *testing.T) {
	bad := func(what string) error { return errors.New(`pq: wrong value for "sslmode": "` + what + `"`) }
	for _, row := range []struct {
		err  error
		form backend.Form
		text string
		kept bool
	}{
		{bad("x"), backend.FormURL, "postgres://u:secret@h/db?sslmode=x", true},
		{bad("x"), backend.FormLibpq, "host=h password=secret sslmode=x", true},
		{bad("x"), backend.FormLibpq, "", true},
		{nil, backend.FormLibpq, "secret", true},
		{errors.New(`default addr for network 'x' unknown`), backend.FormMySQL, "u:secret@x(h)/db", true},
		{bad("secret"), backend.FormLibpq, "host=h password=secret sslmode=x", false},
		{bad("secret"), backend.FormLibpq, `host=h password=se\cret sslmode=x`, false},
		{bad("secretx"), backend.FormURL, "postgres://u:secret%78@h/db?sslmode=x", false},
		{bad("x"), backend.FormMySQL, "postgres://u:secret@h/db?sslmode=x", false},
		{bad("x"), backend.FormURL, "secret", false},
		{&url.Error{Op: "parse", URL: "postgres://u:secret", Err: errors.New(`invalid port ":secret"`)}, backend.FormURL, "postgres://u:secret#1@h/db", false},
		{errors.New(`parse "postgres://u:secret\x01@h": control character`), backend.FormURL, "postgres://u:secret\x01@h", false},
		{errors.New(`missing "=" after "u:secret"`), backend.FormLibpq, "u:secret pw@tcp(h)/db", false},
		{url.EscapeError("%se"), backend.FormMySQL, "u:p@tcp(h)/db?x=%secret", false},
	} {
		got := Conceal(row.err, row.form, row.text)
		if kept := got == row.err; kept != row.kept || !kept && strings.Contains(fmt.Sprintf("%v %+v %#v", got, got, errors.Unwrap(got)), "secret") {
			t.Errorf("%q: got %v", row.text, got)
		}
		if errors.As(row.err, new(*url.Error)) != errors.As(got, new(*url.Error)) {
			t.Errorf("%q: the *url.Error is lost or found", row.text)
		}
	}
}
