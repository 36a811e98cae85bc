// This file is the transaction under an interceptor, from ConnBeginTx to TxCommit or TxRollback.

package sqlmw

import (
	"context"
	"database/sql/driver"

	"github.com/fluxor-db/fluxor/middleware"
)

var (
	_ driver.ConnBeginTx = (*beginner)(nil)
	_ driver.Tx          = (*tx)(nil)
)

// tx is what an interceptor said of a transaction, which stands in Call.Tx, and
// the transaction that it was given.
type tx struct {
	turn
	ctx    context.Context // what the interceptor returned with it
	parent driver.Tx       // what the interceptor returned
	inner  any             // Call.Tx without the interceptor's
	life   context.Context // of the operation that ends it
}

// beginner is the connection as ConnBeginTx sees it.
type beginner tx

// BeginTx goes on.
func (b *beginner) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c := b.c
	if b.over(middleware.OpBegin) {
		return nil, errOver
	}
	was := c.Options
	c.Options = opts
	err := b.next.Handle(ctx, c)
	c.Options = was
	if err != nil {
		return nil, err
	}
	b.inner = c.Tx
	return (*tx)(b), nil
}

func (h *handler) begin(ctx context.Context, c *middleware.Call) error {
	t := &tx{turn: turn{h.next, c}}
	defer t.end()
	after, parent, err := h.intr.ConnBeginTx(ctx, (*beginner)(t), c.Options)
	if err != nil {
		return err
	}
	if parent == nil {
		parent = t
	}
	t.ctx, t.parent = after, parent
	c.Tx = t
	return nil
}

func (h *handler) end(ctx context.Context, c *middleware.Call) error {
	t, ours := c.Tx.(*tx)
	if !ours {
		return h.next.Handle(ctx, c)
	}
	t.turn, t.life, c.Tx = turn{h.next, c}, ctx, t.inner
	defer func() {
		t.end()
		t.life, c.Tx = nil, t
	}()
	if c.Op == middleware.OpRollback {
		return h.intr.TxRollback(t.ctx, t.parent)
	}
	return h.intr.TxCommit(t.ctx, t.parent)
}

// Commit goes on.
func (t *tx) Commit() error { return t.finish(middleware.OpCommit) }

// Rollback goes on.
func (t *tx) Rollback() error { return t.finish(middleware.OpRollback) }

// finish goes on with op, also where the interceptor decided for the other end.
func (t *tx) finish(op middleware.Op) error {
	if t.over(middleware.OpCommit) && t.over(middleware.OpRollback) {
		return errOver
	}
	c, was := t.c, t.c.Op
	c.Op = op
	err := t.next.Handle(t.life, c)
	c.Op = was
	return err
}
