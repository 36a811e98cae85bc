// This file classifies SQLSTATE codes, as PostgreSQL assigns them.

package backend

import (
	"bytes"
	"encoding/binary"
)

// SQLState says what a SQLSTATE means for the connection (PostgreSQL, Appendix
// A, "PostgreSQL Error Codes"). A state that is not listed is a verdict: the
// server answered and the connection goes on. That includes class 08, by which
// a foreign data wrapper reports a lost connection of its own. 53400, a limit of
// the session's, XX000 and 58P01, a file that a statement names, come of what a
// caller asks.
func SQLState(code string) Class {
	switch code {
	case "53300": // too_many_connections
		return ClassTooMany
	case "57P03": // cannot_connect_now: starting or stopping
		return ClassUnavailable
	case "57P01", "57P02", "57P04", "57P05", // shutdown, crash, dropped database, idle session
		"25P03", "25P04": // idle in transaction, transaction timeout: the session is ended
		return ClassFatal
	case "53000", "53100", "53200", // resources, disk, memory
		"58000", "58030", // system, input and output
		"XX001", "XX002": // damaged data, damaged index
		return ClassSick
	}
	if len(code) != 5 {
		return ClassUnknown
	}
	if code[:2] == "28" {
		return ClassLogin
	}
	return ClassVerdict
}

// PlaintextPostgres reports whether bytes that wait on an idle, unencrypted
// PostgreSQL connection are only whole NoticeResponse, ParameterStatus and
// NotificationResponse messages, which a server may send at any time
// (PostgreSQL, 55.2.7 "Asynchronous Operations"). Anything else ends the
// session: an ErrorResponse announces that the server is closing it, and so
// does a notice of class 57P, by which all sessions hear of another's crash.
func PlaintextPostgres(pending []byte) bool {
	for len(pending) >= 5 {
		switch pending[0] {
		case 'N':
			if bytes.Contains(pending, []byte("\x00C57P")) {
				return false
			}
		case 'S', 'A':
		default:
			return false
		}
		length := int(int32(binary.BigEndian.Uint32(pending[1:]))) //nolint:gosec // the protocol's length is signed
		if length < 4 {
			return false
		}
		if length+1 >= len(pending) {
			return true // the last message may be cut by the look's own limit
		}
		pending = pending[length+1:]
	}
	return len(pending) == 0 || pending[0] == 'N' || pending[0] == 'S' || pending[0] == 'A'
}

// PostgresTerse is what [Backend.Terse] says of an error of PostgreSQL's with its
// severity, SQLSTATE and constraint. No statement can raise FATAL: what ends a session
// or refuses one is the server's own.
func PostgresTerse(severity, state, constraint string) string {
	switch {
	case severity == "FATAL" || severity == "PANIC":
		return ""
	case constraint != "":
		return "SQLSTATE " + state + ", constraint " + constraint
	}
	return "SQLSTATE " + state
}
