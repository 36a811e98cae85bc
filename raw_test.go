// This file tests what the application may do within Raw, and what becomes of the connection then.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// TestATransactionStaysOnItsConnection: IsValid ends a lease, and asking it
// within Raw is harmless on the bare driver. No statement of the transaction
// may then run on another connection, in autocommit.
func TestATransactionStaysOnItsConnection(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tx, err := c.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, tx, "debit")
	err = c.Raw(func(dc any) error {
		if !dc.(driver.Validator).IsValid() {
			return driver.ErrBadConn
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "credit"); err == nil {
		t.Error("a statement of a lost transaction succeeded")
	}
	if err := tx.Commit(); err == nil {
		t.Error("a lost transaction was committed")
	}
	for _, stray := range []string{"2 exec credit", "1 exec credit", "1 commit"} {
		if slices.Contains(f.Log(), stray) {
			t.Errorf("%q reached the driver: %q", stray, f.Log())
		}
	}
}

// hiding is a wrapper that does not pass IsValid on; passing does.
type (
	hiding     struct{ driver.Connector }
	hidingConn struct{ driver.Conn }
	passing    struct{ driver.Connector }
	passedConn struct{ hidingConn }
)

func (h hiding) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := h.Connector.Connect(ctx)
	return &hidingConn{c}, err
}

func (h passing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := h.Connector.Connect(ctx)
	return &passedConn{hidingConn{c}}, err
}

func (c *hidingConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
}

func (c *passedConn) IsValid() bool { return c.Conn.(driver.Validator).IsValid() }

var errApplication = errors.New("application")

func TestARawThatFailsCostsItsConnection(t *testing.T) {
	wrappers := map[string]func(driver.Connector) driver.Connector{
		"no wrapper": func(c driver.Connector) driver.Connector { return c },
		"passing":    func(c driver.Connector) driver.Connector { return passing{c} },
		"hiding":     func(c driver.Connector) driver.Connector { return hiding{c} },
	}
	for name, above := range wrappers {
		for _, end := range []error{driver.ErrBadConn, errApplication} {
			t.Run(fmt.Sprint(name, "/", end), func(t *testing.T) {
				f := &dbtest.Fake{}
				fc, err := fluxor.WrapConnector(f, fluxor.RuntimeConfig{})
				if err != nil {
					t.Fatal(err)
				}
				db := sql.OpenDB(above(fc))
				defer db.Close()
				c, err := db.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				func() {
					defer func() { _ = recover() }()
					_ = c.Raw(func(dc any) error {
						_, _ = dc.(driver.ExecerContext).ExecContext(context.Background(), "begin; insert", nil)
						if end == errApplication { //nolint:errorlint // a panic in its place
							panic(end)
						}
						return end
					})
				}()
				mustExec(t, db, "somebody else's")
				if slices.Contains(f.Log(), "1 exec somebody else's") {
					t.Errorf("the connection is used again: %q", f.Log())
				}
			})
		}
	}
}

// TestTheCallersArgumentsKeepTheirOrder: a caller within Raw, or a wrapper that
// repeats a call, passes the same slice twice.
func TestTheCallersArgumentsKeepTheirOrder(t *testing.T) {
	f := &dbtest.Fake{Shape: dbtest.Godror}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	args := []driver.NamedValue{{Ordinal: 1, Value: dbtest.Option(func() {})}, {Ordinal: 2, Value: int64(7)}}
	err = c.Raw(func(dc any) error {
		for range 2 {
			if _, err := dc.(driver.ExecerContext).ExecContext(t.Context(), "x", args); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if args[1].Value != int64(7) || args[1].Ordinal != 2 {
		t.Errorf("the caller's arguments became %v", args)
	}
}
