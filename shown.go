// This file is what logs and reports show of an error: no value of a statement's, unless arguments are logged as well.

package fluxor

import (
	"fmt"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/refusal"
)

// Servers quote what a statement was given: "Duplicate entry 'x' for key", "invalid
// input syntax for type integer". So do drivers that cannot convert an argument. The
// caller hears that; a log that leaves arguments out shows the code in its place.

// outcomeOf is how an operation ended, as its backend knows its errors.
func (e *engine) outcomeOf(err error) metrics.Outcome {
	if err == nil {
		return metrics.Success
	}
	o := metrics.OutcomeOf(err)
	if o != metrics.ServerError {
		return o
	}
	switch e.backend.Classify(err) {
	case backend.ClassDead, backend.ClassFatal, backend.ClassLogin, backend.ClassTooMany, backend.ClassUnavailable:
		return metrics.ConnectionError
	}
	return o
}

// shown is err's text for a log or a report.
func (e *engine) shown(err error) string {
	text := e.brief(err)
	if e.set.LogQueryArgs {
		return text
	}
	said := e.said(err)
	switch {
	case said != nil:
		code := e.terse(said)
		if code == "" {
			return text // no statement can have caused it
		}
		if before, after, ok := strings.Cut(text, e.brief(said)); ok {
			return before + code + after
		}
		return code
	case e.outcomeOf(err) == metrics.ServerError:
		return fmt.Sprintf("an error of the driver's (%T)", err)
	}
	return text
}

// brief is err's text without what a driver adds for its own use.
func (e *engine) brief(err error) string {
	if e.backend.Brief != nil {
		return e.backend.Brief(err)
	}
	return err.Error()
}

// said is the server's own error in err, the innermost that has its code; nil where
// there is none.
func (e *engine) said(err error) error {
	for _, inner := range unwrapped(err) {
		if found := e.said(inner); found != nil {
			return found
		}
	}
	if _, ours := err.(*refusal.IndeterminateError); ours || len(e.backend.Codes(err)) == 0 { //nolint:errorlint // of itself, not of what is in it
		return nil
	}
	return err
}

// unwrapped are the errors that err wraps itself.
func unwrapped(err error) []error {
	switch w := err.(type) { //nolint:errorlint // one step at a time
	case interface{ Unwrap() []error }:
		return w.Unwrap()
	case interface{ Unwrap() error }:
		if inner := w.Unwrap(); inner != nil {
			return []error{inner}
		}
	}
	return nil
}

// terse is what stands for the text of a server's error; "" where that may stand.
func (e *engine) terse(said error) string {
	code := "code " + strings.Join(e.backend.Codes(said), ", ")
	if e.backend.Terse != nil {
		code = e.backend.Terse(said)
	}
	if code == "" {
		return ""
	}
	switch e.backend.Classify(said) {
	case backend.ClassTooMany:
		return code + " (the server takes no more connections)"
	case backend.ClassLogin:
		return code + " (the login was refused)"
	case backend.ClassUnavailable:
		return code + " (the server is starting or stopping)"
	case backend.ClassFatal:
		return code + " (the server ended the session)"
	}
	return code
}
