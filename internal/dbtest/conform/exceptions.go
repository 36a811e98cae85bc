// This file is the table of what must differ from the bare driver, and why.

package conform

import (
	"slices"
	"strings"
)

// Exception is a difference that Fluxor makes on purpose.
type Exception struct {
	Name, Reason string
	// excuses reports whether the two lines differ for this reason.
	excuses func(bare, through string) bool
}

// Exceptions are all of them. A run that has no use for one is a failure: then
// it should not be in the table.
var Exceptions = []Exception{
	{
		Name:   "lost reply",
		Reason: "a statement was sent and its context ended before the answer came, on a driver that then gives the connection up: the error is an *IndeterminateError, which is the context's error too",
		excuses: func(bare, through string) bool {
			return strings.Contains(through, "refusal.IndeterminateError") && sameContextError(bare, through)
		},
	},
	{
		Name:   "Raw",
		Reason: "sql.Conn.Raw hands out Fluxor's virtual connection; fluxor.Raw reaches the driver's own",
		excuses: func(_, through string) bool {
			return strings.Contains(through, "*fluxor.conn")
		},
	},
}

// sameContextError reports whether both lines are the same context's error.
func sameContextError(bare, through string) bool {
	for _, is := range []string{" is context.Canceled", " is context.DeadlineExceeded"} {
		if strings.Contains(bare, is) {
			return strings.Contains(through, is)
		}
	}
	return false
}

// excuse names the exception of c that explains two lines, or is empty.
func excuse(c Case, bare, through string) string {
	for _, e := range Exceptions {
		if slices.Contains(c.Excused, e.Name) && e.excuses(bare, through) {
			return e.Name
		}
	}
	return ""
}
