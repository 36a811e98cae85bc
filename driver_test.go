// This file tests what database/sql and wrappers see of the driver: its connectors, and when they close.

package fluxor_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestTheDriverOfAnAliasKeepsToItsBackend(t *testing.T) {
	db, err := sql.Open("pgx-fluxor", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	d := db.Driver()
	if d != db.Driver() {
		t.Error("a database has two drivers")
	}
	// What otelsql.Register and sqlhooks do: keep the driver, open other DSNs.
	if _, err := d.(driver.DriverContext).OpenConnector("postgres://u@h/d?fluxor_driver=postgres"); err == nil {
		t.Error("the driver behind pgx-fluxor opens lib/pq")
	}
	c, err := d.(driver.DriverContext).OpenConnector("user=u")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.(io.Closer).Close(); err != nil {
		t.Error(err)
	}
}

// closable counts how often a connector is closed.
type closable struct {
	*dbtest.Fake
	n *int
}

func (c closable) Close() error { *c.n++; return nil }

func TestTheWrappedConnectorIsClosedOnce(t *testing.T) {
	n := 0
	db, fc := wrap(t, closable{&dbtest.Fake{}, &n}, fluxor.RuntimeConfig{})
	if err := errors.Join(fc.Close(), db.Close(), fc.Close()); err != nil || n != 1 {
		t.Errorf("closed %d times: %v", n, err)
	}
}

func TestATransactionOfTheDriverThatIsOverStaysOver(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{})
	c, _ := db.Conn(t.Context())
	defer c.Close()
	err := c.Raw(func(dc any) error {
		tx, err := dc.(driver.ConnBeginTx).BeginTx(t.Context(), driver.TxOptions{})
		if err != nil {
			return err
		}
		return errors.Join(tx.Commit(), onlyDone(tx.Rollback()))
	})
	if err != nil {
		t.Error(err)
	}
}

func onlyDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return errors.Join(errMeddled, err)
}
