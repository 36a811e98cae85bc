// This file tests how a target spells its DSNs, and that a missing server says what to install.

package dbtest

import (
	"strings"
	"testing"
)

func TestTargetSpellsEveryForm(t *testing.T) {
	pg := Target{Host: "127.0.0.1", Port: 5432, User: "u", Password: `p'\@/ x`, Database: "d", socket: "/s/.s.PGSQL.5432"}
	my := Target{kind: kindMariaDB, Host: "127.0.0.1", Port: 3306, User: "u", Password: "p", Database: "d", socket: "/s/m.sock"}
	for name, row := range map[string]struct{ got, want string }{
		"postgres URL":             {pg.URL("a=1"), "postgres://u:p%27%5C%40%2F%20x@127.0.0.1:5432/d?sslmode=disable&a=1"},
		"postgres key=value":       {pg.KeyValue("sslmode=require"), `host='127.0.0.1' port=5432 user='u' password='p\'\\@/ x' dbname='d' sslmode=require`},
		"postgres URL, socket":     {pg.As("u", "p").OverSocket().URL(), "postgres://u:p@/d?sslmode=disable&host=%2Fs&port=5432"},
		"postgres behind a proxy":  {pg.As("u", "p").At("127.0.0.1:1").DSN(), "postgres://u:p@127.0.0.1:1/d?sslmode=disable"},
		"mysql DSN":                {my.DSN("parseTime=true"), "u:p@tcp(127.0.0.1:3306)/d?parseTime=true"},
		"mysql DSN, socket":        {my.OverSocket().DSN(), "u:p@unix(/s/m.sock)/d"},
		"mysql behind a proxy":     {my.OverSocket().At("127.0.0.1:1").DSN(), "u:p@tcp(127.0.0.1:1)/d"},
		"mysql URL":                {my.URL("parseTime=true"), "mysql://u:p@127.0.0.1:3306/d?parseTime=true"},
		"mysql, another database":  {my.In("a/b").DSN(), "u:p@tcp(127.0.0.1:3306)/a%2Fb"},
		"address":                  {my.Addr(), "127.0.0.1:3306"},
		"socket":                   {my.Socket(), "/s/m.sock"},
		"certificate, without TLS": {my.CAFile(), ""},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %s, want %s", name, row.got, row.want)
		}
	}
}

func TestMissingServerSaysWhatToInstall(t *testing.T) {
	if path, ok := find([]string{t.TempDir()}, "postgres"); ok {
		t.Fatalf("found %s in an empty directory", path)
	}
	text := missing("PostgreSQL", "postgres and initdb", "make servers", "postgresql").Error()
	for _, part := range []string{"PostgreSQL is not installed", "make servers", "package postgresql"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}
