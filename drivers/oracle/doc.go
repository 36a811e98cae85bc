// This file is the documentation of the package, for builds with cgo and without.

// Package oracle brings Oracle through godror, which needs cgo and, at run
// time, Oracle's client library (Instant Client). Import it for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/drivers/oracle"
//
// It serves user/password@host:port/service DSNs, oracle:// URLs and godror's
// own user="x" connectString="y" under "fluxor", and every DSN under the driver
// name "oracle-fluxor". godror pools no sessions of its own unless the DSN says
// standaloneConnection=0 or heterogeneousPool=1. In a program that is built
// without cgo every DSN of Oracle's is refused, with that reason.
//
// docs/ORACLE.md says how to install the client library and what to know.
package oracle
