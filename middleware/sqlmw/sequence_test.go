// This file runs one interceptor under sqlmw.Driver and under Fluxor, side by side on real servers, and compares what it saw.

package sqlmw_test

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"
	ngrok "github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/middleware/sqlmw"
)

// database is a real server, its driver and its words for the script.
type database struct {
	name   string
	driver driver.Driver
	dsn    func(t *testing.T) string
	one    string // a placeholder
	slow   string // a statement that outlasts any test
	broken string // a statement that the server refuses
	two    string // a query of two result sets; "" for none
}

var databases = []database{
	{
		"lib/pq", &pq.Driver{},
		func(t *testing.T) string { return dbtest.Postgres(t).NewDatabase(t).URL() },
		"$1", "select pg_sleep(600)", "select nothing from nowhere", "select 1; select 2",
	},
	{
		"go-sql-driver", &mysql.MySQLDriver{},
		func(t *testing.T) string { return dbtest.MariaDB(t).NewDatabase(t).DSN() + "?multiStatements=true" },
		"?", "select sleep(600)", "select nothing from nowhere", "select 1; select 2",
	},
}

// positions are where an interceptor may stand inside Fluxor.
var positions = []struct {
	name string
	put  func(cfg *fluxor.RuntimeConfig, ms ...middleware.Middleware)
}{
	{"outermost", func(cfg *fluxor.RuntimeConfig, ms ...middleware.Middleware) { cfg.Middleware = ms }},
	{"inner", func(cfg *fluxor.RuntimeConfig, ms ...middleware.Middleware) { cfg.InnerMiddleware = ms }},
}

// exceptions are the differences from sqlmw.Driver, and why.
var exceptions = []struct{ name, reason string }{
	{"ConnectorConnect", "a physical connection is opened when an operation first needs one, on a goroutine of the pool's; only how many is compared"},
	{"unconvertible argument", "arguments are converted on the connection, after the interceptor was called; under sqlmw.Driver database/sql refuses before"},
	{"lost reply", "what a statement that lost its answer is told is an *IndeterminateError; it is the context's error too"},
}

func TestEachExceptionIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/SQLMW.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exceptions {
		if !strings.Contains(string(page), "**"+e.name+"**") {
			t.Errorf("docs/SQLMW.md does not tell of %q", e.name)
		}
	}
}

// excused fails the test unless the table has the exception.
func excused(t *testing.T, name string) {
	t.Helper()
	for _, e := range exceptions {
		if e.name == name && e.reason != "" {
			return
		}
	}
	t.Errorf("%q is no exception", name)
}

var names atomic.Int64

// underSqlmw opens d with interceptors around it, the outermost first, as
// sqlmw's README shows.
func underSqlmw(t *testing.T, d driver.Driver, dsn string, intrs ...ngrok.Interceptor) *sql.DB {
	t.Helper()
	for _, intr := range slices.Backward(intrs) {
		d = ngrok.Driver(d, intr)
	}
	name := fmt.Sprintf("sqlmw-%d", names.Add(1))
	sql.Register(name, d)
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// underFluxor opens dsn with interceptors, the outermost first.
func underFluxor(t *testing.T, put func(*fluxor.RuntimeConfig, ...middleware.Middleware), dsn string, intrs ...ngrok.Interceptor) (*sql.DB, *fluxor.Connector) {
	t.Helper()
	cfg := fluxor.RuntimeConfig{DSN: dsn}
	var ms []middleware.Middleware
	for _, intr := range intrs {
		ms = append(ms, sqlmw.Use(intr))
	}
	put(&cfg, ms...)
	c, err := fluxor.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	return db, c
}

func TestAnInterceptorSeesTheCallsThatItSeesUnderSqlmwDriver(t *testing.T) {
	excused(t, "ConnectorConnect")
	excused(t, "lost reply")
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			var want recorder
			bare := underSqlmw(t, d.driver, d.dsn(t), &want)
			wantSteps, wantConnects := play(t, d, bare, &want, script), want.connects
			wantEnds := play(t, d, bare, &want, endings)
			checkSteps(t, d, append(wantSteps, wantEnds...))
			for _, p := range positions {
				t.Run(p.name, func(t *testing.T) {
					var got recorder
					db, _ := underFluxor(t, p.put, d.dsn(t), &got)
					steps := play(t, d, db, &got, script)
					if got.connects != wantConnects {
						t.Errorf("%d connections were opened, under sqlmw.Driver %d", got.connects, wantConnects)
					}
					steps = append(steps, play(t, d, db, &got, endings)...)
					if diff := cmp.Diff(append(wantSteps, wantEnds...), steps); diff != "" {
						t.Errorf("sqlmw.Driver (-), Fluxor (+):\n%s", diff)
					}
				})
			}
		})
	}
}

func TestTwoInterceptorsSeeTheCallsInTheOrderOfNestedDrivers(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			var want recorder
			bare := underSqlmw(t, d.driver, d.dsn(t), &recorder{tag: "1 ", to: &want}, &recorder{tag: "2 ", to: &want})
			wantSteps := play(t, d, bare, &want, script)
			if !slices.Contains(wantSteps[0].Calls, "2 ConnPing") {
				t.Fatalf("the inner interceptor is not there: %q", wantSteps[0].Calls)
			}
			for _, p := range positions {
				var got recorder
				db, _ := underFluxor(t, p.put, d.dsn(t), &recorder{tag: "1 ", to: &got}, &recorder{tag: "2 ", to: &got})
				if diff := cmp.Diff(wantSteps, play(t, d, db, &got, script)); diff != "" {
					t.Errorf("%s: sqlmw.Driver (-), Fluxor (+):\n%s", p.name, diff)
				}
			}
		})
	}
}

// checkSteps looks for what the comparison is about: without it two empty
// recordings would be equal.
func checkSteps(t *testing.T, d database, steps []step) {
	t.Helper()
	for _, s := range steps {
		if len(s.Calls) == 0 {
			t.Errorf("step %q recorded nothing", s.Name)
		}
	}
	skips := slices.ContainsFunc(steps, func(s step) bool {
		return slices.Contains(s.Calls, "ConnExecContext returns "+driver.ErrSkip.Error()) &&
			slices.Contains(s.Calls, "StmtClose <ConnPrepareContext>")
	})
	if skips != (d.name == "go-sql-driver") {
		t.Errorf("driver.ErrSkip was seen: %v", skips)
	}
}

// step is what one step of the script recorded and told its caller.
type step struct {
	Name   string
	Calls  []string
	Answer string
}

// play runs calls on one connection at a time, so that each run prepares as
// often.
func play(t *testing.T, d database, db *sql.DB, r *recorder, calls []call) []step {
	t.Helper()
	db.SetMaxOpenConns(1)
	var steps []step
	for _, s := range calls {
		answer, err := s.run(t, d, db, r)
		if err != nil {
			answer += " " + ended(err)
		}
		steps = append(steps, step{s.name, r.take(), answer})
	}
	return steps
}

func TestAnArgumentThatCannotBeConvertedReachesTheInterceptor(t *testing.T) {
	excused(t, "unconvertible argument")
	for _, d := range databases {
		var bareSaw, saw recorder
		bare := underSqlmw(t, d.driver, d.dsn(t), &bareSaw)
		db, _ := underFluxor(t, positions[0].put, d.dsn(t), &saw)
		_, want := bare.ExecContext(t.Context(), "select "+d.one, struct{}{})
		_, got := db.ExecContext(t.Context(), "select "+d.one, struct{}{})
		if want == nil || got == nil || want.Error() != got.Error() {
			t.Errorf("%s: got %v, under sqlmw.Driver %v", d.name, got, want)
		}
		if lines := bareSaw.take(); len(lines) > 0 {
			t.Errorf("%s: under sqlmw.Driver the interceptor saw %q", d.name, lines)
		}
		if diff := cmp.Diff([]string{"ConnExecContext select " + d.one + " (1)", "ConnExecContext returns error"}, saw.take()); diff != "" {
			t.Errorf("%s:\n%s", d.name, diff)
		}
	}
}
