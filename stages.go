// This file counts how long connections take to open, are waited for, and are held.

package fluxor

import (
	"context"
	"time"

	"github.com/fluxor-db/fluxor/internal/pool"
	"github.com/fluxor-db/fluxor/metrics"
)

// What the stages are: CreateTime has each connection that was opened for the
// pool, by a caller or by the warm-up, with what a middleware does that takes part
// (Connecter); the prober's own and the one that ends a statement on the server are
// not the application's. WaitTime has each try of a caller's to get a connection,
// whether he got one or an error; where one was idle it is 0. UseTime has each lease;
// a connection that was found dead before its use is none.

// open is dial for the pool, counted.
func (e *engine) open(ctx context.Context) (*physical, error) {
	began := time.Now()
	p, err := e.dial(ctx)
	if err != nil {
		if verdict := e.classifyDial(err); verdict == pool.Unavailable || verdict == pool.Fail {
			e.suspects() // else it is the server that was there before
		}
		return nil, err
	}
	e.opened()
	e.metrics.Spent(metrics.Create, time.Since(began))
	return p, nil
}

// waited counts a caller's wait, and the begin of the lease where he got one.
func (s *session) waited(d time.Duration) {
	if !s.e.metrics.Watched() {
		return
	}
	s.e.metrics.Spent(metrics.Wait, d)
	if s.held != nil {
		s.leased = max(time.Since(s.e.epoch), 1)
	}
}

// used counts a lease that ends, if its begin was noted.
func (s *session) used() {
	if s.leased == 0 {
		return
	}
	s.e.metrics.Spent(metrics.Use, time.Since(s.e.epoch)-s.leased)
	s.leased = 0
}
