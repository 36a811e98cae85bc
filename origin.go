// This file finds out who called a virtual connection when a foreign wrapper above Fluxor hides driver.Validator, so that its lease still ends.

package fluxor

import (
	"runtime"
	"strings"
)

// database/sql ends a lease through IsValid, on every return of a connection
// to its pool. Some wrappers (sqlhooks, instrumentedsql, sqldb-logger,
// dd-trace v1, ocsql) do not pass IsValid on. Keeping the lease until Close
// would then starve the physical pool: an idle virtual connection in
// database/sql's free list would hold a connection that a waiter needs.
// Instead the call stack says, for such connections only, whether the caller
// is a *sql.DB, which has done with the connection when the operation ends, or
// a *sql.Conn or *sql.Tx, which has not.

// layer is what stands between database/sql and a virtual connection.
type layer uint8

const (
	layerUnknown   layer = iota // not looked yet
	layerValidator              // IsValid arrives: nothing hides it
	layerForeign                // a wrapper, and IsValid has not been seen
)

// origin is who an operation belongs to.
type origin uint8

const (
	originKept origin = iota // a sql.Conn, a sql.Tx, or IsValid will tell
	originDB                 // a sql.DB: the lease ends with the operation
)

const (
	sqlPackage = "database/sql."
	ownPackage = "github.com/fluxor-db/fluxor."
	ownDrivers = "github.com/fluxor-db/fluxor/drivers/" // they dress connections
)

// caller is what a virtual connection knows of who calls it.
type caller struct {
	layer layer
	ops   int // seen through a foreign wrapper
}

// enter looks, at the start of an operation, who calls. hidden is called when
// it is certain that a wrapper hides IsValid.
func (c *caller) enter(hidden func()) origin {
	if c.layer == layerValidator {
		return originKept
	}
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	direct := true
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, sqlPackage):
			if direct {
				c.layer = layerValidator
				return originKept
			}
			if strings.HasPrefix(f.Function, sqlPackage+"(*Conn).Raw") {
				return originKept // the application itself calls, which says nothing of wrappers
			}
			c.layer = layerForeign
			if who, known := originOf(f.Function[len(sqlPackage):]); known {
				if c.ops++; c.ops > 1 && who == originDB {
					hidden() // IsValid did not come after the first operation
				}
				return who
			}
		case !strings.HasPrefix(f.Function, ownPackage) && !strings.HasPrefix(f.Function, ownDrivers):
			direct = false
		}
		if !more {
			return originKept
		}
	}
}

// originOf reads the receiver of a database/sql method.
func originOf(method string) (who origin, known bool) {
	switch {
	case strings.HasPrefix(method, "(*DB)."):
		// DB's own helpers also run below Conn and Tx; only its public
		// methods, and the ones that lease for it, say who calls.
		name := method[len("(*DB)."):]
		public := name[0] >= 'A' && name[0] <= 'Z'
		return originDB, public
	case strings.HasPrefix(method, "(*Conn)."), strings.HasPrefix(method, "(*Tx)."):
		return originKept, true
	case strings.HasPrefix(method, "(*Stmt)."):
		return originDB, true // a statement of a Conn or Tx is told apart by where it was prepared
	}
	return originKept, false
}
