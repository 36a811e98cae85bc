//go:build unix

// This file tests how a real Oracle database is named to the tests.

package dbtest

import (
	"slices"
	"testing"
)

func TestARealOracleIsNamedByItsDSN(t *testing.T) {
	d, ok := parseOracle(`user=fluxor password="it's \"secret\"" connectString=localhost:1521/FREEPDB1 libDir="/opt/oracle" timezone=UTC`)
	if !ok || d.User != "fluxor" || d.Password != `it's "secret"` || d.address != "localhost:1521/FREEPDB1" || d.lib != "/opt/oracle" || !slices.Equal(d.more, []string{"timezone=UTC"}) {
		t.Errorf("%t, %+v", ok, d)
	}
	want := `user="fluxor" password="it's \"secret\"" connectString="localhost:1521/FREEPDB1" timezone="UTC" libDir="/opt/oracle" a="b"`
	if got := d.Logfmt("a=b"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := d.URL("a=b"); got != "oracle://fluxor:it%27s+%22secret%22@localhost:1521/FREEPDB1?timezone=UTC&libDir=%2Fopt%2Foracle&a=b" {
		t.Error(got)
	}
	for _, bad := range []string{"scott/tiger@host/service", "user=x password=y", "user=x connectString=h"} {
		if d, ok := parseOracle(bad); ok {
			t.Errorf("%s became %+v", bad, d)
		}
	}
}

func TestNamesOfTablesDiffer(t *testing.T) {
	d := &OracleDatabase{}
	if a, b := d.Name("t"), d.Name("t"); a == b || len(a) > 30 {
		t.Errorf("%s, %s", a, b)
	}
}
