// This file tests how Oracle's DSNs are recognised and parted from Fluxor's options.

package fluxor

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
)

func TestEveryFormOfOraclesGoesToGodrorByteForByte(t *testing.T) {
	for _, native := range []string{
		"user/password@localhost:1521/XE",
		"scott/tiger@//dbhost:1521/svc",
		"scott/tiger@dbhost/svc?connect_timeout=2&retry_count=3",
		`scott/ti\@ger\/x@dbhost/svc`,
		`scott/"ti?ger"@dbhost/svc`,
		"sys/tiger@dbhost/svc as sysdba",
		"sys/tiger@dbhost/svc?connect_timeout=2 AS SYSOPER",
		"app[erp]/tiger@dbhost/svc",
		"scott/tiger@[::1]:1521/svc",
		"scott/tiger@tcps://dbhost:2484/svc?wallet_location=/etc/w",
		"scott/tiger@dbhost:1521/svc:pooled",
		"scott/tiger@(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=h)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s)))",
		`scott/tiger@(DESCRIPTION=(SECURITY=(SSL_SERVER_CERT_DN="emailAddress=a@b,CN=x?y")))`,
		"scott/tiger@erp",
		"/@erp",
		"/@erp as sysdba",
		"oracle://scott:ti%40ger@dbhost:1521/svc",
		"oracle://sys:tiger@dbhost/svc?adminRole=sysdba&timezone=UTC",
		`user="scott" password="t \"g" connectString="h/s" standaloneConnection=0`,
		"user=scott password=tiger connectString=h/s",
		"user=scott\npassword=tiger\nconnectString=\"h/s\"",
		`connectString="h/s"`,
	} {
		for _, forced := range []string{"", "oracle"} {
			for _, options := range []string{"fluxor_max_open_conns=3", "fluxor_max_open_conns=3 fluxor_type=oracle", "fluxor_driver=godror fluxor_max_open_conns=3"} {
				text := withOptions(native, options)
				got, err := parseDSN(text, forced, likeAll)
				if err != nil || got.backend.Name != "oracle" || got.native != native || got.config.MaxOpenConns != 3 || got.byName {
					t.Errorf("%s under %q: got %q %v, %v", text, forced, got.native, got.config, err)
				}
			}
		}
	}
}

// withOptions writes options, with a blank between two, where a user would.
func withOptions(native, options string) string {
	if strings.Contains(native, "connectString=") {
		return native + " " + options
	}
	body, role := native, ""
	if i := strings.Index(strings.ToLower(native), " as sys"); i >= 0 {
		body, role = native[:i], native[i:]
	}
	mark := "?"
	if strings.Contains(body, "?connect") || strings.Contains(body, "?wallet") || strings.Contains(body, "?admin") {
		mark = "&"
	}
	return body + mark + strings.ReplaceAll(options, " ", "&") + role
}

// TestOptionBehindAnAtOfOraclesIsNotLost has DSNs in which godror and we find the
// end of the password in different places.
func TestOptionBehindAnAtOfOraclesIsNotLost(t *testing.T) {
	for text, want := range map[string]string{
		"u/secret@h/s?fluxor_preset=legacy&wallet=a@b": `write an @ of the password as \@`,
		"u/sec@ret@h/s?fluxor_preset=legacy":           `write an @ of the password as \@`,
		`u/"sec@ret"@h/s?fluxor_preset=legacy`:         `write an @ of the password as \@`,
	} {
		for _, forced := range []string{"", "oracle"} {
			got, err := parseDSN(text, forced, likeAll)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sec") {
				t.Errorf("%s under %q: got %q, %v", text, forced, got.native, err)
			}
		}
	}
}

func TestOraclesPackageIsAskedForByItsImport(t *testing.T) {
	const path = `add import _ "github.com/fluxor-db/fluxor/drivers/oracle"`
	for _, text := range []string{"u/secret@h:1521/XE", "oracle://u:secret@h/s", "x?fluxor_type=oracle", "u/secret@h/s?fluxor_driver=godror", `connectString="h" fluxor_driver=godror`} {
		if _, err := parseDSN(text, "", nil); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// TestOraclesPureGoDriversAreTakenByName has likeOracle imported, which must not
// serve them.
func TestOraclesPureGoDriversAreTakenByName(t *testing.T) {
	for _, name := range []string{"oracle", "oracledb"} {
		if !slices.Contains(sql.Drivers(), name) {
			sql.Register(name, nameless{})
		}
		for text, want := range map[string]string{
			"oracle://u:p@h:1521/s?fluxor_driver=" + name + "&TIMEOUT=5": "oracle://u:p@h:1521/s?TIMEOUT=5",
			"u/p@h:1521/s?fluxor_driver=" + name:                         "u/p@h:1521/s",
		} {
			for _, backends := range [][]backend.Backend{nil, likeAll} {
				got, err := parseDSN(text, "", backends)
				if err != nil || !got.byName || got.native != want || got.backend.DriverName != name || got.backend.Type != "oracle" {
					t.Errorf("%s: got %+v, %v", text, got, err)
				}
			}
		}
		if got, err := parseDSN("u/p@h/s?fluxor_type=oracle&fluxor_driver="+name, "", likeAll); err != nil || !got.byName {
			t.Errorf("%s with its type: got %+v, %v", name, got, err)
		}
		if _, err := parseDSN("u/secret@h/s?fluxor_type=mysql&fluxor_driver="+name, "", likeAll); err == nil || !strings.Contains(err.Error(), "fluxor_type=mysql does not go with fluxor_driver="+name) {
			t.Errorf("%s with another type: got %v", name, err)
		}
		if _, err := parseDSN("u/secret@h/s?fluxor_driver="+name, "oracle", likeAll); err == nil || !strings.Contains(err.Error(), "fluxor_driver="+name+" does not go with the driver godror") {
			t.Errorf("%s under an alias: got %v", name, err)
		}
	}
}
