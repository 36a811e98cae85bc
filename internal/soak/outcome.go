// This file says what an error promises about the write that it answers.

package soak

import (
	"errors"

	"github.com/fluxor-db/fluxor/refusal"
)

// Outcome is what the client of a write knows of it.
type Outcome int

// The outcomes.
const (
	Pending Outcome = iota // its answer is awaited
	Acked                  // it succeeded: the row is there, once
	Failed                 // it failed for certain: the row is not there, and never will be
	Unknown                // nobody can know: the row may be there, once
)

// String is the outcome as a word.
func (o Outcome) String() string {
	return [...]string{"pending", "acknowledged", "a certain failure", "indeterminate"}[o]
}

// OutcomeOf is what the answer to a write in autocommit promises. An
// *IndeterminateError alone leaves it open. Every other error is a certain
// failure: Fluxor's refusals (ErrAcquireTimeout, ErrCircuitOpen,
// ErrOverloaded, ErrRateLimited, ErrQueryTimeout, ErrNetworkTimeout, ErrClosed),
// a verdict of the server, the context's end, a failed dial, and
// driver.ErrBadConn, which Fluxor passes on only where nothing was sent.
func OutcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return Acked
	case indeterminate(err) != nil:
		return Unknown
	}
	return Failed
}

// OutcomeOfTransaction is what the last error of a whole transaction promises.
// Where its commit was lost nobody knows; a statement of it whose answer was
// lost is a certain failure, because nobody committed it.
func OutcomeOfTransaction(err error) Outcome {
	if lost := indeterminate(err); lost != nil && lost.Op != "commit" {
		return Failed
	}
	return OutcomeOf(err)
}

// indeterminate is the *IndeterminateError in err, or nil.
func indeterminate(err error) *refusal.IndeterminateError {
	var lost *refusal.IndeterminateError
	if errors.As(err, &lost) {
		return lost
	}
	return nil
}
