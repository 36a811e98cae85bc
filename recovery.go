// This file waits for a database to come back.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/fluxor-db/fluxor/backend"
)

// ErrorRecovery tells errors that pass from those that stay.
type ErrorRecovery struct{ r *DBRuntime }

// NewErrorRecovery returns one for a runtime, which may be connected later.
func NewErrorRecovery(r *DBRuntime) *ErrorRecovery { return &ErrorRecovery{r} }

// HandleError returns nil where the database answers again after an error that
// passes: a lost connection, a server that is stopping, starting or full, a
// timeout of Fluxor's while nothing was sent, a deadlock. It asks at most
// MaxRetries times, with the pauses of RetryBackoff, while ctx lasts. nil does
// not mean that what failed has taken effect: the caller may try it again.
//
// It returns err itself, as it is, where the database does not answer and for
// every other error: one of the statement, a refused login, an ended context,
// and an *[IndeterminateError], since only the caller can say what to do about a
// statement that may have taken effect. Of nil it makes nil at once.
func (e *ErrorRecovery) HandleError(ctx context.Context, err error) error {
	db, c := e.r.connected()
	if err == nil || db == nil || !c.passes(err) {
		return err
	}
	for attempt := range c.main.set.MaxRetries {
		if attempt > 0 && !pause(ctx, c.main.set.RetryBackoff, attempt-1) {
			return err
		}
		if db.PingContext(ctx) == nil {
			return nil
		}
	}
	return err
}

// passes reports whether err says that the same call may succeed later.
func (c *Connector) passes(err error) bool {
	if errors.As(err, new(*IndeterminateError)) || errors.Is(err, ErrClosed) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, ErrAcquireTimeout) || errors.Is(err, ErrNetworkTimeout) ||
		errors.Is(err, ErrCircuitOpen) || errors.Is(err, ErrOverloaded) || errors.Is(err, ErrRateLimited) {
		return true
	}
	switch c.main.backend.Classify(err) {
	case backend.ClassDead, backend.ClassFatal, backend.ClassTooMany, backend.ClassUnavailable:
		return true
	}
	return c.main.backend.RetryTx(err)
}
