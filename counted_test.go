// This file tests what is counted of operations and their rows, and that nothing is where nobody asks.

package fluxor_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/fluxor-db/fluxor"
)

// work does what is counted: two queries with five rows together, an insert that
// succeeds, one that fails, a transaction.
func work(t *testing.T, db *sql.DB) {
	t.Helper()
	mustExec(t, db, "create table counted (n int primary key)")
	mustExec(t, db, "insert into counted values (1), (2), (3)")
	if _, err := db.Exec("insert into counted values (1)"); err == nil {
		t.Error("a second row with the same key")
	}
	for _, query := range []string{"select n from counted", "select n from counted where n > 1"} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	c, err := fluxor.FromDB(db)
	if err != nil {
		t.Fatal(err)
	}
	if m := c.Metrics(); m.TotalQueries > 0 && m.ActiveTransactions != 1 {
		t.Errorf("%d transactions are active", m.ActiveTransactions)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

func TestOperationsAndTheirRowsAreCounted(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.fluxor(t, b.share(t).NewDatabase(t))
			work(t, db)
			m := poolOf(t, db).Metrics()
			if m.TotalQueries != 5 || m.FailedQueries != 1 || m.Rows != 5 || m.ActiveTransactions != 0 || m.AverageQueryTime <= 0 || m.P99 <= 0 {
				t.Errorf("counted:\n%v\n%d rows, %d transactions", m, m.Rows, m.ActiveTransactions)
			}
			if len(poolOf(t, db).SlowStatements()) == 0 {
				t.Error("no statement is known")
			}
		})
	}
}

func TestNothingIsCountedWhereMetricsAreOff(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.fluxor(t, b.share(t).NewDatabase(t), "fluxor_metrics=off", "fluxor_slow_query_threshold=0", "fluxor_max_concurrent_connections=1", "fluxor_backpressure_mode=reject")
			work(t, db)
			c := poolOf(t, db)
			holder, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer holder.Close() //nolint:errcheck // the test is over
			if err := holder.PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := db.PingContext(t.Context()); !errors.Is(err, fluxor.ErrOverloaded) {
				t.Fatalf("a second one at once: %v", err)
			}
			m := c.Metrics()
			if m.TotalQueries != 0 || m.Rows != 0 || len(m.Operations) != 0 || len(c.SlowStatements()) != 0 {
				t.Errorf("counted:\n%v\n%d rows", m, m.Rows)
			}
			if m.OpenConnections != 1 || len(m.Refused) != 1 || len(c.LastErrors()) != 1 {
				t.Errorf("what is known all the same: %+v, %v", m.Refused, c.LastErrors())
			}
		})
	}
}
