// This file applies an operator's rules on errors, in place of what is known of them.

package fluxor

import "github.com/fluxor-db/fluxor/backend"

// rules returns what a connector's configuration says of errors; it was validated.
func (s settings) rules() backend.Rules {
	if s.ErrorRules == "" {
		return backend.Rules{}
	}
	r, _ := backend.ParseRules(s.ErrorRules)
	return r
}

// named reports whether err is one that a rule lists.
func (e *engine) named(list []string, err error) bool {
	return len(list) > 0 && backend.Names(list, e.backend.Codes(err))
}
