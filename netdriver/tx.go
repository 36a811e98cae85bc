// This file begins transactions and ends them.

package netdriver

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

var _ driver.Tx = tx{}

// tx is the transaction of its connection.
type tx struct{ c *conn }

// Begin implements driver.Conn.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements driver.ConnBeginTx. The transaction begins at once. The
// database says which isolation levels there are.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	m := &wire.Begin{Isolation: o.Isolation, ReadOnly: o.ReadOnly, TimeoutMS: left(ctx)}
	if err := c.send(ctx, "begin", wire.TypeBegin, m); err != nil {
		return nil, err
	}
	if err := c.ended(nil); err != nil {
		return nil, err
	}
	c.inTx = true
	return tx{c}, nil
}

// Commit implements driver.Tx. Its answer may take NetworkTimeout; whether the
// transaction is committed is then unknown.
func (t tx) Commit() error { return t.c.endTx("commit", wire.TypeCommit) }

// Rollback implements driver.Tx. Its answer may take NetworkTimeout; then the
// connection is given up, which rolls back as well.
func (t tx) Rollback() error { return t.c.endTx("rollback", wire.TypeRollback) }

func (c *conn) endTx(op string, t wire.Type) error {
	err := c.simple(op, t, c.c.cfg.NetworkTimeout)
	c.inTx = c.open != nil // then rows are in the way, and nothing was sent
	return err
}

// simple is a request that has no body, no context and no rows; its answer may take d.
func (c *conn) simple(op string, t wire.Type, d time.Duration) error {
	if c.open != nil {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		if err := c.open.hold(ctx); err != nil {
			return err
		}
	}
	if err := c.send(context.Background(), op, t, &wire.Empty{}); err != nil {
		return err
	}
	c.bound(d)
	return c.ended(nil)
}
