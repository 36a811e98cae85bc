//go:build unix && cgo

// This file tests, over the double, that a transaction which Oracle refuses because of others is run again as a whole.

package oracle_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestATransactionIsRunAgainAfterADeadlockAndASerializationFailure(t *testing.T) {
	for code, want := range map[string]int{"60": 3, "8177": 3, "54": 3, "30006": 3, "2049": 3, "1": 1, "942": 1} {
		d := dbtest.Oracle(t)
		db, err := sql.Open("oracle-fluxor", d.Logfmt("fluxor_retry_backoff=1ms"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if _, err := db.ExecContext(t.Context(), "create table w (n number(9))"); err != nil {
			t.Fatal(err)
		}
		attempts, left := 0, 0
		err = fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
			attempts++
			d.Faults(t)
			if _, err := tx.ExecContext(t.Context(), "insert into w values (1)"); err != nil {
				return err
			}
			if attempts < 3 {
				d.Faults(t, "execute error="+code+" count=1")
			}
			_, err := tx.ExecContext(t.Context(), "insert into w values (2)")
			return err
		})
		d.Faults(t)
		if attempts != want {
			t.Errorf("ORA-%s: %d attempts, want %d; %v", code, attempts, want, err)
		}
		if _, ours := err.(*godror.OraErr); err != nil && !ours { //nolint:errorlint // the driver's own type, not wrapped
			t.Errorf("ORA-%s came as %T", code, err)
		}
		if e := db.QueryRowContext(t.Context(), "select count(*) from w").Scan(&left); e != nil || (err == nil) != (left == 2) || (err != nil) != (left == 0) {
			t.Errorf("ORA-%s: %d rows are left after %v, %v", code, left, err, e)
		}
	}
}

// TestTheQuickStartRuns: what it prints holds an address, so it is no example
// with an output.
func TestTheQuickStartRuns(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it is read by its name
	old := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = old }()
	Example_seedOracle() // the double takes any user, host and service
	got, err := os.ReadFile(file.Name())
	if err != nil || !strings.HasPrefix(string(got), "Query executed: ") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestARuntimeOverTheDoubleIsHealthyAndTellsOfItself(t *testing.T) {
	d := dbtest.Oracle(t)
	rt := fluxor.NewDBRuntime(fluxor.NewConfigBuilder().WithDatabaseType(fluxor.DatabaseTypeOracle).WithDSN(d.DSN()).Build())
	if err := rt.Connect(); err != nil {
		t.Fatal(err)
	}
	defer rt.Disconnect() //nolint:errcheck // the test is over
	for range 2 {
		if h := fluxor.CheckHealth(t.Context(), rt); !h.Healthy {
			t.Errorf("got %+v", h)
		}
	}
	d.Faults(t, "kill", "connect error=12541")
	if h := fluxor.CheckHealth(t.Context(), rt); h.Healthy {
		t.Errorf("the listener is gone: got %+v", h)
	}
	d.Faults(t)
	if h := fluxor.CheckHealth(t.Context(), rt); !h.Healthy {
		t.Errorf("it is back: got %+v", h)
	}
}
