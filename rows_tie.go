// This file finds rows that were dropped without Close.

package fluxor

import (
	"runtime"
	"sync/atomic"
)

// tie leads from rows to the lease that they keep. It outlives them, and does not
// keep them alive; it is nil where leaks are not reported.
type tie struct{ to atomic.Pointer[lease] }

// tied returns the state of a query whose rows, if they are dropped without
// Close, are reported when the garbage collector finds them: then nobody can
// close them any more. It cannot find rows that database/sql itself holds: those of
// a prepared statement (DB.addDep in sql.go), and those whose context can end, as
// in a transaction (Rows.awaitDone). Their age will tell.
func tied() *reading {
	r := &reading{tie: &tie{}}
	runtime.AddCleanup(r, (*tie).dropped, r.tie)
	return r
}

// bind notes that rows keep l.
func (t *tie) bind(l *lease) {
	if t != nil {
		t.to.Store(l)
	}
}

// loose notes that no rows do.
func (t *tie) loose() {
	if t != nil && t.to.Load() != nil {
		t.to.Store(nil)
	}
}

// dropped runs once nobody has the rows. A lease with open rows ends with its
// connection: if that lives, the lease is the same.
func (t *tie) dropped() {
	if l := t.to.Load(); l != nil && !l.Value.closed.Load() {
		l.Dropped()
	}
}
