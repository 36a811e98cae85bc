// This file holds what is known of Oracle's error numbers, and of godror's calls, read without naming a driver.

package backend

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"time"
)

// Oracle is [Backend.Classify] for godror: it reads the number that the error
// tells by a method Code() int, as godror's *OraErr does. The end of a stream
// says nothing of the connection, which is the client library's and no stream of
// Go's: godror answers io.EOF where there is no further result.
func Oracle(err error) Class {
	if n, _ := OracleCode(err); n != 0 {
		return OracleNumber(n)
	}
	if errors.Is(err, io.EOF) {
		return ClassUnknown
	}
	return Common(err)
}

// OracleNumber classifies by the number of an ORA- message.
func OracleNumber(n int) Class {
	switch n {
	case 18, 20, 2391, // sessions, processes, sessions of the user
		12516, 12518, 12519, 12520, // the listener has no handler
		24418, 24457, 24459, 24496: // the client's own session pool is full
		return ClassTooMany
	case 1005, 1017, 1045, 28000, 28001, 28009, 28030, 28040:
		return ClassLogin
	case 1033, 1034, 1089, 1090, // starting or stopping
		12154, 12170, 12203, 12500, 12505, 12514, 12521, 12526, 12527, 12528, 12541, 12543, 12545, 12560,
		16456: // the standby takes over
		return ClassUnavailable
	case 22, 28, 31, 45, 378, 600, 602, 603, 609, 1012, 1041, 1043, 1092, 2396, 2399:
		return ClassFatal
	case 3156: // the call timed out, and the client brought the connection back into order
		return ClassUnknown
	case 3106, 3113, 3114, 3122, 3135, // the server is gone
		3136, 12161, // the call timed out, and the connection with it
		12153, 12157, 12537, 12547, 12570, 12571, 12583, 12757, 25408, 27146, 28511, 28547, 56600:
		return ClassDead
	case 376, 1115, // a file that cannot be read
		4031, 4036: // no memory for the instance, for the sessions
		return ClassSick
	}
	return ClassVerdict
}

// OracleDetached is [Backend.Detached] for godror, which calls into Oracle's
// client library.
//
// godror sets the library's call timeout from the deadline of each context, but
// after a statement without rows does not take it back (stmt.go, ExecContext), so
// that a later call without a deadline inherits it: each call gets one here. A
// day is far below the 49 that the library can count (milliseconds in 32 bits).
func OracleDetached() *Detached {
	return &Detached{
		Deadline: 24 * time.Hour,
		Break:    oracleBreak,
		Broken:   oracleBroken,
		TimedOut: oracleTimedOut,
		Forget:   oracleForget,
		DialRate: 20,
	}
}

func oracleBreak(ci driver.Conn) error {
	b, ok := ci.(interface{ Break() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return b.Break()
}

// oracleBroken knows "user requested cancel of current operation".
func oracleBroken(err error) bool {
	n, _ := OracleCode(err)
	return n == 1013
}

func oracleTimedOut(err error) bool {
	n, _ := OracleCode(err)
	return n == 3136 || n == 3156 || n == 12161
}

// oracleForget fails to bind an argument: godror takes the timeout back after
// that (stmt.go, closeIfBadConn), and nothing is sent.
func oracleForget(ci driver.Conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	p, ok := ci.(driver.ConnPrepareContext)
	if !ok {
		return errors.ErrUnsupported
	}
	st, err := p.PrepareContext(ctx, "select :1 from dual")
	if err != nil {
		return err
	}
	defer st.Close() //nolint:errcheck // nothing ran
	x, ok := st.(driver.StmtExecContext)
	if !ok {
		return errors.ErrUnsupported
	}
	if _, err := x.ExecContext(ctx, []driver.NamedValue{{Ordinal: 1, Value: make(chan int)}}); err == nil {
		return errors.New("fluxor: godror bound a channel")
	}
	return nil
}
