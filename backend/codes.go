// This file says by which codes an error is known, and which of them mean that a whole transaction may be run again.

package backend

import (
	"errors"
	"fmt"
)

// Codes returns what an error of this driver is known by: a SQLSTATE
// ("40P01"), a number ("1213") or an ORA- code ("ORA-00060"), several where the
// server gives several; none for an error that no server gave.
func (b Backend) Codes(err error) []string {
	if b.ErrorCodes != nil {
		return b.ErrorCodes(err)
	}
	return StateCode(err)
}

// StateCode is [Backend.ErrorCodes] for drivers whose errors tell their SQLSTATE
// by a method, as those of lib/pq and pgx do.
func StateCode(err error) []string {
	var state interface{ SQLState() string }
	if !errors.As(err, &state) || len(state.SQLState()) != 5 {
		return nil
	}
	return []string{state.SQLState()}
}

// ORACode is [Backend.ErrorCodes] for godror.
func ORACode(err error) []string {
	if n, _ := OracleCode(err); n != 0 {
		return []string{oraCode(n)}
	}
	return nil
}

func oraCode(n int) string { return fmt.Sprintf("ORA-%05d", n) }

// again are the codes by which a database refuses a statement, or a commit,
// because of what other transactions did meanwhile: the same transaction, begun
// anew, may succeed. Some undo the whole transaction and some, as MySQL's 1205
// and Oracle's, the statement alone, so it must have been rolled back before.
var again = map[string][]string{
	"postgres": {"40001", "40P01", "55P03"},                                       // serialization failure, deadlock, lock timeout
	"mysql":    {"1213", "1205", "1020", "3572"},                                  // deadlock, lock wait timeout, MariaDB's serialization failure, NOWAIT
	"oracle":   {"ORA-00060", "ORA-08177", "ORA-00054", "ORA-30006", "ORA-02049"}, // the last three: lock timeouts
	"sqlite":   {"5", "6"},                                                        // SQLITE_BUSY, also of a snapshot that is too old, and SQLITE_LOCKED
	"":         {"40001", "40P01"},
}

// RetryTx reports whether a transaction that failed with err may be run again
// from its beginning, once it is rolled back.
func (b Backend) RetryTx(err error) bool {
	return Names(again[b.Type], b.Codes(err))
}

// RetryTx is [Backend.RetryTx] where the driver is not known: any of the
// imported ones may know its error.
func RetryTx(err error) bool {
	for _, b := range All() {
		if b.RetryTx(err) {
			return true
		}
	}
	return Backend{}.RetryTx(err)
}
