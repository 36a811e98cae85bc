// This file is the transaction handed to database/sql.

package fluxor

import (
	"context"
	"database/sql/driver"

	"github.com/fluxor-db/fluxor/middleware"
)

var _ driver.Tx = (*transaction)(nil)

// txOwner is the connection that a transaction runs on.
type txOwner interface {
	// endTx commits or rolls back.
	endTx(tx *transaction, k middleware.Op) error
}

// transaction is part of its virtual connection: a connection has at most one.
type transaction struct {
	c     txOwner
	inner driver.Tx
	life  context.Context // BeginTx's; it bounds Commit
	home  origin
	shown any // what the middlewares tied to it; Call.Tx
}

// Commit commits. A lost answer is an IndeterminateError: whether the
// transaction took effect is unknown, and it is never sent again.
func (tx *transaction) Commit() error { return tx.c.endTx(tx, middleware.OpCommit) }

// Rollback rolls back within the close timeout.
func (tx *transaction) Rollback() error { return tx.c.endTx(tx, middleware.OpRollback) }
