// This file holds the errors that Fluxor itself returns; a driver's own errors never pass through here.

// Package refusal is the vocabulary of Fluxor's own errors.
//
// An error of the wrapped driver reaches the caller untouched. What stands
// here is only what Fluxor decides itself: an operation it refused before
// anything was sent ([Error]), and a statement whose outcome nobody can know
// ([IndeterminateError]). None of them is, wraps or matches
// [database/sql/driver.ErrBadConn], so database/sql never repeats a call
// because of them.
//
// All values are immutable after creation and safe for concurrent use.
package refusal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The sentinels name why Fluxor refused an operation. They are matched with
// errors.Is against the *[Error] that the caller receives.
var (
	// ErrAcquireTimeout: no connection became free in time. Nothing was sent;
	// repeating the call helps once other callers return their connections.
	ErrAcquireTimeout = errors.New("fluxor: no connection became free in time")

	// ErrClosed: the connector is closed. Repeating never helps.
	ErrClosed = errors.New("fluxor: the connector is closed")

	// ErrCircuitOpen: the database failed and is being asked whether it is well
	// again. Nothing was sent; repeating helps after RetryAfter at the earliest.
	ErrCircuitOpen = errors.New("fluxor: the circuit breaker is open")

	// ErrOverloaded: as many operations are under way and waiting as are
	// permitted. Nothing was sent; repeating helps once load has fallen.
	ErrOverloaded = errors.New("fluxor: too many operations at once")

	// ErrRateLimited: more operations came than are permitted per second.
	// Nothing was sent; repeating helps after RetryAfter.
	ErrRateLimited = errors.New("fluxor: too many operations per second")

	// ErrQueryTimeout: the database worked on one operation for longer than the
	// query timeout, which ended it on the server as well. It is
	// context.DeadlineExceeded too. Repeating helps if the database is faster
	// then; where the statement may have run, the error is an
	// *[IndeterminateError] that matches this sentinel.
	ErrQueryTimeout error = queryTimeout{}

	// ErrNetworkTimeout: the server sent nothing for the network timeout or
	// the close timeout and the connection was given up. Whether repeating is
	// safe depends on the statement: where it may have run, the error is an
	// *[IndeterminateError] that matches this sentinel.
	ErrNetworkTimeout = errors.New("fluxor: the server did not answer in time")
)

// queryTimeout is the type of ErrQueryTimeout.
type queryTimeout struct{}

func (queryTimeout) Error() string { return "fluxor: the query timeout was over" }

// Is makes it the end of a deadline.
func (queryTimeout) Is(target error) bool { return target == context.DeadlineExceeded }

// Error is an operation that Fluxor refused before it reached the database:
// nothing was sent and nothing changed, so repeating it is safe; the sentinel's
// comment says whether it can help.
type Error struct {
	// Policy is what refused: "pool", "connector", "network".
	Policy string
	// Reason says what happened and what to do, without the prefix "fluxor: ".
	Reason string
	// RetryAfter is how long to wait before repeating; 0 means unknown.
	RetryAfter time.Duration
	// Sentinel is the ErrXxx value of this package that errors.Is finds.
	Sentinel error
	// Cause is the last driver error or the context's error behind the
	// refusal; nil where there is none.
	Cause error
}

// Error returns "fluxor: " and the reason, and the cause where there is one.
func (e *Error) Error() string {
	if e.Cause == nil {
		return "fluxor: " + e.Reason
	}
	return "fluxor: " + e.Reason + ": " + e.Cause.Error()
}

// Unwrap returns the sentinel and the cause.
func (e *Error) Unwrap() []error { return compact(e.Sentinel, e.Cause) }

// IndeterminateError says that a statement was sent and its answer was lost:
// the database may or may not have executed it. Fluxor never repeats such a
// statement. Repeating it in the application is safe only if the statement is
// idempotent or the application first looks whether its effect is there.
type IndeterminateError struct {
	// Op names the operation: "exec", "query", "commit".
	Op string
	// Cause is what cut the answer off: the driver's error, joined with the
	// context's error if the context ended. It never matches driver.ErrBadConn.
	Cause error
	// Sentinel is ErrNetworkTimeout where a timeout of Fluxor's own ended the
	// wait; else nil.
	Sentinel error
}

// Error names the operation, says that the outcome is unknown and what to do.
func (e *IndeterminateError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "fluxor: %s was sent but its answer was lost, so it may or may not have taken effect; check before repeating it", e.Op)
	for _, err := range e.Unwrap() {
		b.WriteString(": ")
		b.WriteString(err.Error())
	}
	return b.String()
}

// Unwrap returns the sentinel, where there is one, and the cause.
func (e *IndeterminateError) Unwrap() []error { return compact(e.Sentinel, e.Cause) }

// SQLState returns "08007", the SQL standard's "transaction resolution
// unknown" (ISO/IEC 9075, class 08, connection exception).
func (e *IndeterminateError) SQLState() string { return "08007" }

func compact(errs ...error) []error {
	out := make([]error, 0, len(errs))
	for _, err := range errs {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}
