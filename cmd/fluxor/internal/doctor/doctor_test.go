//go:build unix

// This file examines real servers, straight and through a pooler.

package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// examined runs the doctor on a day on which the servers are supported.
func examined(t *testing.T, dsn string) *Report {
	t.Helper()
	r, err := Run(t.Context(), Request{DSN: dsn, Argument: dsn, Now: day("2025-06-01")})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(ids(r), "FX-1901") {
		t.Errorf("a check failed: %+v", r.Findings)
	}
	return r
}

// value is the result of a check; "" where it was not made.
func (r *Report) value(id string) string {
	for _, c := range r.Checks {
		if c.ID == id {
			return c.Value
		}
	}
	return ""
}

func (r *Report) finding(id string) *Finding {
	for _, f := range r.Findings {
		if f.ID == id {
			return &f
		}
	}
	return nil
}

// postgresDrivers are the options that choose among the drivers.
var postgresDrivers = map[string]string{"lib/pq": "fluxor_driver=postgres", "pgx": "fluxor_driver=pgx"}

func TestPostgreSQLIsExamined(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	for name, option := range postgresDrivers {
		r := examined(t, target.DSN(option, "fluxor_max_open_conns=1"))
		for id, want := range map[string]string{
			"server.address": target.Addr(), "setting.TimeZone": "UTC", "setting.standard_conforming_strings": "on",
			"setting.client_encoding": "UTF8", "server.connections_granted": "100", "tls": "none; the DSN says: off",
			"pooler": "none: the server sees this client's own port",
		} {
			if got := r.value(id); got != want {
				t.Errorf("%s: %s: got %q, want %q", name, id, got, want)
			}
		}
		for _, id := range []string{"connect.dial", "connect.login", "latency.median", "latency.p95", "server.version", "setting.DateStyle", "setting.search_path"} {
			if r.value(id) == "" {
				t.Errorf("%s: %s is missing", name, id)
			}
		}
		if !r.OK || ids(r) != "" {
			t.Errorf("%s: %+v", name, r.Findings)
		}
	}
}

func TestPostgreSQLWithUnusualSettingsIsFoundOut(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	db := dbtest.Postgres(t).Open(t, target)
	for _, setting := range []string{"standard_conforming_strings = off", "default_transaction_isolation = 'serializable'", "idle_session_timeout = '5min'"} {
		if _, err := db.Exec("ALTER DATABASE " + target.Database + " SET " + setting); err != nil {
			t.Fatal(err)
		}
	}
	r := examined(t, target.DSN("fluxor_max_open_conns=500", "fluxor_conn_max_idle_time=10m"))
	if got := ids(r); got != "FX-1401 FX-1403 FX-1502 FX-1501" || r.OK {
		t.Errorf("got %s", got)
	}
}

func TestDatabaseThatIsNotUTF8IsFound(t *testing.T) {
	s := dbtest.StartPostgres(t, dbtest.Options{}) // which ends with its databases
	db := s.Open(t, s.Target)
	if _, err := db.Exec("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"); err != nil {
		t.Fatal(err)
	}
	f := examined(t, s.In("bytes").DSN("fluxor_max_open_conns=1")).finding("FX-1402")
	if f == nil || !strings.Contains(f.Detail, "SQL_ASCII") {
		t.Errorf("got %+v", f)
	}
}

func TestSlowWayIsFound(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	proxy, err := faultproxy.Start(target.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close() //nolint:errcheck // it served its purpose
	proxy.Latency(faultproxy.ToServer, slow+5*time.Millisecond)
	f := examined(t, target.At(proxy.Addr()).DSN("fluxor_max_open_conns=1")).finding("FX-1201")
	if f == nil || !strings.Contains(f.Detail, "median") {
		t.Errorf("got %+v", f)
	}
}

func TestTLSIsReportedWithItsVersion(t *testing.T) {
	for name, target := range map[string]dbtest.Target{"PostgreSQL": dbtest.Postgres(t).Target, "MariaDB": dbtest.MariaDB(t).Target} {
		params := []string{"sslmode=verify-full", "sslrootcert=" + target.CAFile()}
		want := tlsFull
		if name == "MariaDB" {
			params, want = []string{"tls=skip-verify"}, tlsUnverified
		}
		if got := examined(t, target.DSN(params...)).value("tls"); !strings.HasPrefix(got, "TLSv1.") || !strings.HasSuffix(got, string(want)) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestEachWayNotToConnectHasItsFinding(t *testing.T) {
	pg, my := dbtest.Postgres(t).NewDatabase(t), dbtest.MariaDB(t).NewDatabase(t)
	behind := dbtest.StartPgBouncer(t, pg, dbtest.PoolTransaction)
	full := dbtest.Postgres(t).NewDatabase(t)
	if _, err := dbtest.Postgres(t).Admin(t).Exec("ALTER DATABASE " + full.Database + " CONNECTION LIMIT 0"); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir() + "/x.db"
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]string{
		pg.At("127.0.0.1:1").DSN():                        "FX-1001",
		pg.At("127.0.0.1:1").DSN("fluxor_driver=pgx"):     "FX-1001",
		my.At("127.0.0.1:1").DSN():                        "FX-1001",
		pg.As(pg.User, "geheim").DSN():                    "FX-1002",
		pg.As(pg.User, "geheim").DSN("fluxor_driver=pgx"): "FX-1002",
		my.As(my.User, "geheim").DSN():                    "FX-1002",
		full.DSN():                                        "FX-1003",
		pg.In("nowhere").DSN():                            "FX-1004",
		behind.DSN("statement_timeout=5000"):              "FX-1005",
		filepath.Join(t.TempDir(), "not.db"):              "FX-1705",
		folder:                                            "FX-1004",
	} {
		r := examined(t, dsn)
		if ids(r) != want || r.OK || len(r.Findings) == 1 && r.Findings[0].Detail == "" {
			t.Errorf("%s: got %+v, want %s", dsn, r.Findings, want)
		}
		for _, f := range r.Findings {
			if strings.Contains(f.Detail, "geheim") {
				t.Errorf("the password is shown: %s", f.Detail)
			}
		}
	}
}

func TestMariaDBIsExamined(t *testing.T) {
	target := dbtest.MariaDB(t).NewDatabase(t)
	r := examined(t, target.DSN("parseTime=true", "charset=utf8mb4", "fluxor_max_open_conns=20", "fluxor_conn_max_idle_time=5m"))
	if !r.OK || ids(r) != "" || !strings.HasPrefix(r.value("server.version"), "MariaDB 10.") {
		t.Errorf("%s: %+v", r.value("server.version"), r.Findings)
	}
	for _, id := range []string{"setting.sql_mode", "setting.time_zone", "setting.autocommit", "setting.wait_timeout", "setting.character_set_client", "dsn.loc", "latency.p95"} {
		if r.value(id) == "" {
			t.Errorf("%s is missing", id)
		}
	}
}

func TestMariaDBWithUnusualSettingsIsFoundOut(t *testing.T) {
	target := dbtest.MariaDB(t).NewDatabase(t)
	r := examined(t, target.DSN("sql_mode=''", "autocommit=0", "charset=latin1", "tx_isolation='READ-COMMITTED'", "wait_timeout=60",
		"fluxor_max_open_conns=5000", "fluxor_conn_max_lifetime=2m"))
	if got, want := ids(r), "FX-1601 FX-1602 FX-1603 FX-1403 FX-1502 FX-1501 FX-1604"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	r = examined(t, target.DSN("parseTime=true", "time_zone='%2B05:30'"))
	if f := r.finding("FX-1605"); f == nil || !strings.Contains(f.Detail, "+05:30") {
		t.Errorf("got %+v", r.Findings)
	}
	if f := r.finding("FX-1504"); f == nil || f.Severity != Info || r.finding("FX-1503") == nil {
		t.Errorf("got %+v", r.Findings)
	}
	r = examined(t, target.DSN("parseTime=true", "charset=utf8mb4", "loc=Asia%2FKolkata", "time_zone='%2B05:30'"))
	if f := r.finding("FX-1605"); f != nil {
		t.Errorf("one zone on both sides: %+v", f)
	}
}

func TestStatementCacheBeyondTheServersLimitIsFound(t *testing.T) {
	target := dbtest.MariaDB(t).NewDatabase(t)
	r := examined(t, target.DSN("fluxor_stmt_cache_size=1000", "fluxor_max_open_conns=20"))
	f := r.finding("FX-1505")
	if limit := r.value("server.max_prepared_stmt_count"); f == nil || f.Detail != "1000 statements (fluxor_stmt_cache_size) on 20 connections are 20000, the server grants "+limit {
		t.Errorf("the limit is %q: got %+v", limit, r.Findings)
	}
	for _, params := range [][]string{
		{"fluxor_stmt_cache_size=100", "fluxor_max_open_conns=20"},
		{"fluxor_stmt_cache_size=1000", "fluxor_max_open_conns=20", "interpolateParams=true"}, // nothing is kept
	} {
		if r := examined(t, target.DSN(params...)); r.finding("FX-1505") != nil {
			t.Errorf("%v: got %+v", params, r.Findings)
		}
	}
}

func TestDSNThatIsNotUnderstoodIsAnErrorAndNoReport(t *testing.T) {
	for _, dsn := range []string{"", "who knows", "postgres://u:geh%eim@h/", "u:geheim@tcp(h/d", ":memory:?fluxor_max=1"} {
		r, err := Run(t.Context(), Request{DSN: dsn})
		if r != nil || err == nil || strings.Contains(err.Error(), "eim") {
			t.Errorf("%q: got %v, %v", dsn, r, err)
		}
		if _, want := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn}); want == nil {
			t.Errorf("%q is understood elsewhere", dsn)
		}
	}
}

func TestFrozenServerEndsTheExaminationWithItsContext(t *testing.T) {
	s := dbtest.StartPostgres(t, dbtest.Options{})
	s.Freeze(t)
	defer s.Thaw()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	r, err := Run(ctx, Request{DSN: s.DSN(), Argument: "env:X", Now: day("2025-06-01")})
	if !errors.Is(err, context.DeadlineExceeded) || r == nil || ids(r) != "FX-1001" || time.Since(began) > 10*time.Second {
		t.Errorf("after %v: %v, %+v", time.Since(began), err, r)
	}
}

func TestExaminationThatIsGivenUpFindsNothing(t *testing.T) {
	s := dbtest.StartPostgres(t, dbtest.Options{})
	s.Freeze(t)
	defer s.Thaw()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	connecting := func(step string) {
		if strings.HasPrefix(step, "connecting") {
			cancel()
		}
	}
	r, err := Run(ctx, Request{DSN: s.DSN(), Argument: "env:X", Now: day("2025-06-01"), Progress: connecting})
	if !errors.Is(err, context.Canceled) || r == nil || ids(r) != "" || r.OK || r.Error != context.Canceled.Error() {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestCommandsThatFollowShowNoSecret(t *testing.T) {
	for arg, want := range map[string]string{
		"env:ERP":                                  "fluxor doctor env:ERP --json",
		"postgres://u:geheim@127.0.0.1:1/d":        "read -rs DSN && export DSN",
		"postgres://127.0.0.1:1/d?sslmode=require": "fluxor doctor 'postgres://127.0.0.1:1/d?sslmode=require' --json",
	} {
		dsn := arg
		if arg == "env:ERP" {
			dsn = "postgres://u:geheim@127.0.0.1:1/d"
		}
		r, err := Run(t.Context(), Request{DSN: dsn, Argument: arg, Now: day("2025-06-01")})
		if err != nil || r.NextSteps[0] != want || strings.Contains(strings.Join(r.NextSteps, " "), "geheim") {
			t.Errorf("%s: %v, %q", arg, err, r.NextSteps)
		}
	}
}
