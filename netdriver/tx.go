// This file begins transactions and ends them.

package netdriver

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

var _ driver.Tx = tx{}

// opCommit is the operation whose fate is not to be made uncertain by a cancellation.
const opCommit = "commit"

// tx is the transaction of its connection.
type tx struct {
	c    *conn
	life context.Context // BeginTx's; it bounds Commit
}

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
	return tx{c, ctx}, nil
}

// Commit implements driver.Tx. Its answer may take NetworkTimeout, and no longer
// than the context of BeginTx and 0.2 s; whether the transaction is committed is
// then unknown. The gateway is not asked to cancel it.
func (t tx) Commit() error { return t.c.endTx(t.life, opCommit, wire.TypeCommit) }

// Rollback implements driver.Tx. Its answer may take NetworkTimeout; then the
// connection is given up, which rolls back as well.
func (t tx) Rollback() error { return t.c.endTx(context.Background(), "rollback", wire.TypeRollback) }

func (c *conn) endTx(ctx context.Context, op string, t wire.Type) error {
	before := c.id
	err := c.simple(ctx, op, t, c.c.cfg.NetworkTimeout)
	c.inTx = c.id == before // nothing was sent: the transaction is open, which costs the connection
	return err
}

// simple is a request that has no body and no rows; its answer may take d.
func (c *conn) simple(ctx context.Context, op string, t wire.Type, d time.Duration) error {
	if c.open != nil {
		patience, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		if err := c.open.hold(patience); err != nil {
			return err
		}
	}
	if err := c.send(ctx, op, t, &wire.Empty{}); err != nil {
		return err
	}
	c.bound(d)
	return c.ended(nil)
}
