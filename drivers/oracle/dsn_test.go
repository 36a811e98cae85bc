//go:build cgo

// This file tests what becomes of a DSN, by what godror makes of the same text.

package oracle

import (
	"errors"
	"strings"
	"testing"

	"github.com/godror/godror"
)

// forms of DSNs that godror reads, with what it reads of them.
var readable = map[string]struct{ user, password, connect, role string }{
	"scott/tiger@dbhost:1521/svc":                                                  {"scott", "tiger", "dbhost:1521/svc", ""},
	"scott/tiger@//dbhost:1521/svc":                                                {"scott", "tiger", "//dbhost:1521/svc", ""},
	"scott/tiger@dbhost/svc?connect_timeout=2&retry_count=3":                       {"scott", "tiger", "dbhost/svc?connect_timeout=2&retry_count=3", ""},
	`scott/ti\@ger\/x@dbhost/svc`:                                                  {"scott", "ti@ger/x", "dbhost/svc", ""},
	`scott/"tiger"@dbhost/svc`:                                                     {"scott", `"tiger"`, "dbhost/svc", ""},
	"sys/tiger@dbhost/svc as sysdba":                                               {"sys", "tiger", "dbhost/svc", "SYSDBA"},
	"sys/tiger@dbhost/svc?connect_timeout=2 AS SYSOPER":                            {"sys", "tiger", "dbhost/svc?connect_timeout=2", "SYSOPER"},
	"app[erp]/tiger@dbhost/svc":                                                    {"app[erp]", "tiger", "dbhost/svc", ""},
	"scott/tiger@[::1]:1521/svc":                                                   {"scott", "tiger", "[::1]:1521/svc", ""},
	"scott/tiger@tcps://dbhost:2484/svc":                                           {"scott", "tiger", "tcps://dbhost:2484/svc", ""},
	"scott/tiger@(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=s)))":                    {"scott", "tiger", "(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=s)))", ""},
	`scott/tiger@(DESCRIPTION=(SECURITY=(SSL_SERVER_CERT_DN="emailAddress=a@b")))`: {"scott", "tiger", `(DESCRIPTION=(SECURITY=(SSL_SERVER_CERT_DN="emailAddress=a@b")))`, ""},
	"scott/tiger@erp":                                                              {"scott", "tiger", "erp", ""},
	"/@erp":                                                                        {"", "", "erp", ""},
	"oracle://scott:ti%40ger@dbhost:1521/svc":                                      {"scott", "ti@ger", "dbhost:1521/svc", ""},
	"oracle://sys:tiger@dbhost/svc?adminRole=sysdba":                               {"sys", "tiger", "dbhost/svc", "SYSDBA"},
	`user="scott" password="t \"g" connectString="h/s"`:                            {"scott", `t "g`, "h/s", ""},
	"user=scott password=tiger connectString=h/s":                                  {"scott", "tiger", "h/s", ""},
	"user=scott\npassword=tiger\nconnectString=\"h/s\"":                            {"scott", "tiger", "h/s", ""},
	`connectString="h/s"`:                                                          {"", "", "h/s", ""},
}

func TestEveryFormIsReadAsGodrorReadsIt(t *testing.T) {
	for text, want := range readable {
		got, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got.Username != want.user || got.Password.Secret() != want.password || got.ConnectString != want.connect || got.AdminRole.String() != want.role {
			t.Errorf("%s: got user %q, password %q, connect string %q, role %q", text, got.Username, got.Password.Secret(), got.ConnectString, got.AdminRole)
		}
		bare, err := godror.ParseDSN(text)
		if err != nil {
			t.Fatal(err)
		}
		if got.StandaloneConnection = bare.StandaloneConnection; got.StringWithPassword() != bare.StringWithPassword() {
			t.Errorf("%s: got\n%s\nwant but for standaloneConnection\n%s", text, got.StringWithPassword(), bare.StringWithPassword())
		}
	}
}

func TestGodrorPoolsSessionsOnlyWhereTheDSNSaysSo(t *testing.T) {
	for text, pools := range map[string]bool{
		"u/p@h/s":                    false,
		"oracle://u:p@h/s":           false,
		`user=u connectString="h/s"`: false,
		`user=u connectString="h/s" poolMaxSessions=5`:                          false,
		`user=u connectString="h/s" standaloneConnection=1`:                     false,
		`user=u connectString="h/s" standaloneConnection=0`:                     true,
		`user=u connectString="h/s" standaloneConnection=false`:                 true,
		`user=u connectString="h/s" standaloneConnection=`:                      false,
		`user=u connectString="h/s" heterogeneousPool=1`:                        true,
		`user=u connectString="h/s" heterogeneousPool=1 standaloneConnection=1`: false,
		`user=u password="standaloneConnection=0" connectString="h/s"`:          false,
		`user=u connectString="h/s" standaloneConnection=0 adminRole=SYSDBA`:    false,
		"oracle://u:p@h/s?standaloneConnection=0":                               true,
		"oracle://u:standaloneConnection=0@h/s":                                 false,
		"u/p@h/s?standaloneConnection=0":                                        false, // in this form it is for Oracle's client
		"u/standaloneConnection=0@h/s":                                          false,
	} {
		got, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got.IsStandalone() == pools || !got.StandaloneConnection.Valid {
			t.Errorf("%s: standalone %t, written %t", text, got.IsStandalone(), got.StandaloneConnection.Valid)
		}
	}
}

func TestConnectionClassSurvives(t *testing.T) {
	const text = `user=u connectString="h/s:pooled" connectionClass=ERP`
	got, err := parse(text)
	if err != nil || got.ConnClass != "ERP" || !got.IsStandalone() {
		t.Errorf("got class %q, standalone %t, %v", got.ConnClass, got.IsStandalone(), err)
	}
	if bare, err := godror.ParseDSN(text + " standaloneConnection=1"); err != nil || bare.ConnClass != "" {
		t.Errorf("godror keeps the class %q beside standaloneConnection=1 (%v): the text could be written after all", bare.ConnClass, err)
	}
}

func TestPasswordThatGodrorWouldCutIsRefused(t *testing.T) {
	for _, text := range []string{"u/se@cret@h/s", `u/"se@cret"@h/s`, "u/se@cret@h/s?x=1 as sysdba", "u/a@b@(DESCRIPTION=(x))"} {
		if _, err := parse(text); !errors.Is(err, errAt) || strings.Contains(err.Error(), "cret") {
			t.Errorf("%s: got %v", text, err)
		}
	}
	for _, text := range []string{"u/p@h/s?wallet=a@b", `user=u connectString="a@b"`, "oracle://u:p%40@h/s"} {
		if _, err := parse(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
