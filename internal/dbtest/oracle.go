//go:build unix

// This file makes databases of the Oracle double, and drives its faults and its trace.

package dbtest

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor/internal/ocisim"
)

// OracleDatabase is a database of the Oracle double, with the account that owns
// it. The double lives in the test's process, in the library that godror loads.
type OracleDatabase struct {
	// User, Password and Service are what to log on with. The password "wrong"
	// is refused as Oracle refuses one (ORA-01017).
	User, Password, Service string

	lib string // the directory of the library
	dir string // the directory of the databases, their faults and their traces
}

// oracleHome is where the databases of this process are: the double reads
// OCISIM_DIR when it opens the first one.
var oracleHome = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fluxor-oracle-")
	if err != nil {
		return "", fmt.Errorf("dbtest: %w", err)
	}
	lib, err := ocisim.Library()
	if err != nil {
		return "", err
	}
	return dir, errors.Join(os.Setenv("OCISIM_DIR", dir), os.Setenv("ORACLE_HOME", filepath.Dir(lib)))
})

// OracleReady makes the double the client library of this process, for examples,
// which have no testing.TB: every host and service is then a database of its own.
func OracleReady() error {
	_, err := oracleHome()
	return err
}

// oracleCount numbers the databases of this process.
var oracleCount atomic.Int64

// Oracle makes an empty database of the test's own, which is removed with the
// test.
func Oracle(t testing.TB) *OracleDatabase {
	t.Helper()
	lib, err := ocisim.Library()
	if err != nil {
		t.Fatal(err)
	}
	home, err := oracleHome()
	if err != nil {
		t.Fatal(err)
	}
	d := &OracleDatabase{
		User: "scott", Password: "tiger", Service: "svc" + strconv.FormatInt(oracleCount.Add(1), 10),
		lib: lib, dir: home,
	}
	t.Cleanup(func() {
		left, _ := filepath.Glob(filepath.Join(home, d.Service+".*"))
		for _, file := range left {
			_ = os.Remove(file)
		}
	})
	return d
}

// DSN is the easy connect form with parameters "key=value"; godror leaves them
// to Oracle's client.
func (d *OracleDatabase) DSN(params ...string) string {
	return withQuery(d.User+"/"+d.Password+"@dbhost:1521/"+d.Service, params)
}

// URL is the oracle:// form with parameters "key=value" of godror's.
func (d *OracleDatabase) URL(params ...string) string {
	return withQuery("oracle://"+d.User+":"+d.Password+"@dbhost:1521/"+d.Service, append([]string{"libDir=" + url.QueryEscape(d.lib)}, params...))
}

// Logfmt is godror's own form with parameters "key=value".
func (d *OracleDatabase) Logfmt(params ...string) string {
	text := fmt.Sprintf(`user=%q password=%q connectString=%q libDir=%q`, d.User, d.Password, "dbhost:1521/"+d.Service, d.lib)
	for _, p := range params {
		key, value, _ := strings.Cut(p, "=")
		text += fmt.Sprintf(" %s=%q", key, value)
	}
	return text
}

// Faults replaces what goes wrong in the database from now on, a rule for each
// line (see internal/ocisim); without rules all goes well again.
func (d *OracleDatabase) Faults(t testing.TB, rules ...string) {
	t.Helper()
	path := filepath.Join(d.dir, d.Service+".faults")
	if err := os.WriteFile(path+".new", []byte(strings.Join(rules, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// A Trip is one round trip to the server.
type Trip struct {
	Session int    // the server's number of the session; 0 before there is one
	Op      string // connect, login, execute, fetch, ping, commit, rollback, logoff, break...
	Text    string // the statement, where there is one
}

// Trips returns the round trips so far; a later call is for what came since.
func (d *OracleDatabase) Trips(t testing.TB) func() []Trip {
	seen := len(d.trace(t))
	return func() []Trip {
		t.Helper()
		all := d.trace(t)
		trips := all[seen:]
		seen = len(all)
		return trips
	}
}

// trace reads the whole trace.
func (d *OracleDatabase) trace(t testing.TB) (trips []Trip) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, d.Service+".trace"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		session, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		op, sql, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(session)
		if err != nil {
			t.Fatalf("trace line %q: %v", line, err)
		}
		trips = append(trips, Trip{Session: n, Op: op, Text: sql})
	}
	return trips
}
