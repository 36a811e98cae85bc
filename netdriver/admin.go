// This file asks a gateway about itself.

package netdriver

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// ErrForeign is the error of asking a *sql.DB that is not this driver's. Retrying
// does not help.
var ErrForeign = errors.New(`fluxor: the *sql.DB was not opened with the driver "fluxor+tcp"`)

// Metrics asks the gateway for its numbers, as JSON; see Admin for its errors. The
// user must be a monitor at least, for Health and Diagnostics too.
func Metrics(ctx context.Context, db *sql.DB) (json.RawMessage, error) {
	return Admin(ctx, db, "metrics", nil)
}

// Health asks the gateway for the health of its databases, as JSON, as Metrics does.
func Health(ctx context.Context, db *sql.DB) (json.RawMessage, error) {
	return Admin(ctx, db, "health", nil)
}

// Diagnostics asks the gateway for its diagnostics, as JSON, as Metrics does.
func Diagnostics(ctx context.Context, db *sql.DB) (json.RawMessage, error) {
	return Admin(ctx, db, "diagnostics", nil)
}

// Admin asks the gateway to carry out an operation over a connection of db's, and
// returns its answer. docs/GATEWAY.md lists the operations, their arguments and who
// may ask for them. Where the user may not, the error is an *Error of kind
// "denied", and retrying does not help; where the answer is lost, Applied is
// AppliedUnknown. It may be called from any goroutine and ends with ctx.
func Admin(ctx context.Context, db *sql.DB, op string, args map[string]string) (answer json.RawMessage, err error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	err = c.Raw(func(dc any) error {
		own, ok := dc.(*conn)
		if !ok {
			return ErrForeign
		}
		answer, err = own.admin(ctx, op, args)
		return err
	})
	return answer, err
}

func (c *conn) admin(ctx context.Context, op string, args map[string]string) (json.RawMessage, error) {
	if err := c.send(ctx, "admin", wire.TypeAdmin, &wire.Admin{Op: op, Args: args}); err != nil {
		return nil, err
	}
	m, err := c.expect(wire.TypeAnswer)
	if err != nil {
		return nil, err
	}
	var answer wire.AdminAnswer
	if err := answer.Decode(m.Body, m.Codec()); err != nil {
		return nil, c.fail(err)
	}
	c.finish()
	return append(json.RawMessage(nil), answer.Data...), nil
}
