// This file decides whether a statement is sent as one that returns rows or as one that does not.

package statement

import "github.com/fluxor-db/fluxor/internal/sqltext"

// Send is the call by which a statement is sent.
type Send string

// The calls. A statement is sent by one of them, once.
const (
	// SendAuto decides by the statement's text: see [Choose].
	SendAuto Send = "auto"
	// SendRows expects rows. A statement that returns none runs all the same,
	// and how many rows it affected stays unknown.
	SendRows Send = "rows"
	// SendExec expects none and asks how many rows were affected. Rows that
	// come are not shown.
	SendExec Send = "exec"
)

// Sends are the calls, the default first.
var Sends = []string{string(SendAuto), string(SendRows), string(SendExec)}

// Choose returns SendExec for a single statement that begins with a word such
// as INSERT or CREATE and in which neither RETURNING nor OUTPUT occurs, and
// SendRows for everything else. Where the choice is wrong nothing is lost but
// the number of affected rows: rows are never thrown away by it.
func Choose(d sqltext.Dialect, sql string) Send {
	if sqltext.Rowless(d, sql) {
		return SendExec
	}
	return SendRows
}
