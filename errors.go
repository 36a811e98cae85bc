// This file offers the errors of package refusal under the root package's name.

package fluxor

import "github.com/fluxor-db/fluxor/refusal"

// RefusalError is an operation that Fluxor refused before anything was sent.
type RefusalError = refusal.Error

// IndeterminateError is a statement that was sent and whose answer was lost.
type IndeterminateError = refusal.IndeterminateError

// The reasons for which Fluxor refuses an operation or gives up waiting, for
// errors.Is; package refusal says for each whether repeating helps.
var (
	ErrAcquireTimeout = refusal.ErrAcquireTimeout
	ErrClosed         = refusal.ErrClosed
	ErrCircuitOpen    = refusal.ErrCircuitOpen
	ErrOverloaded     = refusal.ErrOverloaded
	ErrRateLimited    = refusal.ErrRateLimited
	ErrQueryTimeout   = refusal.ErrQueryTimeout
	ErrNetworkTimeout = refusal.ErrNetworkTimeout
)
