// This file holds the suite of godror, which runs over the double of Oracle's client library.

//go:build published

package published

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/ocisim"
)

func godrorSuite() suite {
	return suite{
		module:    "github.com/godror/godror",
		driver:    ".",
		packages:  []string{"."},
		templates: "godror",
		edits: []edit{
			{"*_test.go", regexp.MustCompile(`sql\.Open\("godror",`), `sql.Open(repointedDriver,`, 27},
			{"*_test.go", regexp.MustCompile(`sql\.OpenDB\((godror\.NewConnector\(\w+\))\)`), `sql.OpenDB(repointed($1))`, 16},
			// Where standaloneConnection=1 is written out, the suite asks for a shard.
			{"z_test.go", regexp.MustCompile(`len\(P\.ConnParams\.ShardingKey\) == 0 \{`), `false {`, 1},
			// A table of one row has the test multiply by one for ever.
			{"z_bench_test.go", regexp.MustCompile(`if cnt == 0 \{`), `if cnt < 2 {`, 1},
			// Ten goroutines write the same variable: a data race of the test's own.
			{"z_test.go", regexp.MustCompile(`qry = ("select sysdate from dual")`), `qry := $1`, 1},
		},
		timeout:    "90s",
		restarts:   true, // TestJSONStorageTypes calls methods of rows that it did not get
		floor:      58,
		exceptions: oracleExceptions,
	}
}

// The published suite of godror passes under Fluxor as far as the double takes
// it: over standalone connections, with and without a rest in database/sql, and
// over those of godror's own pool. The three runs are mostly waiting, so they
// wait at the same time.
func TestTheSuiteOfGodrorPassesUnderFluxor(t *testing.T) {
	s := godrorSuite()
	root := s.makeTree(t)
	for _, flags := range [][]string{nil, {"-tags=fluxor"}} { // compiled here once, and not by all at the same time
		s.names(t, root, freshOracle(t, ""), flags...)
	}
	for name, params := range map[string]string{
		"standalone, none kept by database/sql": "",
		"standalone":                            "standaloneConnection=1",
		"pooled by godror":                      "standaloneConnection=0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.compareIn(t, root, func(t *testing.T) []string { return freshOracle(t, params) })
		})
	}
}

// freshOracle makes a folder of databases and returns the environment that
// leads to it, with parameters of godror's.
func freshOracle(t *testing.T, params string) []string {
	t.Helper()
	lib, err := ocisim.Library()
	must(t, err)
	dsn := func(user, password, more string) string {
		return strings.TrimSpace(fmt.Sprintf("user=%s password=%s connectString=dbhost:1521/published libDir=%q %s %s", user, password, lib, params, more))
	}
	return []string{
		"GOFLAGS=-mod=mod -buildvcs=false",
		"CGO_CFLAGS=-O0", // the tree is elsewhere each time, and godror's C takes long to optimize
		"OCISIM_DIR=" + t.TempDir(),
		"ORACLE_HOME=" + filepath.Dir(lib),
		"GODROR_TEST_DSN=" + dsn("scott", "tiger", ""),
		"GODROR_TEST_SYSTEM_DSN=" + dsn("sys", "system", "sysdba=1"),
	}
}
