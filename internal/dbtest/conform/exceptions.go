// This file is the table of what must differ from the bare driver, and why.

package conform

import (
	"slices"
	"strings"
)

// Exception is a difference that Fluxor makes on purpose.
type Exception struct {
	Name, Reason string
	// excuses reports whether the two lines differ for this reason; nil for an
	// exception that no transcript shows, only the calls below.
	excuses func(bare, through string) bool
	// race: two runs of the bare driver differ in the same way, so that a run
	// may have no use for the exception.
	race bool
}

// Exceptions are all of them. A run that has no use for one of transcripts is
// a failure: then it should not be in the table.
var Exceptions = []Exception{
	{
		Name:   "lost reply",
		Reason: "a statement was sent and its context ended before the answer came, on a driver that then gives the connection up: the error is an *IndeterminateError, which is the context's error too",
		excuses: func(bare, through string) bool {
			return strings.Contains(through, "refusal.IndeterminateError") && sameContextError(bare, through)
		},
	},
	{
		Name:   "lost session",
		Reason: "the server ended the session after a statement was sent: where the bare driver says driver.ErrBadConn, upon which database/sql may send the statement again, or an error of its own, the error is an *IndeterminateError around the driver's; a sql.Conn then learns at its next use, not at once, that its session is gone",
		excuses: func(bare, through string) bool {
			if strings.Contains(through, "refusal.IndeterminateError") {
				return strings.Contains(bare, " is driver.ErrBadConn") || wraps(through, textOf(bare))
			}
			return strings.Contains(bare, " is sql.ErrConnDone") && strings.Contains(through, " is driver.ErrBadConn")
		},
	},
	{
		Name:   "ended context",
		Reason: "a call on a sql.Conn whose context is over before the call: where lib/pq and pgx say driver.ErrBadConn, upon which database/sql closes the sql.Conn, the error is the context's, and a session of which nothing was lost lives on",
		excuses: func(bare, through string) bool {
			if strings.Contains(bare, " is driver.ErrBadConn") {
				return strings.Contains(through, " is context.")
			}
			return strings.Contains(bare, " is sql.ErrConnDone")
		},
	},
	{
		Name:   "either clock",
		race:   true,
		Reason: "a deadline passes while Oracle works: godror's watch on the context and the client library's call timeout race, and the bare driver too says now context.DeadlineExceeded, now ORA-03156",
		excuses: func(bare, through string) bool {
			return endedByDeadline(bare) && endedByDeadline(through)
		},
	},
	{
		Name:   "late close",
		Reason: "Stmt.Close never takes a connection: a statement whose connection is idle or elsewhere is closed by that connection's next user",
	},
	{
		Name:   "early refusal",
		Reason: "database/sql itself refuses an argument name that does not begin with a letter, before Fluxor is called; bare, a driver that must prepare first has prepared by then",
	},
	{
		Name:   "Raw",
		Reason: "sql.Conn.Raw hands out Fluxor's virtual connection, over Oracle with godror's methods; fluxor.Raw reaches the driver's own",
		excuses: func(_, through string) bool {
			return strings.Contains(through, "*fluxor.conn") || strings.Contains(through, "*oracle.conn")
		},
	},
}

// OfTranscripts reports whether the transcripts of every run show the exception;
// others are seen by chance, or only by the driver or on the wire.
func (e Exception) OfTranscripts() bool { return e.excuses != nil && !e.race }

// MustBeListed panics unless the table has the exception: a comparison outside
// of transcripts names the one that it makes.
func MustBeListed(name string) {
	if !slices.ContainsFunc(Exceptions, func(e Exception) bool { return e.Name == name }) {
		panic("conform: no exception is called " + name)
	}
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

// endedByDeadline reports whether a line tells of a call that took too long.
func endedByDeadline(line string) bool {
	return strings.Contains(line, " is context.DeadlineExceeded") || strings.Contains(line, "ORA-03156: ")
}

// textOf is the text of the error that a line tells of.
func textOf(line string) string {
	_, text, _ := strings.Cut(line, `: error "`)
	text, _, _ = strings.Cut(text, `"`)
	return text
}

// wraps reports whether a line tells of an error around one with the text.
func wraps(line, text string) bool { return text != "" && strings.Contains(line, text) }

// excuse names the exception of c, or the difference of the handle's own, that
// explains two lines, or is empty.
func excuse(c Case, bare, through string, own []Difference) string {
	for _, e := range Exceptions {
		if e.excuses != nil && slices.Contains(c.Excused, e.Name) && e.excuses(bare, through) {
			return e.Name
		}
	}
	for _, d := range own {
		if d.Excuses != nil && d.in(c) && d.Excuses(bare, through) {
			return d.Name
		}
	}
	return ""
}
