// This file says what a client hears of an error: its kind, the database's own words, and whether what was asked for took effect.

package gateway

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
	"github.com/fluxor-db/fluxor/refusal"
)

// refused is a request that the gateway itself refuses: nothing ran.
type refused struct {
	kind wire.ErrorKind
	text string
}

func (r refused) Error() string { return r.text }

// kinds are those of the gateway's errors and of Fluxor's, the first that fits.
var kinds = []struct {
	is   error
	kind wire.ErrorKind
}{
	{errCanceled, wire.ErrorCanceled},
	{errGone, wire.ErrorCanceled},
	{errEnd, wire.ErrorShutdown},
	{errKilled, wire.ErrorShutdown},
	{errMemory, wire.ErrorOverloaded},
	{errNoCredit, wire.ErrorTimeout},
	{errUnfit, wire.ErrorInternal},
	{refusal.ErrAcquireTimeout, wire.ErrorPoolTimeout},
	{refusal.ErrCircuitOpen, wire.ErrorBreakerOpen},
	{refusal.ErrOverloaded, wire.ErrorOverloaded},
	{refusal.ErrRateLimited, wire.ErrorRateLimited},
	{refusal.ErrClosed, wire.ErrorShutdown},
	{refusal.ErrQueryTimeout, wire.ErrorTimeout},
	{refusal.ErrNetworkTimeout, wire.ErrorConnLost},
	{context.DeadlineExceeded, wire.ErrorTimeout},
	{context.Canceled, wire.ErrorCanceled},
}

// retryable are the kinds after which the same request may succeed later.
var retryable = map[wire.ErrorKind]bool{
	wire.ErrorPoolTimeout: true, wire.ErrorOverloaded: true, wire.ErrorRateLimited: true,
	wire.ErrorBreakerOpen: true, wire.ErrorShutdown: true,
}

// fault is what the client hears of err. Where the call's context has ended, its
// cause decides the kind, whatever words the driver has for it.
func (s *session) fault(c *call, err error) *wire.Error {
	l := &s.lease
	m := &wire.Error{
		Kind: s.kindOf(c, err), Message: l.words(err), Applied: applied(l, c, err), Conn: wire.ConnOK,
		Tx: l.state(), Pin: l.pin,
	}
	if why := whyEnded(c.cause()); why != "" && !errors.As(err, new(refused)) {
		m.Message = why // the gateway ended it, whatever that looks like below
	}
	if lostConn(l, err) || m.Applied == wire.AppliedNo && (errors.Is(c.cause(), errAnew) || errors.Is(c.cause(), errEnd)) {
		m.Conn = wire.ConnLost // the session's end follows: another one may be asked
	}
	l.describe(m, err)
	if c.done && m.Kind == wire.ErrorOverloaded {
		m.Kind = wire.ErrorTooLarge // the answer is, for the memory that is left: nobody should ask again for what was done
	}
	away := m.Kind == wire.ErrorDB && l.away(err)
	if away {
		m.Dialect = l.about.Type
	}
	m.Retryable = (retryable[m.Kind] || away || m.Conn == wire.ConnLost) && m.Applied == wire.AppliedNo || l.about.RetryTx(err)
	var no *refusal.Error
	if errors.As(err, &no) {
		m.RetryAfterMS = no.RetryAfter.Milliseconds()
	}
	return m
}

// whyEnded is why the gateway ended a call; "" where it did not.
func whyEnded(cause error) string {
	var ours refused
	if errors.As(cause, &ours) {
		return ours.text
	}
	for _, why := range []error{errEnd, errKilled} {
		if errors.Is(cause, why) {
			return why.Error()
		}
	}
	return ""
}

// away reports whether the database cannot be reached now, or takes nobody.
func (l *lease) away(err error) bool {
	class := l.classOf(err)
	return class == backend.ClassUnavailable || class == backend.ClassTooMany
}

// undialed reports whether no connection to the database came about.
func undialed(err error) bool {
	var dial *net.OpError
	var name *net.DNSError
	return errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &name)
}

// lostConn is lease.lost for an error that is not the gateway's own.
func lostConn(l *lease, err error) bool {
	var ours refused
	return !errors.As(err, &ours) && l.lost(err)
}

func (s *session) kindOf(c *call, err error) wire.ErrorKind {
	var ours refused
	if errors.As(err, &ours) {
		return ours.kind
	}
	if errors.As(c.cause(), &ours) {
		return ours.kind
	}
	for _, k := range kinds[:6] { // the gateway's own, which a context brings
		if cause := c.cause(); cause != nil && errors.Is(cause, k.is) {
			return k.kind
		}
	}
	if errors.Is(c.cause(), context.DeadlineExceeded) {
		return wire.ErrorTimeout
	}
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			return k.kind
		}
	}
	if s.lease.lost(err) && len(s.lease.about.Codes(err)) == 0 {
		return wire.ErrorConnLost
	}
	var unknown *refusal.IndeterminateError
	if errors.As(err, &unknown) {
		return wire.ErrorConnLost
	}
	return wire.ErrorDB
}

// words are the text of an error as the driver gave it; of one whose text is
// mostly the parameters of a login, only what is none of those.
func (l *lease) words(err error) string {
	if l.about.Brief != nil {
		return l.about.Brief(err)
	}
	return err.Error()
}

// applied says whether what the call asked for took effect. "No" is said where
// nothing was sent, the text is proven to read, or the database refused all of it.
func applied(l *lease, c *call, err error) string {
	var unknown *refusal.IndeterminateError
	switch {
	case c.done:
		return wire.AppliedYes
	case !c.sent || untouched(err):
		return wire.AppliedNo
	case stopped(err) && l.onlyReads(c.text):
		return wire.AppliedNo
	case errors.As(err, &unknown):
		return wire.AppliedUnknown
	case errors.Is(err, driver.ErrBadConn), undialed(err):
		return wire.AppliedNo
	case l.onlyReads(c.text) && (ended(err) || !l.lost(err)):
		return wire.AppliedNo
	case !c.rows && ended(err) && tellsOfSent(l.about.Type):
		return wire.AppliedNo
	}
	class := l.classOf(err)
	if answered := class.Answered() || class == backend.ClassFatal || class == backend.ClassUnavailable; answered && (tellsOfSent(l.about.Type) || !ended(err)) && l.allOrNothing(c.text) {
		return wire.AppliedNo
	}
	if strings.HasPrefix(err.Error(), "sql: ") { // an argument that was not converted
		return wire.AppliedNo
	}
	return wire.AppliedUnknown
}

// ended reports whether an error is a context's end.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errCanceled)
}
