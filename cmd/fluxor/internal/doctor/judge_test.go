// This file tests how single values are judged, without a server.

package doctor

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
)

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

func TestSupportEndsWithTheMakersDay(t *testing.T) {
	for _, row := range []struct {
		p       product
		version string
		now     string
		want    string
	}{
		{postgreSQL, "15", "2027-11-11", ""},
		{postgreSQL, "15", "2027-11-13", "2027-11-11"},
		{postgreSQL, "9.6", "2026-01-01", "before 2026-11-12"},
		{postgreSQL, "13", "2026-01-01", "before 2026-11-12"},
		{postgreSQL, "19", "2040-01-01", ""},
		{mariaDB, "10.11", "2027-01-01", ""},
		{mariaDB, "10.5", "2027-01-01", "before 2026-07-06"},
		{mariaDB, "11.2", "2027-01-01", "before 2026-07-06"},
		{mariaDB, "12.1", "2027-01-01", ""},
		{mySQL, "8.0", "2027-01-01", "2026-04-30"},
		{mySQL, "8.4", "2027-01-01", ""},
		{mySQL, "5.7", "2020-01-01", "before 2026-04-30"},
		{mySQL, "9.5", "2027-01-01", ""},
	} {
		s, ok := seriesOf(row.version)
		if got := row.p.ended(s, day(row.now)); !ok || got != row.want {
			t.Errorf("%s %s on %s: got %q, want %q", row.p.name, row.version, row.now, got, row.want)
		}
	}
	if s, ok := seriesOf("devel"); ok {
		t.Errorf("got %v", s)
	}
}

func TestConnectionStaysWhereBothEndsAreOneMachine(t *testing.T) {
	for remote, want := range map[string]bool{"127.0.0.1": true, "127.0.1.1": true, "::1": true, "10.0.0.5": true, "10.0.0.6": false} {
		w := way{local: &net.TCPAddr{IP: net.ParseIP("10.0.0.5"), Port: 40000}, remote: &net.TCPAddr{IP: net.ParseIP(remote), Port: 5432}}
		if w.stays() != want {
			t.Errorf("%s: got %t", remote, !want)
		}
	}
}

func TestOldServerIsFound(t *testing.T) {
	for version, want := range map[string]string{"9.6": "FX-1101 FX-1102", "14": "FX-1102", "15": "", "19": ""} {
		x := newExam(nil, fluxor.RuntimeConfig{})
		x.Now = day("2026-11-01")
		s, _ := seriesOf(version)
		if x.version(postgreSQL, s, version); ids(x.Report) != want {
			t.Errorf("%s: got %q", version, ids(x.Report))
		}
	}
}

// ids are the findings of a report, in order.
func ids(r *Report) string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.ID)
	}
	return strings.Join(all, " ")
}

func newExam(e *endpoint, c fluxor.RuntimeConfig) *exam {
	return &exam{Report: &Report{}, at: e, understood: &fluxor.Understanding{Config: c}}
}

func TestOnlyWhatLeavesTheMachineMustBeEncryptedAndVerified(t *testing.T) {
	for _, row := range []struct {
		local bool
		on    bool
		mode  tlsMode
		want  string
	}{
		{true, false, tlsOff, ""},
		{true, true, tlsUnverified, ""},
		{false, false, tlsOff, "FX-1301"},
		{false, false, tlsOptional, "FX-1301"},
		{false, true, tlsOptional, "FX-1302"},
		{false, true, tlsUnverified, "FX-1302"},
		{false, true, tlsAuthority, ""},
		{false, true, tlsFull, ""},
	} {
		x := newExam(&endpoint{local: row.local, tls: row.mode}, fluxor.RuntimeConfig{})
		if x.encryption(row.on, "TLSv1.3"); ids(x.Report) != row.want {
			t.Errorf("%+v: got %q", row, ids(x.Report))
		}
	}
}

func TestLimitsOfBothSidesAreCompared(t *testing.T) {
	for most, want := range map[int]string{0: "FX-1503", 97: "", 98: "FX-1502"} {
		x := newExam(nil, fluxor.RuntimeConfig{MaxOpenConns: most})
		if x.limits(97); ids(x.Report) != want {
			t.Errorf("%d connections: got %q, want %q", most, ids(x.Report), want)
		}
	}
	for _, row := range []struct {
		server, idle, lifetime time.Duration
		want                   string
	}{
		{0, 0, 0, ""},
		{0, time.Hour, 0, ""},
		{time.Minute, 0, 0, "FX-1504"},
		{time.Minute, time.Minute, 0, "FX-1501"},
		{time.Minute, time.Hour, 30 * time.Second, ""},
		{time.Minute, 0, time.Hour, "FX-1501"},
		{time.Minute, 59 * time.Second, 0, ""},
	} {
		x := newExam(nil, fluxor.RuntimeConfig{ConnMaxIdleTime: row.idle, ConnMaxLifetime: row.lifetime})
		if x.idle("wait_timeout", row.server); ids(x.Report) != row.want {
			t.Errorf("%+v: got %q", row, ids(x.Report))
		}
	}
}

func TestStatementsThatMayBeKeptAreComparedWithTheServersLimit(t *testing.T) {
	for _, row := range []struct {
		keeps                bool
		size, conns, granted int
		want                 string
	}{
		{true, 200, 50, 100, ""},
		{true, 200, 81, 100, ""},
		{true, 200, 82, 100, "FX-1505"},
		{true, 200, 0, 81, ""},
		{true, 200, 500, 81, ""},
		{true, 200, 0, 100, "FX-1505"},
		{true, 0, 0, 100, ""},
		{false, 200, 0, 100, ""},
	} {
		x := newExam(&endpoint{keeps: row.keeps}, fluxor.RuntimeConfig{StmtCacheSize: row.size, MaxOpenConns: row.conns})
		if x.statements(200*81, row.granted); ids(x.Report) != row.want {
			t.Errorf("%+v: got %q", row, ids(x.Report))
		}
	}
}

func TestDSNSaysWhereItLeadsAndHowTLSIsUsed(t *testing.T) {
	for dsn, want := range map[string]struct {
		address string
		local   bool
		tls     tlsMode
	}{
		"postgres://u:p@legacy/d":                                        {"legacy:5432", false, tlsUnverified},
		"postgres://u:p@legacy/d?fluxor_driver=pgx":                      {"legacy:5432", false, tlsOptional},
		"postgres://u:p@[::1]:1/d?sslmode=disable":                       {"[::1]:1", true, tlsOff},
		"postgres://u:p@127.0.0.1/d?sslmode=disable&fluxor_driver=pgx":   {"127.0.0.1:5432", true, tlsOff},
		"postgres://u:p@legacy/d?sslmode=verify-full":                    {"legacy:5432", false, tlsFull},
		"postgres://u:p@legacy/d?sslmode=verify-full&fluxor_driver=pgx":  {"legacy:5432", false, tlsFull},
		"postgres://u:p@legacy/d?sslmode=require&fluxor_driver=pgx":      {"legacy:5432", false, tlsUnverified},
		"postgres://u:p@legacy/d?sslmode=prefer":                         {"legacy:5432", false, tlsOptional},
		"host=/run/postgresql user=u dbname=d sslmode=disable":           {"/run/postgresql", true, tlsOff},
		"host=legacy hostaddr=127.0.0.1 user=u dbname=d sslmode=disable": {"127.0.0.1:5432", true, tlsOff},
		"u:p@tcp(legacy)/d":                  {"legacy:3306", false, tlsOff},
		"u:p@tcp(localhost:3307)/d?tls=true": {"localhost:3307", true, tlsFull},
		"u:p@tcp(legacy)/d?tls=skip-verify":  {"legacy:3306", false, tlsUnverified},
		"u:p@tcp(legacy)/d?tls=preferred":    {"legacy:3306", false, tlsOptional},
		"u:p@unix(/run/m.sock)/d":            {"/run/m.sock", true, tlsOff},
	} {
		t.Setenv("HOME", t.TempDir()) // no root.crt
		u, err := fluxor.Understand(fluxor.RuntimeConfig{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		e, err := open(u, dsn)
		if err != nil {
			t.Fatal(err)
		}
		if e.address != want.address || e.local != want.local || e.tls != want.tls {
			t.Errorf("%s: got %s, %t, %s", dsn, e.address, e.local, e.tls)
		}
	}
}

func TestUnknownErrorOfConnectingIsStillAFinding(t *testing.T) {
	if got := refusalID("mysql", errors.New("what?")); got != "FX-1004" {
		t.Errorf("got %s", got)
	}
}
