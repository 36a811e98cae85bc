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
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/ocisim"
)

// OracleDatabase is a database of the Oracle double, with the account that owns
// it. The double lives in the test's process, in the library that godror loads.
type OracleDatabase struct {
	// User, Password and Service are what to log on with. The password "wrong"
	// is refused as Oracle refuses one (ORA-01017).
	User, Password, Service string

	address string   // of a real database
	real    bool     // no double, see oracle_real.go
	more    []string // parameters of a real database

	lib string // the directory of the library
	dir string // the directory of the databases, their faults and their traces

	mu      sync.Mutex // protects what follows; one file of rules is written at a time
	written int64      // files of rules
	kills   int        // rules "kill" in all of them
}

// oracleHome is where the databases of this process are, until its end: the
// double reads OCISIM_DIR when it opens the first one.
var oracleHome struct {
	once sync.Once
	dir  string
	err  error
}

func makeOracleHome() {
	h := &oracleHome
	lib, err := ocisim.Library()
	if err != nil {
		h.err = err
		return
	}
	if h.dir, h.err = os.MkdirTemp("", "fluxor-oracle-"); h.err != nil {
		return
	}
	h.err = errors.Join(os.Setenv("OCISIM_DIR", h.dir), os.Setenv("ORACLE_HOME", filepath.Dir(lib)))
}

// removeOracle removes the databases of this process.
func removeOracle() error {
	if oracleHome.dir == "" {
		return nil
	}
	return os.RemoveAll(oracleHome.dir)
}

// OracleReady makes the double the client library of this process, for examples,
// which have no testing.TB: every host and service is then a database of its own.
func OracleReady() error {
	oracleHome.once.Do(makeOracleHome)
	return oracleHome.err
}

// oracleCount numbers the databases of this process.
var oracleCount atomic.Int64

// Oracle makes an empty database of the test's own, which is removed with the
// test.
func Oracle(t testing.TB) *OracleDatabase {
	t.Helper()
	if d := realOracle(t); d != nil {
		return d
	}
	lib, err := ocisim.Library()
	if err != nil {
		t.Fatal(err)
	}
	oracleHome.once.Do(makeOracleHome)
	if oracleHome.err != nil {
		t.Fatal(oracleHome.err)
	}
	d := &OracleDatabase{
		User: "scott", Password: "tiger", Service: "svc" + strconv.FormatInt(oracleCount.Add(1), 10),
		lib: lib, dir: oracleHome.dir,
	}
	files := d.file("*")
	t.Cleanup(func() {
		left, _ := filepath.Glob(files)
		for _, file := range left {
			_ = os.Remove(file)
		}
	})
	return d
}

// DSN is the easy connect form with parameters "key=value"; godror leaves them
// to Oracle's client.
func (d *OracleDatabase) DSN(params ...string) string {
	return withQuery(d.User+"/"+d.Password+"@"+d.place(), params)
}

// URL is the oracle:// form with parameters "key=value" of godror's.
func (d *OracleDatabase) URL(params ...string) string {
	return withQuery("oracle://"+d.User+":"+url.QueryEscape(d.Password)+"@"+d.place(), append(d.own(url.QueryEscape), params...))
}

// Logfmt is godror's own form with parameters "key=value".
func (d *OracleDatabase) Logfmt(params ...string) string {
	text := fmt.Sprintf(`user=%q password=%q connectString=%q`, d.User, d.Password, d.place())
	for _, p := range append(d.own(strings.Clone), params...) {
		key, value, _ := strings.Cut(p, "=")
		text += fmt.Sprintf(" %s=%q", key, value)
	}
	return text
}

// place is the connect string.
func (d *OracleDatabase) place() string {
	if d.real {
		return d.address
	}
	return "dbhost:1521/" + d.Service
}

// own are the parameters that each DSN of the database needs.
func (d *OracleDatabase) own(escape func(string) string) []string {
	params := slices.Clone(d.more)
	if d.lib != "" {
		params = append(params, "libDir="+escape(d.lib))
	}
	return params
}

// Faults replaces what goes wrong in the database from now on, a rule for each
// line (internal/ocisim/README.md); without rules all goes well again. It may be
// called as often as one likes: the double misses no rules that a call comes
// upon, and no "kill" at all.
func (d *OracleDatabase) Faults(t testing.TB, rules ...string) {
	t.Helper()
	d.needsDouble(t)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.written++
	var text strings.Builder
	for _, rule := range rules {
		if strings.TrimSpace(rule) == "kill" {
			d.kills++
			continue
		}
		text.WriteString(rule + "\n")
	}
	if d.kills > 0 { // again in every file, should this one replace one that nobody read
		fmt.Fprintf(&text, "kill %d\n", d.kills)
	}
	if err := d.replaceFaults(text.String()); err != nil {
		t.Fatal(err)
	}
}

// replaceFaults gives each file a time of its own, by which the double tells it
// from the one before: the clock's ticks are too long, and inodes come again.
func (d *OracleDatabase) replaceFaults(text string) error {
	path := d.file("faults")
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	if err := os.Chtimes(path+".new", time.Time{}, time.Unix(d.written, 0)); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// file is the database's file of a kind: db, faults, trace.
func (d *OracleDatabase) file(kind string) string {
	return filepath.Join(d.dir, d.Service+"."+kind)
}

// A Trip is one round trip to the server.
type Trip struct {
	Session int    // the server's number of the session; 0 before there is one
	Op      string // connect, login, execute, fetch, ping, commit, rollback, logoff, break...
	Text    string // the statement, where there is one
}

// Trips returns the round trips so far; a later call is for what came since.
func (d *OracleDatabase) Trips(t testing.TB) func() []Trip {
	t.Helper()
	d.needsDouble(t)
	seen := len(d.trace(t))
	return func() []Trip {
		t.Helper()
		all := d.trace(t)
		trips := all[seen:]
		seen = len(all)
		return trips
	}
}

// trace reads the whole trace, but for a line that is being written.
func (d *OracleDatabase) trace(t testing.TB) (trips []Trip) {
	t.Helper()
	text, err := os.ReadFile(d.file("trace"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line, whole := strings.CutSuffix(line, "\n")
		if !whole {
			break
		}
		session, rest, _ := strings.Cut(line, " ")
		op, sql, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(session)
		if err != nil {
			t.Fatalf("trace line %q: %v", line, err)
		}
		trips = append(trips, Trip{Session: n, Op: op, Text: sql})
	}
	return trips
}
