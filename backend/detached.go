// This file declares what Fluxor has to know of a driver whose calls cannot be interrupted.

package backend

import (
	"database/sql/driver"
	"time"
)

// Detached is for a driver that works within a library, where Go can neither
// watch nor cut its connection: each of its calls runs in a goroutine of its
// own, which is left behind when the call outlives its bound. The functions are
// called from several goroutines at once, for different connections; nil means
// that the driver has nothing of the kind.
type Detached struct {
	// Deadline is what a call is given whose context has none, and the longest
	// that any is given: the driver sets the server call's timeout by it, and
	// would leave the last one's in force where there is none. 0 gives none.
	Deadline time.Duration
	// Break asks the server to end the call that another goroutine makes on the
	// connection right now.
	Break func(driver.Conn) error
	// Broken reports whether an error is the server's word that it ended a call
	// because of Break, so that nothing of the call took effect.
	Broken func(error) bool
	// TimedOut reports whether an error says that the call's deadline passed.
	TimedOut func(error) bool
	// Forget takes back the call timeout that an earlier call left on an idle
	// connection, without a round trip: a commit has no context to set its own.
	Forget func(driver.Conn) error
	// DialRate is how many connections are opened per second at most, after the
	// first 32; 0 means without limit.
	DialRate int
}
