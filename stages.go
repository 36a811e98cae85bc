// This file counts how long connections take to open, are waited for, and are held.

package fluxor

import (
	"context"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
)

// Who is told of the stages: CreateTime has each connection that was opened for
// the pool, by a caller or by the warm-up; the prober's own and the one that ends a
// statement on the server are not the application's. WaitTime has each caller,
// whether he got a connection or an error, each time he tries; one who finds an idle connection
// waited 0. UseTime has each lease; one that turned out to be dead before it was
// used is part of the wait. A middleware that opens connections (Connecter) is in
// CreateTime, with what it does besides.

// open is dial for the pool, counted.
func (e *engine) open(ctx context.Context) (*physical, error) {
	began := time.Now()
	p, err := e.dial(ctx)
	if err == nil {
		e.metrics.Spent(metrics.Create, time.Since(began))
	}
	return p, err
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
