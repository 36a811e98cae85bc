// This file holds what is known of Oracle's error numbers, read without naming a driver.

package backend

import (
	"errors"
	"io"
)

// Oracle is [Backend.Classify] for godror: it reads the number that the error
// tells by a method Code() int, as godror's *OraErr does. The end of a stream
// says nothing of the connection, which is the client library's and no stream of
// Go's: godror answers io.EOF where there is no further result.
func Oracle(err error) Class {
	var numbered interface{ Code() int }
	if errors.As(err, &numbered) && numbered.Code() != 0 {
		return OracleNumber(numbered.Code())
	}
	if errors.Is(err, io.EOF) {
		return ClassUnknown
	}
	return Common(err)
}

// OracleNumber classifies by the number of an ORA- message.
func OracleNumber(n int) Class {
	switch n {
	case 18, 20, 12516, 12519, 12520: // sessions, processes, handlers
		return ClassTooMany
	case 1017, 28000, 28001, 1005:
		return ClassLogin
	case 1033, 1034, 1089, 12514, 12528, 12541, 12545, 12170:
		return ClassUnavailable
	case 28, 1012, 1092, 2396:
		return ClassFatal
	case 3113, 3114, 3135, 3136, 12537, 12547, 12570, 12571:
		return ClassDead
	}
	return ClassVerdict
}
