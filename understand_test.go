// This file tests what Understand says about a DSN, and that it shows no password.

package fluxor

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
)

func TestUnderstandingSaysWhyABackendServesADSN(t *testing.T) {
	for name, row := range map[string]struct {
		dsn, driver, rule, native string
		form                      backend.Form
	}{
		"a URL": {
			"postgres://app:secret@h/erp?sslmode=require&fluxor_max_open_conns=3", "postgres",
			"the DSN is written as postgres:// URL, and github.com/fluxor-db/fluxor/drivers/postgres serves postgres before github.com/fluxor-db/fluxor/drivers/pgx",
			"postgres://app:***@h/erp?sslmode=require", backend.FormURL,
		},
		"an option": {
			"postgres://app:secret@h/erp?fluxor_driver=pgx", "pgx",
			"the option fluxor_driver in the DSN chooses pgx", "postgres://app:***@h/erp", backend.FormURL,
		},
		"a type": {
			"app:secret@tcp(h:3306)/erp?fluxor_type=mysql", "mysql",
			"the option fluxor_type in the DSN chooses mysql", "app:***@tcp(h:3306)/erp", backend.FormMySQL,
		},
		"a path": {
			"erp.db", "sqlite",
			"the DSN is written as :memory: or a path that ends in .db, .sqlite or .sqlite3, and github.com/fluxor-db/fluxor/drivers/sqlite serves sqlite",
			"erp.db", backend.FormSQLite,
		},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := Understand(RuntimeConfig{DSN: row.dsn})
			if err != nil {
				t.Fatal(err)
			}
			if u.Driver != row.driver || u.Rule != row.rule || u.Native != row.native || u.Form != row.form {
				t.Errorf("got driver %s, native %s, form %d, rule\n%s\nwant\n%s", u.Driver, u.Native, u.Form, u.Rule, row.rule)
			}
			if all := fmt.Sprintf("%+v", u); strings.Contains(all, "secret") {
				t.Errorf("the password is in %s", all)
			}
		})
	}
}

func TestUnderstandingNamesTheSourceOfEachOption(t *testing.T) {
	u, err := Understand(RuntimeConfig{
		DSN:           "postgres://h/erp?fluxor_preset=legacy&fluxor_max_open_conns=3&fluxor_max_idle_conns=2",
		MaxIdleConns:  1,
		CloseTimeout:  -1,
		DatabaseType:  DatabaseTypePostgreSQL,
		WarmupTimeout: 0,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, o := range u.Options {
		got[o.Field] = o.Value + " " + string(o.Source)
		if o.Meaning == "" || o.Key == "" {
			t.Errorf("%+v says too little", o)
		}
	}
	for field, want := range map[string]string{
		"Preset": "legacy dsn", "MaxOpenConns": "3 dsn", "MaxIdleConns": "1 code", "CloseTimeout": "off code",
		"DatabaseType": "postgres code", "AcquireTimeout": "30s preset", "Driver": "from the DSN default",
		"WarmupTimeout": "30s preset", "WarmupConnections": "none preset", "ValidationQuery": "the driver's ping default",
	} {
		if got[field] != want {
			t.Errorf("%s: got %q, want %q", field, got[field], want)
		}
	}
	if len(u.Options) != len(options) {
		t.Errorf("got %d options, want %d", len(u.Options), len(options))
	}
}

func TestDSNThatIsNotUnderstoodSaysWhatNewConnectorSays(t *testing.T) {
	for _, text := range []string{"", "who knows", "postgres://h/?fluxor_max_open_con=3", "mysql://a:b%zz@h/"} {
		_, err := Understand(RuntimeConfig{DSN: text})
		_, want := NewConnector(RuntimeConfig{DSN: text})
		if err == nil || want == nil || err.Error() != want.Error() {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
}

func TestUnderstandingShowsWhatFollowsFromOtherOptions(t *testing.T) {
	for dsn, want := range map[string]string{
		":memory:": "what a tenth of a second permits, at least 1, 10 x `fluxor_max_concurrent_connections`, else what ten seconds permit, true, block",
		":memory:?fluxor_preset=legacy&fluxor_enable_leak_detection=false":         "100, 1000, false, timeout",
		":memory:?fluxor_rate_limit_burst=0&fluxor_max_concurrent_connections=3":   "1, 30, true, block",
		":memory:?fluxor_backpressure_queue=0&fluxor_max_concurrent_connections=3": "what a tenth of a second permits, at least 1, nobody may wait, true, block",
	} {
		u, err := Understand(RuntimeConfig{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, field := range []string{"RateLimitBurst", "BackpressureQueue", "EnableLeakDetection", "BackpressureMode"} {
			values = append(values, u.Options[slices.IndexFunc(u.Options, func(o OptionSetting) bool { return o.Field == field })].Value)
		}
		if got := strings.Join(values, ", "); got != want {
			t.Errorf("%s: got %s, want %s", dsn, got, want)
		}
	}
}
