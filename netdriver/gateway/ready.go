// This file says whether new clients should come to the gateway, without asking a database.

package gateway

import (
	"errors"

	"github.com/fluxor-db/fluxor/health"
)

var (
	errNotBegun = errors.New("the gateway does not listen yet")
	errLeaving  = errors.New("the gateway is about to end")
	errNobodyIn = errors.New("no database of the gateway can be used at present")
)

// Leave makes Ready say no from now on, while clients are served as before: for
// the time in which a balancer is to notice, before Shutdown. There is no way back. It
// may be called from any goroutine.
func (s *Server) Leave() { s.leaving.Store(true) }

// Started reports whether the gateway has listened yet. It may be called from any
// goroutine.
func (s *Server) Started() bool { return s.serving.Load() }

// Ready is nil where new clients should come: the gateway listens, is not about to
// end, and one database at least is served whose circuit breaker lets calls
// through; a paused one counts as served. Else the error says which of these is not
// so, and later it may be. It asks no database and may be called from any goroutine.
func (s *Server) Ready() error {
	switch {
	case !s.serving.Load():
		return errNotBegun
	case s.leaving.Load() || s.over():
		return errLeaving
	}
	for _, o := range *s.offers.Load() {
		if !o.disabled.Load() && o.usable() {
			return nil
		}
	}
	return errNobodyIn
}

// usable reports whether the database's circuit breaker lets calls through; one
// that does not say is.
func (o *offer) usable() bool {
	db, ok := o.Database.(interface{ State() health.State })
	if !ok {
		return true
	}
	state := db.State().Breaker
	return state != health.BreakerOpen && state != health.BreakerHalfOpen
}
