// This file makes errors of what a gateway says, and of connections to it that break.

package netdriver

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
	"github.com/fluxor-db/fluxor/refusal"
)

// Applied says whether what was asked for took effect.
type Applied string

// The answers.
const (
	// AppliedNo: nothing took effect; repeating is safe.
	AppliedNo Applied = wire.AppliedNo
	// AppliedYes: it took effect, and what failed came after: its answer was too
	// large, or could not be read. It must not be repeated.
	AppliedYes Applied = wire.AppliedYes
	// AppliedUnknown: nobody knows. A change must not be repeated blindly.
	AppliedUnknown Applied = wire.AppliedUnknown
)

// Error is an error of the database, of the gateway before it, or of the
// connection to the gateway. Whether retrying helps is told by Retryable and
// Applied. errors.Is finds in it
//
//   - context.Canceled and context.DeadlineExceeded, where the context's end or a
//     timeout brought it about,
//   - the sentinels of package refusal, where the gateway refused the request,
//   - driver.ErrBadConn, where the connection is lost, nothing took effect and the
//     database had no words of its own for it, so that database/sql repeats the call
//     on another one,
//
// and errors.As finds a *refusal.Error or, where Applied is AppliedUnknown and that
// is not for an error of the direct driver's own, a *refusal.IndeterminateError; with the packages pqerr, pgxerr and mysqlerr the
// error of the direct driver, too. It is immutable and may be used concurrently.
type Error struct {
	// Kind is one of "db" (the database's own), "timeout", "canceled",
	// "pool_timeout", "overloaded", "rate_limited", "breaker_open", "read_only",
	// "denied", "auth", "too_large", "protocol", "shutdown", "conn_lost",
	// "internal"; docs/PROTOCOL.md says what each means.
	Kind string
	// Op is what failed: "query", "exec", "prepare", "begin", "commit", "rollback",
	// "reset", "ping", "admin", "login".
	Op string
	// Dialect is the database's: "postgres", "mysql", "oracle", "sqlite". Code is
	// the error's code there, State its SQLSTATE; each may be "".
	Dialect, Code, State string
	// Native is what else the database's error carries, by its driver's names.
	Native map[string]string
	// Message is the text, as the database's driver gave it; of the gateway's own
	// errors and the connection's, Fluxor's words. It may quote values of the
	// statement.
	Message string
	// Applied says whether the request took effect.
	Applied Applied
	// Retryable says that the same request may succeed later, RetryAfter when; 0
	// where that is unknown.
	Retryable  bool
	RetryAfter time.Duration
	// ConnLost says that the connection is lost, with it what the session had.
	ConnLost bool

	causes []error
}

// Error implements error: the database's text as it is, or "fluxor: " and what
// happened.
func (e *Error) Error() string { return e.Message }

// SQLState is State, as other drivers offer it.
func (e *Error) SQLState() string { return e.State }

// Unwrap returns what is described at the type. The caller must not change it.
func (e *Error) Unwrap() []error { return e.causes }

// lostAnswer is the Code of a statement whose answer the gateway itself lost, which is
// then no word of the database's.
const lostAnswer = "08007"

// As implements errors.As for the errors of direct drivers.
func (e *Error) As(target any) bool {
	if e.Code == lostAnswer && e.Kind != string(wire.ErrorDB) {
		return false
	}
	for _, rebuild := range rebuilders(e.Dialect) {
		if native := rebuild(e); native != nil && errors.As(native, target) {
			return true
		}
	}
	return false
}

// sentinels are what the kinds of refusals stand for.
var sentinels = map[wire.ErrorKind]error{
	wire.ErrorPoolTimeout: refusal.ErrAcquireTimeout,
	wire.ErrorOverloaded:  refusal.ErrOverloaded,
	wire.ErrorRateLimited: refusal.ErrRateLimited,
	wire.ErrorBreakerOpen: refusal.ErrCircuitOpen,
}

// fromWire makes an error of the gateway's. ended is the error of the request's
// context, if it has ended.
func fromWire(op string, m *wire.Error, ended error) *Error {
	e := &Error{
		Kind: string(m.Kind), Op: op, Dialect: m.Dialect, Code: m.Code, State: m.SQLState, Native: m.Native,
		Message: m.Message, Applied: Applied(m.Applied), Retryable: m.Retryable,
		RetryAfter: time.Duration(min(m.RetryAfterMS, mostMS)) * time.Millisecond, ConnLost: m.Conn == wire.ConnLost,
	}
	if sentinel := sentinels[m.Kind]; sentinel != nil {
		e.causes = append(e.causes, &refusal.Error{
			Policy: e.Kind, Reason: m.Message, RetryAfter: e.RetryAfter, Sentinel: sentinel,
		})
	}
	if reason := reasonOf(m.Kind, ended); reason != nil {
		e.causes = append(e.causes, reason)
	}
	e.conclude(nil)
	return e
}

// mostMS keeps milliseconds within a time.Duration.
const mostMS = int64(time.Duration(1<<63-1) / time.Millisecond)

// reasonOf is the error of the context that a timeout or a cancellation stands
// for.
func reasonOf(kind wire.ErrorKind, ended error) error {
	switch kind {
	case wire.ErrorTimeout, wire.ErrorCanceled:
	default:
		return nil
	}
	switch {
	case ended != nil:
		return ended
	case kind == wire.ErrorTimeout:
		return refusal.ErrQueryTimeout
	}
	return context.Canceled
}

// bareText is a text to stand behind our prefix, which it may have, too.
func bareText(text string) string { return strings.TrimPrefix(text, "fluxor: ") }

// broken is the error of a connection that broke, or was given up, after a
// request was sent; heard says that a part of its answer came.
func broken(op string, cause, ended error, heard bool) *Error {
	e := &Error{
		Kind: string(wire.ErrorConnLost), Op: op, Applied: AppliedNo, ConnLost: true,
		Message: "fluxor: " + op + ": the connection to the gateway broke: " + bareText(cause.Error()),
	}
	var wrong *wire.ProtocolError
	var said *Error
	switch {
	case errors.As(cause, &said):
		e.Kind, e.Retryable, e.RetryAfter = said.Kind, said.Retryable, said.RetryAfter
		e.Message = "fluxor: " + op + ": the gateway ended the session: " + bareText(said.Message)
	case errors.As(cause, &wrong) && wrong.Err == nil:
		e.Kind = string(wire.ErrorProtocol)
		e.Message = "fluxor: " + op + ": the gateway does not keep to the protocol: " + wrong.Reason
	}
	if unsure(op) && (heard || said == nil || said.Applied != AppliedNo) {
		e.Applied = AppliedUnknown
	}
	if ended != nil {
		e.Message = "fluxor: " + op + ": " + ended.Error() + ", and the gateway did not answer in time"
		e.causes = append(e.causes, ended)
	}
	e.conclude(cause)
	return e
}

// unsure says whether an operation whose answer is lost may have taken effect.
// The others leave nothing behind when the session ends.
func unsure(op string) bool {
	switch op {
	case "query", "exec", "commit", "admin":
		return true
	}
	return false
}

// conclude adds what Applied and ConnLost say to programs.
func (e *Error) conclude(cause error) {
	switch {
	case e.Applied == AppliedUnknown && (e.Kind != string(wire.ErrorDB) || e.ConnLost):
		e.causes = append(e.causes, &refusal.IndeterminateError{Op: e.Op, Cause: joined(e, cause)})
	case e.ConnLost && e.Applied == AppliedNo && e.Kind != string(wire.ErrorDB) && e.Op != "login" && !e.ended(): // a login is not to be repeated at once
		e.causes = append(e.causes, driver.ErrBadConn)
	case cause != nil && !errors.Is(cause, driver.ErrBadConn):
		e.causes = append(e.causes, cause)
	}
}

// joined is what the IndeterminateError says was the matter.
func joined(e *Error, cause error) error {
	if cause == nil || errors.Is(cause, driver.ErrBadConn) {
		cause = errors.New(e.Message)
	}
	for _, c := range e.causes {
		cause = errors.Join(cause, c)
	}
	return cause
}

// ended says whether the caller does not wait any more.
func (e *Error) ended() bool {
	return errors.Is(errors.Join(e.causes...), context.Canceled) || errors.Is(errors.Join(e.causes...), context.DeadlineExceeded)
}
