//go:build unix && cgo

// This file examines the double of Oracle's client library, with the views that a server has.

package doctor

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// oracleWith makes a database of the double's with views, which it lacks.
func oracleWith(t *testing.T, statements ...string) *dbtest.OracleDatabase {
	t.Helper()
	d := dbtest.Oracle(t)
	db, err := sql.Open("oracle-fluxor", d.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the statements are what counts
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return d
}

// views are those of a server that is well.
var views = []string{
	"CREATE TABLE nls_session_parameters (parameter VARCHAR2(30), value VARCHAR2(64))",
	"INSERT INTO nls_session_parameters VALUES ('NLS_DATE_FORMAT', 'DD-MON-RR')",
	"CREATE TABLE nls_database_parameters (parameter VARCHAR2(30), value VARCHAR2(64))",
	"INSERT INTO nls_database_parameters VALUES ('NLS_CHARACTERSET', 'AL32UTF8')",
	"CREATE TABLE v$resource_limit (resource_name VARCHAR2(30), current_utilization NUMBER(9), limit_value VARCHAR2(10))",
	"INSERT INTO v$resource_limit VALUES ('sessions', 40, '       472')",
	"INSERT INTO v$resource_limit VALUES ('processes', 50, '       300')",
	"CREATE TABLE user_users (account_status VARCHAR2(32), expiry_date DATE)",
	"INSERT INTO user_users VALUES ('OPEN', TO_DATE('2025-12-31', 'YYYY-MM-DD'))",
}

func TestOracleIsExamined(t *testing.T) {
	d := oracleWith(t, views...)
	for form, dsn := range map[string]string{
		"easy connect": d.DSN("fluxor_max_open_conns=20"), "URL": d.URL("fluxor_max_open_conns=20"), "logfmt": d.Logfmt("fluxor_max_open_conns=20"),
	} {
		r := examined(t, dsn)
		if !r.OK || ids(r) != "" || r.Understood.Import != "github.com/fluxor-db/fluxor/drivers/oracle" {
			t.Errorf("%s: %+v", form, r)
		}
		for id, want := range map[string]string{
			"server.address": "dbhost:1521/" + d.Service, "oracle.sessions": "standalone: each connection of Fluxor's is a session",
			"setting.NLS_DATE_FORMAT": "DD-MON-RR", "setting.NLS_CHARACTERSET": "AL32UTF8", "setting.TIME_ZONE": "+00:00", "server.time_zone": "+00:00",
			"server.sessions": "40/472", "server.processes": "50/300", "server.connections_granted": "300",
			"account.status": "OPEN", "account.password_ends": "2025-12-31",
		} {
			if got := r.value(id); got != want {
				t.Errorf("%s: %s: got %q, want %q", form, id, got, want)
			}
		}
		if banner, client := r.value("server.version"), r.value("oracle.client"); !strings.Contains(banner, "not Oracle Database") || !strings.HasPrefix(client, "19.") || r.value("latency.median") == "" {
			t.Errorf("%s: version %q, client %q", form, banner, client)
		}
	}
}

func TestOracleWithoutRightsIsExaminedAsFarAsItIsSeen(t *testing.T) {
	r := examined(t, dbtest.Oracle(t).DSN("fluxor_max_open_conns=20"))
	if !r.OK || ids(r) != "" || r.value("server.version") == "" || r.value("setting.TIME_ZONE") == "" || r.value("server.sessions") != "" {
		t.Errorf("got %+v", r)
	}
}

func TestWhatIsAmissWithOracleIsFound(t *testing.T) {
	late := slices.Concat(views, []string{"UPDATE user_users SET account_status = 'EXPIRED(GRACE)'"})
	soon := slices.Concat(views, []string{"UPDATE user_users SET expiry_date = TO_DATE('2025-06-10', 'YYYY-MM-DD')"})
	never := slices.Concat(views, []string{"UPDATE user_users SET expiry_date = NULL"})
	latin := slices.Concat(views, []string{"UPDATE nls_database_parameters SET value = 'WE8ISO8859P15'"})
	boundless := slices.Concat(views, []string{"UPDATE v$resource_limit SET limit_value = ' UNLIMITED'"})
	parameters := []string{"CREATE TABLE v$parameter (name VARCHAR2(30), value VARCHAR2(64))", "INSERT INTO v$parameter VALUES ('sessions', '100')"}
	for _, row := range []struct {
		name  string
		views []string
		dsn   func(*dbtest.OracleDatabase) string
		want  string
	}{
		{"nothing bounds the connections", views, func(d *dbtest.OracleDatabase) string { return d.DSN() }, "FX-1503"},
		{"more than the server grants", views, func(d *dbtest.OracleDatabase) string { return d.DSN("fluxor_max_open_conns=301") }, "FX-1502"},
		{"more than the server has left", views, func(d *dbtest.OracleDatabase) string { return d.DSN("fluxor_max_open_conns=251") }, "FX-1506"},
		{"what it has left", views, func(d *dbtest.OracleDatabase) string { return d.DSN("fluxor_max_open_conns=250") }, ""},
		{"no limit", boundless, func(d *dbtest.OracleDatabase) string { return d.DSN() }, ""},
		{"the limit alone is seen", parameters, func(d *dbtest.OracleDatabase) string { return d.DSN("fluxor_max_open_conns=101") }, "FX-1502"},
		{"the password's grace", late, func(d *dbtest.OracleDatabase) string { return d.DSN("fluxor_max_open_conns=9") }, "FX-2001"},
		{"the password's end", soon, func(d *dbtest.OracleDatabase) string { return d.DSN("fluxor_max_open_conns=9") }, "FX-2001"},
		{"a password without end", never, func(d *dbtest.OracleDatabase) string { return d.DSN("fluxor_max_open_conns=9") }, ""},
		{"another character set", latin, func(d *dbtest.OracleDatabase) string { return d.DSN("fluxor_max_open_conns=9") }, "FX-2007"},
		{"godror's pool", nil, func(d *dbtest.OracleDatabase) string { return d.Logfmt("standaloneConnection=0") }, "FX-2002"},
		{"DRCP without a class", nil, func(d *dbtest.OracleDatabase) string { d.Service += ":pooled"; return d.DSN() }, "FX-2003"},
		{"DRCP with a class", nil, func(d *dbtest.OracleDatabase) string { d.Service += ":pooled"; return d.Logfmt("connectionClass=ERP") }, ""},
		{"a parameter that godror does not see", nil, func(d *dbtest.OracleDatabase) string { return d.DSN("standaloneConnection=0", "connect_timeout=2") }, "FX-2006"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := examined(t, row.dsn(oracleWith(t, row.views...)))
			if got := ids(r); got != row.want {
				t.Errorf("got %q, want %q: %+v", got, row.want, r.Findings)
			}
		})
	}
}

func TestLoginThatOracleRefusesIsFoundInItsOwnWords(t *testing.T) {
	d := dbtest.Oracle(t)
	d.Password = "wrong"
	for _, dsn := range []string{d.DSN(), d.Logfmt("standaloneConnection=0")} {
		r := examined(t, dsn)
		if f := r.finding("FX-1002"); f == nil || !strings.Contains(f.Detail, "ORA-01017") || strings.Contains(f.Detail, "authMode") || strings.Contains(f.Detail, "wrong") {
			t.Errorf("got %+v", r.Findings)
		}
	}
	absent := strings.Replace(dbtest.Oracle(t).DSN(), ":1521", ":1", 1)
	if f := examined(t, absent).finding("FX-1001"); f == nil || f.Detail != "ORA-12541: TNS:no listener" {
		t.Errorf("got %+v", f)
	}
}

func TestASchemaThatTheCacheCannotReadIsFound(t *testing.T) {
	d := oracleWith(t, views...) // it has no dictionary
	r := examined(t, d.DSN("fluxor_max_open_conns=20", "fluxor_cache=all"))
	if f := r.finding("FX-2101"); f == nil || !strings.Contains(f.Detail, "ORA-") {
		t.Errorf("got %+v", r.Findings)
	}
}
