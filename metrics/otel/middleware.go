// This file records the operations that pass the chain.

package otel

import (
	"context"
	"database/sql/driver"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
)

// Middleware records each operation that passes, for connectors that are not
// told to call [Instruments.Record]: how long the answer took, the reading of
// rows excluded, and how the operation ended, the reading of rows included.
func (i *Instruments) Middleware(next middleware.Handler) middleware.Handler {
	return &handler{i, next}
}

type handler struct {
	i    *Instruments
	next middleware.Handler
}

func (h *handler) Handle(ctx context.Context, c *middleware.Call) error {
	if !h.i.operation.Enabled(ctx) {
		return h.next.Handle(ctx, c)
	}
	start := time.Now()
	err := h.next.Handle(ctx, c)
	switch took := time.Since(start); {
	case err == driver.ErrSkip: //nolint:errorlint // neither success nor failure; compared as database/sql does
	case err == nil && c.Op == middleware.OpQuery:
		c.OnDone(newAnswered(ctx, h.i, took))
	default:
		h.i.Record(ctx, c.Op, metrics.OutcomeOf(err), took)
	}
	return err
}

// answered is a query whose rows are being read.
type answered struct {
	i    *Instruments
	ctx  context.Context // for the exemplar
	took time.Duration
}

var free = sync.Pool{New: func() any { return new(answered) }}

func newAnswered(ctx context.Context, i *Instruments, took time.Duration) *answered {
	a := free.Get().(*answered)
	a.i, a.ctx, a.took = i, ctx, took
	return a
}

// Done records the query when its rows are closed.
func (a *answered) Done(c *middleware.Call, err error) {
	a.i.Record(a.ctx, c.Op, metrics.OutcomeOf(err), a.took)
	*a = answered{}
	free.Put(a)
}
