// This file ties docs/SEED-API.md to its examples, and runs those that need a server.

package fluxor_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/snippet"
)

// servers are the databases in place of those that the snippets name.
var servers = map[string]string{}

// at is the database that a test has put in place of a snippet's.
func at(dsn string) string {
	if there, ok := servers[dsn]; ok {
		return there
	}
	return dsn
}

// connects panics unless a configuration leads to a database.
func connects(config *fluxor.RuntimeConfig) {
	runtime := fluxor.NewDBRuntime(config)
	if err := runtime.Connect(); err != nil {
		panic(err)
	}
	if err := runtime.Disconnect(); err != nil {
		panic(err)
	}
}

// seedSources are the files that hold the snippets, spelt as the page does.
func seedSources(t *testing.T) []string {
	t.Helper()
	var sources []string
	for _, name := range []string{"example_seed_test.go", "example_seed_postgres_test.go", "example_seed_mysql_test.go", "drivers/oracle/example_seed_test.go", "drivers/oracle/example_seed_statements_test.go"} {
		text := regexp.MustCompile(`func Example_seed(Postgres|MySQL|Oracle)\(\) {`).ReplaceAllString(read(t, name), "func Example() {")
		sources = append(sources, regexp.MustCompile(`\bat\(("[^"]*")\)`).ReplaceAllString(text, "$1"))
	}
	return sources
}

func TestEverySnippetOfTheRuntimeAPIStandsInAnExample(t *testing.T) {
	page, sources := read(t, "docs/SEED-API.md"), seedSources(t)
	if n := len(snippet.Fenced(page, "go")); n < 19 {
		t.Fatalf("the page has %d snippets", n)
	}
	for _, block := range snippet.Missing(page, sources) {
		t.Errorf("no file of examples holds all paragraphs of this snippet:\n%s", block)
	}
}

func TestTheSnippetsThatNeedAServerRun(t *testing.T) {
	servers["postgres://user:password@localhost:5432/dbname?sslmode=disable"] = dbtest.Postgres(t).NewDatabase(t).URL()
	servers["user:password@tcp(localhost:3306)/dbname?parseTime=true"] = dbtest.MariaDB(t).NewDatabase(t).DSN("parseTime=true")
	defer clear(servers)
	for _, run := range []struct {
		example func()
		want    string
	}{
		{Example_seedPostgres, "Query executed: "},
		{Example_seedPostgresConfiguration, ""},
		{Example_seedMySQL, "Query executed: "},
		{Example_seedMySQLConfiguration, ""},
		{Example_seedDiagnostics, "database  sqlite, through the driver sqlite\n"},
		{Example_seedMonitor, ""},
		{Example_seedMetrics, "Success Rate: 100.00%\n"},
	} {
		if got := printed(t, run.example); !strings.Contains(got, run.want) {
			t.Errorf("got %q, want %q", got, run.want)
		}
	}
}

// printed is what an example writes to standard output.
func printed(t *testing.T, example func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it is read by its name
	old := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = old }()
	example()
	return read(t, file.Name())
}

// TestTheVariablesOfTheRuntimeAPIAreRead sets those of the page as a shell does.
func TestTheVariablesOfTheRuntimeAPIAreRead(t *testing.T) {
	exports := regexp.MustCompile(`(?m)^export (\w+)="?([^"\n]*)"?$`).FindAllStringSubmatch(read(t, "docs/SEED-API.md"), -1)
	for _, export := range exports {
		t.Setenv(export[1], export[2])
	}
	const want = "fluxor.RuntimeConfig{Preset: legacy, DatabaseType: mysql, MaxOpenConns: 50, MaxIdleConns: 10, ConnMaxLifetime: 30m0s, " +
		"StmtCacheSize: 200, EnableLeakDetection: true, CircuitBreakerMaxFailures: 5, MaxRequestsPerSecond: 1000, SlowQueryThreshold: 1s, " +
		"QueryTimeout: 30s, DSN: user:***@tcp(localhost:3306)/dbname?parseTime=true}"
	if got := fluxor.DefaultConfig(); got.String() != want || got.Validate() != nil {
		t.Errorf("got %v, %v", got, got.Validate())
	}
}
