//go:build unix && cgo

// This file tests how sessions begin: DSN forms, refusals, versions, OCI's pool.

package ocisim_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// openDSN opens by a DSN as it is.
func openDSN(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("godror", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestEveryFormOfDSNConnects(t *testing.T) {
	d := dbtest.Oracle(t)
	descriptor := "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=dbhost)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=" + d.Service + ")))"
	for name, dsn := range map[string]string{
		"easy connect": d.DSN(), "URL": d.URL("standaloneConnection=1"), "logfmt": d.Logfmt(),
		"descriptor": `user="scott" password="tiger" connectString="` + descriptor + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			service := one[string](t, openDSN(t, dsn), "select sys_context('USERENV', 'SERVICE_NAME') from dual")
			if service != d.Service {
				t.Errorf("service %q, want %q", service, d.Service)
			}
		})
	}
}

func TestLoggingOnIsRefusedAsOracleRefusesIt(t *testing.T) {
	d := dbtest.Oracle(t)
	for name, c := range map[string]struct {
		dsn  string
		want int
	}{
		"nobody listens":     {strings.Replace(d.Logfmt(), ":1521", ":1", 1), 12541},
		"no such host":       {strings.Replace(d.Logfmt(), "dbhost", "db.invalid", 1), 12545},
		"no such service":    {strings.Replace(d.Logfmt(), d.Service, "nosuchservice", 1), 12514},
		"the wrong password": {strings.Replace(d.Logfmt(), "tiger", "wrong", 1), 1017},
	} {
		t.Run(name, func(t *testing.T) {
			if err := openDSN(t, c.dsn).PingContext(t.Context()); code(err) != c.want {
				t.Errorf("got %v, want ORA-%05d", err, c.want)
			}
		})
	}
}

func TestAConnectTimeoutEndsASlowConnect(t *testing.T) {
	d := dbtest.Oracle(t)
	db := openDSN(t, strings.Replace(d.Logfmt(), d.Service, d.Service+"?connect_timeout=1", 1))
	d.Faults(t, "connect delay=60000")
	if err := db.PingContext(t.Context()); code(err) != 12170 {
		t.Errorf("got %v, want ORA-12170", err)
	}
}

func TestTheServerSaysWhatItIs(t *testing.T) {
	conn, err := open(t, dbtest.Oracle(t)).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it gives its connection back
	err = conn.Raw(func(dc any) error {
		server, err := dc.(godror.Conn).ServerVersion()
		if server.Version != 19 || !strings.Contains(server.ServerRelease, "not Oracle Database") {
			t.Errorf("version %d, release %q", server.Version, server.ServerRelease)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnOCIPoolGivesNoMoreThanItsMaximum(t *testing.T) {
	d := dbtest.Oracle(t)
	db := openDSN(t, d.Logfmt("standaloneConnection=0", "poolMinSessions=0", "poolMaxSessions=2",
		"poolIncrement=1", "poolWaitTimeout=200ms"))
	for range 2 {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() //nolint:errcheck // it gives its connection back
	}
	if _, err := db.Conn(t.Context()); code(err) != 24457 {
		t.Errorf("third of two: %v, want ORA-24457", err)
	}
}

func TestAnOCIPoolReplacesKilledSessions(t *testing.T) {
	d := dbtest.Oracle(t)
	db := openDSN(t, d.Logfmt("standaloneConnection=0", "poolMinSessions=2", "poolMaxSessions=4", "poolIncrement=1"))
	before := one[int](t, db, "select sys_context('USERENV', 'SID') from dual")
	d.Faults(t, "kill")
	if after := one[int](t, db, "select sys_context('USERENV', 'SID') from dual"); after <= before {
		t.Errorf("session %d before the kill, %d after it", before, after)
	}
}
