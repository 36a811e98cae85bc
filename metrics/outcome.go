// This file tells how an operation ended, from its error alone.

package metrics

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/fluxor-db/fluxor/refusal"
)

// Outcome is how an operation ended.
type Outcome uint8

// The outcomes. Their names are the values of the label error_type.
const (
	// Success: the operation did what it should.
	Success Outcome = iota
	// ServerError: the database answered with an error, or the driver refused
	// the call.
	ServerError
	// ConnectionError: there was no connection, or it broke and what was sent
	// had no effect.
	ConnectionError
	// Timeout: a deadline passed, the caller's or one of Fluxor's.
	Timeout
	// Canceled: the caller gave up.
	Canceled
	// Refused: a policy of Fluxor's refused, and nothing was sent.
	Refused
	// Indeterminate: it was sent, and whether it took effect is unknown.
	Indeterminate

	outcomes
)

// String is the value of error_type: "" for [Success], which has none.
func (o Outcome) String() string {
	names := [...]string{"", "server_error", "connection_error", "timeout", "canceled", "refused", "indeterminate"}
	if int(o) >= len(names) {
		o = ServerError
	}
	return names[o]
}

// OutcomeOf classifies the error that an operation returned, by type and never
// by text. A backend knows more of its errors than this: without one, an error
// of which nothing is known is the server's.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Success
	}
	var lost *refusal.IndeterminateError
	var refused *refusal.Error
	switch {
	case errors.As(err, &lost):
		return Indeterminate
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.As(err, &refused):
		return ofRefusal(refused)
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case broken(err):
		return ConnectionError
	}
	return ServerError
}

// ofRefusal tells what Fluxor refused from what it gave up: an operation that
// got a connection and ran out of time.
func ofRefusal(e *refusal.Error) Outcome {
	if errors.Is(e.Sentinel, context.DeadlineExceeded) || errors.Is(e.Sentinel, refusal.ErrNetworkTimeout) {
		return Timeout
	}
	return Refused
}

// broken reports whether an error says that the connection is not there.
func broken(err error) bool {
	var wire net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.As(err, &wire)
}
