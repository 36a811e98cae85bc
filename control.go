// This file is what an operator turns at a connector: the circuit breaker's will against its own judgement.

package fluxor

import (
	"fmt"

	"github.com/fluxor-db/fluxor/internal/breaker"
)

// CircuitBreakerMode says who decides whether the circuit breaker is open.
type CircuitBreakerMode string

const (
	// CircuitBreakerAuto: the breaker judges. So it begins.
	CircuitBreakerAuto CircuitBreakerMode = "automatic"
	// CircuitBreakerForcedOpen: it refuses, however well the database is, and
	// does not ask it.
	CircuitBreakerForcedOpen CircuitBreakerMode = "forced open"
	// CircuitBreakerForcedClosed: it lets all calls through, however sick the
	// database is, and counts none.
	CircuitBreakerForcedClosed CircuitBreakerMode = "forced closed"
)

// overrides are the modes in the breaker's own words.
var overrides = map[CircuitBreakerMode]breaker.Override{
	CircuitBreakerAuto: breaker.Automatic, CircuitBreakerForcedOpen: breaker.ForcedOpen, CircuitBreakerForcedClosed: breaker.ForcedClosed,
}

// ForceCircuitBreaker sets the circuit breaker to a mode, at once and until it is
// set to another or the connector is closed: nothing keeps it beyond that.
//
// Forced open it refuses with [ErrCircuitOpen] whatever needs a connection: to
// take an application off a database before its maintenance, say. The refusal
// names no time to try again. As ever, what has a connection goes on: an open
// transaction with its commit or rollback, rows, a sql.Conn that was used.
// [Connector.Suspend] has callers wait instead. Forced closed it lets callers
// wait for a database that fails, each within its own bounds. CircuitBreakerAuto
// has the breaker judge anew, from closed; a breaker that judges already is left
// as it is.
//
// OnStateChange and the log hear of each change of state. The error is of a mode
// that does not exist.
func (c *Connector) ForceCircuitBreaker(mode CircuitBreakerMode) error {
	o, ok := overrides[mode]
	if !ok {
		return fmt.Errorf("fluxor: ForceCircuitBreaker: there is no mode %q: want %q, %q or %q",
			string(mode), CircuitBreakerAuto, CircuitBreakerForcedOpen, CircuitBreakerForcedClosed)
	}
	c.main.breaker.Force(o)
	return nil
}
