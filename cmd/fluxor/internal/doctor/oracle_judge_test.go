// This file tests what the doctor makes of Oracle's values, without a database.

package doctor

import (
	"fmt"
	"slices"
	"testing"

	godror "github.com/godror/godror/dsn"

	"github.com/fluxor-db/fluxor/backend"
)

// oraErr has the methods of godror's.
type oraErr struct {
	code    int
	message string
}

func (e oraErr) Error() string   { return fmt.Sprintf("ORA-%05d: %s", e.code, e.message) }
func (e oraErr) Code() int       { return e.code }
func (e oraErr) Message() string { return e.message }
func (oraErr) FunName() string   { return "dpiConn_create" }
func (oraErr) SQLState() string  { return "HY000" }

func TestOraclesRefusalsAreToldApart(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		err  error
		want string
	}{
		{oraErr{0, `DPI-1047: Cannot locate a 64-bit Oracle Client library: "libclntsh.so: cannot open shared object file: No such file or directory". See https://oracle.github.io/odpi/doc/installation.html for help`}, "FX-1006"},
		{oraErr{28001, "the password has expired"}, "FX-1007"},
		{oraErr{28000, "The account is locked."}, "FX-1002"},
		{fmt.Errorf("user=%q standalone params={authMode:0}: %w", "u", oraErr{1017, "invalid username/password; logon denied"}), "FX-1002"},
		{oraErr{12516, "TNS:listener could not find available handler"}, "FX-1003"},
		{oraErr{12514, "TNS:listener does not currently know of service"}, "FX-1001"},
		{oraErr{1031, "insufficient privileges"}, "FX-1004"},
	} {
		if got := refusalID("oracle", row.err); got != row.want {
			t.Errorf("%v: got %s, want %s", row.err, got, row.want)
		}
	}
	if got := brief(oraErr{0, "DPI-1047: Cannot"}); got != "DPI-1047: Cannot" {
		t.Errorf("got %s", got)
	}
}

func TestOldClientLibraryIsFound(t *testing.T) {
	t.Parallel()
	for major, want := range map[int]string{12: "FX-2004", 17: "FX-2004", 18: "", 23: ""} {
		x := &exam{Report: &Report{}}
		x.oldClient(versions{client: fmt.Sprintf("%d.1.0.0.0", major), clientMajor: major})
		if got := ids(x.Report); got != want {
			t.Errorf("%d: got %q", major, got)
		}
	}
}

func TestZonesThatDifferAreFoundUnlessTheDSNChooses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ dsn, session, server, want string }{
		{"u/p@h/s", "+00:00", "+02:00", "FX-2005"},
		{"u/p@h/s", "+02:00", "-05:00", "FX-2005"},
		{"u/p@h/s", "+01:00", "+02:00", ""},
		{"u/p@h/s", "+02:00", "+02:00", ""},
		{"u/p@h/s", "somewhere", "+02:00", ""},
		{`connectString="h/s" timezone=UTC`, "+00:00", "+02:00", ""},
		{`connectString="h/s" noTimezoneCheck=1`, "+00:00", "+02:00", ""},
	} {
		params, err := godror.Parse(row.dsn)
		if err != nil {
			t.Fatal(err)
		}
		x := &exam{Report: &Report{}, at: &endpoint{oracle: &params}}
		x.zones(row.session, row.server)
		if got := ids(x.Report); got != row.want {
			t.Errorf("%s, %s and %s: got %q", row.dsn, row.session, row.server, got)
		}
	}
}

func TestConnectStringIsShownWhereItHoldsNoSecret(t *testing.T) {
	t.Parallel()
	for connect, want := range map[string]struct {
		address string
		local   bool
	}{
		"dbhost:1521/svc":                    {"dbhost:1521/svc", false},
		"//localhost/svc?wallet_location=/s": {"//localhost/svc", true},
		"tcps://[::1]:2484/svc":              {"tcps://[::1]:2484/svc", true},
		"erp":                                {"erp", false},
		"(DESCRIPTION=(X=secret))":           {"a connect descriptor", false},
	} {
		if address, local := oracleAddress(connect); address != want.address || local != want.local {
			t.Errorf("%s: got %s, %t", connect, address, local)
		}
	}
}

func TestPooledServerIsSeenInEveryForm(t *testing.T) {
	t.Parallel()
	for connect, want := range map[string]bool{
		"h/s:pooled": true, "h:1521/s:POOLED/inst": true, "h/s:pooled?x=1": true, "(CONNECT_DATA=(SERVER = pooled))": true,
		"h/s": false, "h/s:dedicated": false, "h/pooled": false, "h/s:pooledx": false,
	} {
		if got := pooledServer(connect); got != want {
			t.Errorf("%s: got %t", connect, got)
		}
	}
}

func TestGodrorsParametersAreNamedWhereItReadsNone(t *testing.T) {
	t.Parallel()
	got := leftToClient(backend.FormOracle, "h/s?connect_timeout=2&timezone=UTC&standaloneConnection=0")
	if !slices.Equal(got, []string{"timezone", "standaloneConnection"}) {
		t.Errorf("got %q", got)
	}
	if got := leftToClient(backend.FormLogfmt, "h/s?timezone=UTC"); got != nil {
		t.Errorf("in logfmt: got %q", got)
	}
}
