// This file is the transaction handed to database/sql.

package fluxor

import (
	"context"
	"database/sql/driver"

	"github.com/fluxor-db/fluxor/middleware"
)

var _ driver.Tx = (*transaction)(nil)

// transaction is part of its virtual connection: a connection has at most one.
type transaction struct {
	c     *conn
	inner driver.Tx
	ctx   context.Context // BeginTx's; it bounds Commit
}

// Commit commits. A lost answer is an IndeterminateError: whether the
// transaction took effect is unknown, and it is never sent again.
func (tx *transaction) Commit() error { return tx.end(middleware.OpCommit) }

// Rollback rolls back within the close timeout.
func (tx *transaction) Rollback() error { return tx.end(middleware.OpRollback) }

func (tx *transaction) end(k middleware.Op) error {
	c := tx.c
	c.saved = c.op.begin(c, k, "", nil, c.saved)
	c.op.tx = tx
	err := c.run(tx.ctx)
	tx.inner, tx.ctx = nil, nil
	c.ended(c.txHome)
	return err
}
