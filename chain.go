// This file is the order of the chain, in one list.

package fluxor

import (
	"github.com/fluxor-db/fluxor/middleware"
)

// chain composes what every operation passes, the outermost first; it runs
// once per connector. It is nil where nothing stands before the session.
func chain(set settings) middleware.Handler {
	var ms []middleware.Middleware
	ms = append(ms, set.Middleware...) // the user's own: outside whatever Fluxor decides, so it sees each operation once
	if len(ms) == 0 {
		return nil
	}
	return middleware.Chain(ms...) // inside it the session: lease, run
}
