// This file tests which backend a DSN goes to and what becomes of its options.

package fluxor

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

// The look-alikes of the packages under drivers/.
var (
	likePQ     = backend.Backend{Name: "postgres", Type: "postgres", DriverName: "postgres", Alias: "postgres-fluxor", ImportPath: "drivers/postgres", Forms: []backend.Form{backend.FormURL, backend.FormLibpq}}
	likePGX    = backend.Backend{Name: "pgx", Type: "postgres", DriverName: "pgx", Alias: "pgx-fluxor", ImportPath: "drivers/pgx", Forms: []backend.Form{backend.FormURL, backend.FormLibpq}}
	likeMySQL  = backend.Backend{Name: "mysql", Type: "mysql", DriverName: "mysql", Alias: "mysql-fluxor", Forms: []backend.Form{backend.FormMySQL}}
	likeSQLite = backend.Backend{Name: "sqlite", Type: "sqlite", DriverName: "sqlite", Alias: "sqlite-fluxor", Forms: []backend.Form{backend.FormSQLite}}
	likeOracle = backend.Backend{Name: "oracle", Type: "oracle", DriverName: "godror", Alias: "oracle-fluxor", ImportPath: importOfDriver["godror"], Forms: []backend.Form{backend.FormURL, backend.FormOracle, backend.FormLogfmt}}

	likeAll = []backend.Backend{likePGX, likePQ, likeMySQL, likeSQLite, likeOracle}
)

// nameless is a driver that only has a name.
type nameless struct{}

func (nameless) Open(string) (driver.Conn, error) { return nil, errors.New("not meant to be opened") }

func init() { sql.Register("dsntest", nameless{}) }

func TestDSNGoesToItsBackendWithoutTheOptions(t *testing.T) {
	for _, row := range []struct {
		name, text, forced string
		backend, native    string
		open               int // config.MaxOpenConns
	}{
		{"seed Oracle", "user/password@localhost:1521/XE", "", "oracle", "user/password@localhost:1521/XE", 0},
		{"seed PostgreSQL", "postgres://user:password@localhost:5432/dbname?sslmode=disable", "", "postgres", "postgres://user:password@localhost:5432/dbname?sslmode=disable", 0},
		{"seed MySQL", "user:password@tcp(localhost:3306)/dbname?parseTime=true", "", "mysql", "user:password@tcp(localhost:3306)/dbname?parseTime=true", 0},
		{"option in a URL", "postgres://h/db?fluxor_max_open_conns=3&a=b", "", "postgres", "postgres://h/db?a=b", 3},
		{"0 is unlimited", "postgres://h/db?fluxor_max_open_conns=0", "", "postgres", "postgres://h/db", -1},
		{"driver by option", "postgres://h/db?fluxor_driver=pgx", "", "pgx", "postgres://h/db", 0},
		{"type by option", "x?fluxor_type=sqlite", "", "sqlite", "x", 0},
		{"type and driver that agree", "postgres://h?fluxor_type=postgres&fluxor_driver=pgx", "", "pgx", "postgres://h", 0},
		{"alias", "postgres://h/db", "pgx", "pgx", "postgres://h/db", 0},
		{"alias, raw option text in the password", "postgres://u:p?fluxor_max_open_conns=3@h/db?fluxor_max_open_conns=4", "pgx", "pgx", "postgres://u:p?fluxor_max_open_conns=3@h/db", 4},
		{"alias, PG* environment", "", "postgres", "postgres", "", 0},
		{"alias, PG* environment and an option", "fluxor_max_open_conns=3", "postgres", "postgres", "", 3},
		{"PG* environment by option", "fluxor_driver=pgx fluxor_max_open_conns=3", "", "pgx", "", 3},
		{"alias, registered configuration", "registeredConnConfig0", "pgx", "pgx", "registeredConnConfig0", 0},
		{"alias, mysql without @", "tcp(h)/db?fluxor_max_open_conns=3", "mysql", "mysql", "tcp(h)/db", 3},
		{"libpq", "host=h user=u password='a fluxor_max_open_conns=3 b'", "", "postgres", "host=h user=u password='a fluxor_max_open_conns=3 b'", 0},
		{"mysql password with option text", "u:p@ss/w?fluxor_max_open_conns=1@tcp(h)/db?fluxor_max_open_conns=3", "", "mysql", "u:p@ss/w?fluxor_max_open_conns=1@tcp(h)/db", 3},
		{"mysql URL", "mysql://u:p%40@h/db?fluxor_max_open_conns=3&a=b/c", "", "mysql", "u:p@@tcp(h:3306)/db?a=b%2Fc", 3},
		{"oracle as sysdba", "sys/p@h/s?fluxor_max_open_conns=3 as sysdba", "", "oracle", "sys/p@h/s as sysdba", 3},
		{"oracle URL", "oracle://u:p@h/s?fluxor_max_open_conns=3", "", "oracle", "oracle://u:p@h/s", 3},
		{"oracle TNS", "u/p@(DESCRIPTION=(ADDRESS=(HOST=h)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s?x)))?fluxor_max_open_conns=3", "", "oracle", "u/p@(DESCRIPTION=(ADDRESS=(HOST=h)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s?x)))", 3},
		{"logfmt", `user="u" password="a fluxor_x=1" connectString="h/s" fluxor_max_open_conns=3`, "", "oracle", `user="u" password="a fluxor_x=1" connectString="h/s"`, 3},
		{"memory", ":memory:?fluxor_max_open_conns=3", "", "sqlite", ":memory:", 3},
		{"file URI", "file:x?_pragma=busy_timeout(5000)&mode=memory", "", "sqlite", "file:x?_pragma=busy_timeout(5000)&mode=memory", 0},
		{"sqlite spelling", "sqlite:///var/x?fluxor_max_open_conns=3", "", "sqlite", "/var/x", 3},
		{"two readings, decided by option", "user/pw@host/orcl.db?fluxor_driver=godror", "", "oracle", "user/pw@host/orcl.db", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := parseDSN(row.text, row.forced, likeAll)
			if err != nil {
				t.Fatal(err)
			}
			if got.backend.Name != row.backend || got.native != row.native || got.config.MaxOpenConns != row.open || got.byName {
				t.Errorf("got %s %q %v, by name %t", got.backend.Name, got.native, got.config, got.byName)
			}
		})
	}
}

func TestDSNErrorsSayWhatToDo(t *testing.T) {
	noPQ := []backend.Backend{likePGX, {Name: "other", Type: "postgres", DriverName: "other", ImportPath: "x/other"}}
	for _, row := range []struct {
		name, text, forced string
		backends           []backend.Backend
		want               string
	}{
		{"missing backend", "postgres://u:secret@h", "", nil, `add import _ "github.com/fluxor-db/fluxor/drivers/postgres"`},
		{"lib/pq without its package", "postgres://u:secret@h?fluxor_driver=postgres", "", nil, `add import _ "github.com/fluxor-db/fluxor/drivers/postgres"`},
		{"pgx without its package", "postgres://u:secret@h?fluxor_driver=pgx", "", nil, `add import _ "github.com/fluxor-db/fluxor/drivers/pgx"`},
		{"pgx by its other name, without its package", "postgres://u:secret@h?fluxor_driver=pgx/v5", "", nil, `add import _ "github.com/fluxor-db/fluxor/drivers/pgx"`},
		{"unknown scheme, raw # in the password", "sqlserver://u:secret#1@h?fluxor_driver=dsntest", "", likeAll, "percent-encode ? and # in the password"},
		{"go-sql-driver without its package", "u:secret@tcp(h)/db?fluxor_driver=mysql", "", nil, `add import _ "github.com/fluxor-db/fluxor/drivers/mysql"`},
		{"modernc without its package", "app.db?fluxor_driver=sqlite", "", nil, `add import _ "github.com/fluxor-db/fluxor/drivers/sqlite"`},
		{"misspelt driver", "postgres://u:secret@h?fluxor_driver=postgre", "", likeAll, "fluxor_driver=postgre: no such driver is registered with database/sql; import the package that registers it; did you mean postgres? (there are dsntest, "},
		{"misspelt case", "postgres://u:secret@h?fluxor_preset=LEGACY", "", likeAll, "did you mean legacy?"},
		{"driver with a fragment", "postgres://u:secret@h/db?fluxor_driver=postgres#x", "", likeAll, "percent-encode ? and # in the password"},
		{"driver in a grammar nobody knows", "server=h;password=secret;fluxor_driver=dsntest", "", likeAll, "fluxor_driver is not read in this DSN"},
		{"secret in place of the driver", "postgres://h/db?fluxor_driver=pgx;password=secret", "", likeAll, "fluxor_driver=***: no such driver"},
		{"raw ? in the password", "postgres://u:a?fluxor_preset=secret&x@h/db", "", likeAll, "percent-encode ? and # in the password"},
		{"raw ? in the password, unknown option", "postgres://u:a?fluxor_secret&x@h/db", "", likeAll, "percent-encode ? and # in the password"},
		{"raw ? in the password, missing slash", "u:a/b?fluxor_driver=secret&x@tcp(h)", "", likeAll, "percent-encode ? and # in the password"},
		{"missing SQLite", ":memory:", "", nil, `drivers/sqlite"`},
		{"nothing fits", "secret", "", likeAll, "fits none of the known grammars: postgres:// URL, "},
		{"two fit", "user/secret@host/orcl.db", "", likeAll, "fits more than one grammar: Oracle easy connect"},
		{"two backends without lib/pq", "postgres://u:secret@h", "", noPQ, "drivers/pgx and x/other both serve postgres DSNs; name one with fluxor_driver=pgx"},
		{"gateway", "tcp://u:secret@h:7000", "", likeAll, `import _ "github.com/fluxor-db/fluxor/netdriver"`},
		{"gateway, long scheme", "fluxor+tcp://h:7000", "", likeAll, `the backend for fluxor+tcp DSNs is not imported; add import _ "github.com/fluxor-db/fluxor/netdriver"`},
		{"unknown type", "x?fluxor_type=db2", "", likeAll, "option fluxor_type=db2: want one of oracle, postgres, mysql, sqlite"},
		{"unknown option", "postgres://u:secret@h?fluxor_cach=hint", "", likeAll, "unknown option fluxor_cach=hint; did you mean fluxor_cache?"},
		{"alias and driver that differ", "postgres://u:secret@h?fluxor_driver=pgx", "postgres", likeAll, "fluxor_driver=pgx does not go with the driver postgres"},
		{"alias and type that differ", "postgres://u:secret@h?fluxor_type=mysql", "postgres", likeAll, "fluxor_type=mysql does not go with the driver postgres"},
		{"type and driver that differ", "postgres://u:secret@h?fluxor_type=mysql&fluxor_driver=pgx", "", likeAll, "fluxor_type=mysql does not go with fluxor_driver=pgx"},
		{"driver by name needs a query", "host=h password=secret fluxor_driver=dsntest", "", likeAll, "must stand in a URL or after a question mark"},
		{"malformed", "host=h password='secret fluxor_preset=legacy", "postgres", likeAll, "not well-formed: a quoted value has no end"},
		{"slash in a mysql value", "u:secret@tcp(h)/db?fluxor_validation_query=1/1", "", likeAll, "a / in a value written %2F"},
		{"misplaced separator", "postgres://h?fluxor_preset=legacy;password=secret", "", likeAll, "fluxor_preset=***: want one of transparent, legacy"},
		{"empty", " ", "", likeAll, errEmptyDSN.Error()},
		{"alias without its backend", "x", "nobody", likeAll, "the backend nobody is not imported"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := parseDSN(row.text, row.forced, row.backends)
			if err == nil || !strings.HasPrefix(err.Error(), "fluxor: ") || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

// TestOptionCannotLeadTheDSNToAnotherServer has DSNs that are written for one
// kind of database and name another: its driver would read them in its own way
// and send the password to a server of its environment's.
func TestOptionCannotLeadTheDSNToAnotherServer(t *testing.T) {
	for _, row := range []struct {
		text, forced string
		want         string
	}{
		{"mysql://u:secret@legacy/db?fluxor_driver=postgres", "", "fluxor_driver=postgres does not go with this DSN, which is written as mysql:// URL"},
		{"u:secret@tcp(legacy:3306)/db?fluxor_type=postgres", "", "fluxor_type=postgres does not go with this DSN, which is written as go-sql-driver"},
		{"u/secret@legacy:1521/XE?fluxor_type=postgres", "", "which is written as Oracle easy connect"},
		{"app.db?fluxor_driver=postgres", "", "does not go with this DSN"},
		{":memory:?fluxor_type=postgres", "", "does not go with this DSN"},
		{"file:x?fluxor_driver=pgx", "", "fluxor_driver=pgx, which is for postgres, does not go with this DSN, which is written as file: URI"},
		{"sqlite:/x?fluxor_type=postgres", "", "does not go with this DSN"},
		{"host=h user=u password=secret fluxor_driver=mysql", "", "fluxor_driver=mysql does not go with this DSN, which is written as libpq keys"},
		{"tcp://h:7000?fluxor_driver=postgres", "", "does not go with this DSN"},
		{"postgres://u:secret@h/db?fluxor_type=oracle", "", "fluxor_type=oracle does not go with this DSN, which is written as postgres:// URL"},
		{"postgres://u:secret@h/db?fluxor_driver=mysql", "", "fluxor_driver=mysql does not go with this DSN"},
		{"postgres://u:secret@h/db?fluxor_driver=godror", "", "fluxor_driver=godror, which is for oracle, does not go with this DSN"},
		{"user/secret@host/orcl.db?fluxor_driver=postgres", "", "does not go with this DSN, which is written as Oracle easy connect"},
		{"x?fluxor_driver=postgres", "", "stands where the driver reads no parameters"},
		{"registeredConnConfig0?fluxor_driver=pgx", "", "stands where the driver reads no parameters"},
		{"mysql://u:secret@legacy/db?fluxor_preset=legacy", "postgres", "stands where the driver reads no parameters"},
		{"Postgres://u:secret@legacy/db?fluxor_preset=legacy", "postgres", "stands where the driver reads no parameters"},
		{"Postgres://u:secret@legacy/db?fluxor_preset=legacy", "", "fits none of the known grammars"},
		{"u/secret?fluxor_preset=legacy", "oracle", "stands where the driver reads no parameters"},
	} {
		got, err := parseDSN(row.text, row.forced, likeAll)
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %q, %v, want %s", row.text, got.native, err, row.want)
		}
	}
	for _, cfg := range []RuntimeConfig{
		{DSN: "mysql://u:secret@legacy/db", Driver: "postgres"},
		{DSN: "host=h password=secret", DatabaseType: DatabaseTypeMySQL},
	} {
		if got, err := parseConfig(cfg, likeAll); err == nil || !strings.Contains(err.Error(), "does not go with this DSN") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: got %q, %v", cfg, got.native, err)
		}
	}
}

// TestSeedDSNsWork opens, with the real drivers, the DSNs that a program comes
// with.
func TestSeedDSNsWork(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://user:password@localhost:5432/dbname?sslmode=disable":                     "postgres",
		"postgres://app:secret@legacy:5432/erp?sslmode=require&fluxor_preset=legacy":         "postgres",
		"user:password@tcp(localhost:3306)/dbname?parseTime=true":                            "mysql",
		"user:password@tcp/dbname?charset=utf8mb4":                                           "mysql",
		"user/password@localhost:1521/XE":                                                    "oracle",
		"postgres://app:secret@legacy:5432/erp?fluxor_preset=legacy&fluxor_cache=hint":       "postgres",
		"user:password@tcp(localhost:3306)/dbname?parseTime=true&fluxor_max_open_conns=many": "option fluxor_max_open_conns=many",
	} {
		got := ""
		if c, err := (&sqlDriver{}).connector(text); err != nil {
			got = err.Error()
		} else if got = c.main.backend.Name; c.Close() != nil {
			t.Errorf("%s: Close fails", text)
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestEmptyDSNFailsAtFirstUse(t *testing.T) {
	db, err := sql.Open("fluxor", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var refused *RefusalError
	if err := db.PingContext(t.Context()); !errors.As(err, &refused) || err.Error() != errEmptyDSN.Error() {
		t.Errorf("got %v, want %v", err, errEmptyDSN)
	}
}

func TestDriverWithoutABackendIsTakenByName(t *testing.T) {
	for text, want := range map[string]string{
		"sqlserver://u:p@h?a=b&fluxor_driver=dsntest":       "sqlserver://u:p@h?a=b",
		"mock_1?fluxor_driver=dsntest":                      "mock_1",
		"u:p?@tcp(h)/db?fluxor_driver=dsntest&a=b":          "u:p?@tcp(h)/db?a=b",
		"oracle://u:p@h/s?fluxor_driver=dsntest":            "oracle://u:p@h/s",
		":memory:?fluxor_driver=dsntest&fluxor_type=sqlite": ":memory:",
	} {
		got, err := parseDSN(text, "", nil)
		if err != nil || !got.byName || got.backend.DriverName != "dsntest" || got.backend.Open != nil || got.native != want {
			t.Errorf("%q: got %+v, %v", text, got.native, err)
		}
	}
}

func TestPGXIsServedUnderItsOtherName(t *testing.T) {
	pgx := likePGX
	pgx.ImportPath = importOfDriver["pgx"]
	got, err := parseDSN("postgres://u:p?x@h/db?fluxor_driver=pgx/v5", "", []backend.Backend{pgx})
	if err != nil || !got.byName || got.native != "postgres://u:p?x@h/db" {
		t.Errorf("got %q, %v", got.native, err)
	}
}

func TestCodeWinsOverTheDSN(t *testing.T) {
	cfg := RuntimeConfig{DSN: "postgres://h?fluxor_driver=postgres&fluxor_max_open_conns=3&fluxor_max_idle_conns=2", Driver: "pgx", MaxOpenConns: 7}
	got, err := parseConfig(cfg, likeAll)
	if err != nil {
		t.Fatal(err)
	}
	if got.backend.Name != "pgx" || got.native != "postgres://h" || got.config.MaxOpenConns != 7 || got.config.MaxIdleConns != 2 || got.config.DSN != "" {
		t.Errorf("got %s %q %v", got.backend.Name, got.native, got.config)
	}
}

func TestCodeNamesTheDriverOfAnEmptyDSN(t *testing.T) {
	got, err := parseConfig(RuntimeConfig{DatabaseType: DatabaseTypePostgreSQL}, likeAll)
	if err != nil || got.backend.Name != "postgres" || got.native != "" {
		t.Errorf("got %s %q, %v", got.backend.Name, got.native, err)
	}
}

func TestFormattedOptionsAreParsedBack(t *testing.T) {
	cfg := RuntimeConfig{Preset: "legacy", MaxOpenConns: -1, CloseTimeout: 1500e6, ValidationQuery: "SELECT 1/1 FROM \"t\" WHERE a = 'b' & \\ ?"}
	for native, b := range map[string]backend.Backend{
		"postgres://u:p@h/db?a=b": likePQ,
		"host=h password='x y'":   likePQ,
		"u:p@tcp(h)/db":           likeMySQL,
		"u/p@h/s as sysdba":       likeOracle,
		`connectString="h"`:       likeOracle,
		"file:x?mode=memory":      likeSQLite,
	} {
		text, err := formatDSN(native, dsn.Grammar{Form: dsn.FormOf(b, native), Driver: b.DriverName}, cfg)
		if err != nil {
			t.Fatalf("%s: %v", native, err)
		}
		got, err := parseDSN(text, "", likeAll)
		if err != nil || got.native != native || got.config.String() != cfg.String() {
			t.Errorf("%s: got %q %v, %v", text, got.native, got.config, err)
		}
	}
}
