// This file closes real statements: at once, or once their connection is held again.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
)

// closeStmt closes a real statement within the close timeout.
func (s *session) closeStmt(p *physical, si driver.Stmt) error {
	if p.apart.left() {
		p.apart.calls.Later(func() { _ = si.Close() })
		return nil
	}
	bound := guard(p, context.Background(), s.e.set.CloseTimeout)
	defer bound.Stop()
	return si.Close()
}

// fewSpares is how many statements that the cache gave up are closed when a
// lease begins.
const fewSpares = 2

// closeDoomed closes the statements of p that nobody refers to any more, of
// those from the cache only a few. It ends with ctx: somebody waits for what
// comes after it.
func (s *session) closeDoomed(ctx context.Context, p *physical, few int) error {
	bound := guard(p, ctx, 0)
	defer bound.Stop()
	var errs error
	for _, si := range p.takeDoomed(few) {
		errs = errors.Join(errs, s.closeStmt(p, si))
	}
	return errs
}

// closeLeft is closeDoomed if p is held right now.
func (s *session) closeLeft(p *physical) error {
	if s.held == nil || s.held.Value != p {
		return nil
	}
	return s.closeDoomed(context.Background(), p, 0)
}
