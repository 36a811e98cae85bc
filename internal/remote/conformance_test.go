// This file runs the conformance suite through a gateway: on every backend, in both forms of the protocol.

package remote_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"hash/fnv"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"

	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
	"github.com/fluxor-db/fluxor/netdriver"
	_ "github.com/fluxor-db/fluxor/netdriver/mysqlerr"
	_ "github.com/fluxor-db/fluxor/netdriver/pgxerr"
	_ "github.com/fluxor-db/fluxor/netdriver/pqerr"
)

// databases are those of the suite; one that lives in its only connection is a
// gateway's own, and not one that a bare driver sees beside it.
func databases() []conform.Database {
	return slices.DeleteFunc(conform.Databases(), func(d conform.Database) bool {
		return slices.Contains(d.Traits, conform.OneConnection)
	})
}

// everything: each case runs on each driver in both forms of the protocol, which
// takes minutes. Else it runs once on each dialect, on one of its drivers and in one
// form; one that is for a driver, on that.
var everything = os.Getenv("FLUXOR_REMOTE") != ""

// chosen reports whether a case runs on a database in the form n.
func chosen(c conform.Case, on conform.Database, n uint32) bool {
	h := fnv.New32()
	_, _ = h.Write([]byte(c.Name))
	turn := h.Sum32()
	if turn%2 != n {
		return false
	}
	var drivers []string
	for _, d := range databases() {
		if d.Dialect == on.Dialect {
			drivers = append(drivers, d.Name)
		}
	}
	return forADriver(c) || drivers[turn/2%uint32(len(drivers))] == on.Name
}

// isCarried reports whether a case is about what a statement leaves in a session.
func isCarried(c conform.Case) bool {
	return slices.ContainsFunc(carried, func(d difference) bool { return slices.Contains(d.Cases, c.Name) })
}

// forADriver reports whether a case is for one driver of its dialect.
func forADriver(c conform.Case) bool {
	return slices.ContainsFunc(slices.Concat(c.Needs, c.Lacks), func(t conform.Trait) bool {
		return t == conform.PQ || t == conform.PGX || t == conform.MultiStatements
	})
}

func TestRemoteBehavesAsTheBareDriver(t *testing.T) {
	all := databases()
	sum := conform.Tally{Targets: len(all)}
	t.Run("on", func(t *testing.T) {
		for _, d := range all {
			t.Run(d.Name, func(t *testing.T) {
				t.Parallel()
				conform.Run(t, target(t, d), &sum)
			})
		}
	})
	t.Log(sum.String())
	if t.Failed() || !sum.Complete() {
		return
	}
	for _, d := range slices.Concat(differences, carried) {
		if !d.concerns(all) {
			continue
		}
		for _, name := range sum.Unused(d.Difference) {
			t.Errorf("the difference %q is not seen: remove it", name)
		}
	}
}

func TestDifferencesNameCasesThatThereAre(t *testing.T) {
	there := map[string]bool{}
	for _, c := range conform.Cases() {
		there[c.Name] = true
	}
	seen := map[string]bool{}
	for _, d := range slices.Concat(differences, carried) {
		if d.Reason == "" || seen[d.Name] {
			t.Errorf("the difference %q has no reason, or its name twice", d.Name)
		}
		seen[d.Name] = true
		for _, c := range d.Cases {
			if !there[c] && d.concerns(databases()) {
				t.Errorf("the difference %q names the case %q, which is not there", d.Name, c)
			}
		}
	}
}

// target is a database with the ways to it through a gateway. Each time one is
// opened, it is a new gateway's: what other cases left behind in a session is not
// seen, as on the bare driver.
func target(t *testing.T, d conform.Database) conform.Target {
	dsn := d.DSN(t)
	through := func(driver, name, options string, table []difference, runs func(conform.Case) bool) conform.Handle {
		return conform.Handle{
			Name: name,
			Runs: runs,
			Open: func(t testing.TB) *sql.DB {
				return open(t, driver, gatewaytest.DSN(gatewaytest.Serve(t, gatewaytest.Config(connector(t, d, dsn))), options))
			},
			Seen:        direct,
			Differences: differencesOn(d.Name, table),
		}
	}
	inForm := func(n uint32) func(conform.Case) bool {
		return func(c conform.Case) bool { return everything || chosen(c, d, n) }
	}
	all := slices.Concat(differences, carried)
	return conform.Target{
		Name: d.Name, Dialect: d.Dialect, Traits: d.Traits,
		Bare: func(t testing.TB) *sql.DB { return open(t, d.Driver, dsn) },
		Through: []conform.Handle{
			through(netdriver.Name, "json", "codec=json", all, inForm(0)),
			through(netdriver.Name, "binary", "codec=binary", all, inForm(1)),
			through(netdriver.Name, "session", "pool=session", differences, isCarried),
			through("fluxor", "below Fluxor", "", all, func(c conform.Case) bool {
				return everything || strings.HasPrefix(c.Name, "context: ") && chosen(c, d, 0)
			}),
		},
		Raw: func(_ context.Context, c *sql.Conn, f func(any) error) error { return c.Raw(f) },
	}
}

// direct is the direct driver's error where errors.As finds one, and the texts
// are the same.
func direct(err error) error {
	var found error
	if e, ok := errors.AsType[*pq.Error](err); ok && e.Error() == err.Error() {
		found = e
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Error() == err.Error() {
		found = e
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok && e.Error() == err.Error() {
		found = e
	}
	if found == nil || verdictOf(err) != verdictOf(found) {
		return err
	}
	return found
}

// verdictOf tells what of database/sql's vocabulary an error is.
func verdictOf(err error) [3]bool {
	return [3]bool{errors.Is(err, driver.ErrBadConn), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded)}
}
