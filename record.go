// This file counts operations: how many, how they ended and how long their callers waited.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"time"

	"github.com/fluxor-db/fluxor/internal/ledger"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/refusal"
)

// record notes an operation that began at a time and ended with err.
func (c *conn) record(o *op, began time.Time, err error) {
	if err == driver.ErrSkip { //nolint:errorlint // the contract of ErrSkip is identity
		return
	}
	end := c.over
	if end.IsZero() {
		end = c.e.now()
	}
	e, took, outcome := c.e, end.Sub(began), c.e.outcomeOf(err)
	if e.set.Metrics == metricsOn {
		e.count(o, outcome, took, err)
	}
	if e.ledger != nil && o.SQL != "" && (o.Op == middleware.OpExec || o.Op == middleware.OpQuery) {
		e.enter(o, ledger.Execution{At: end, Took: took, Rows: rowsOf(o), Failed: err != nil, InTx: o.InTx})
	}
	if err != nil {
		e.failed(outcome, end, err)
	}
	if limit := e.set.SlowQueryThreshold; limit > 0 && took >= limit {
		e.slow(o, took, err)
	}
}

// enter notes a statement in the ledger; the query cache may have read its text.
func (e *engine) enter(o *op, x ledger.Execution) {
	if o.plan != nil && o.plan.Remembered && o.plan.Known.Text() == o.SQL {
		e.ledger.RecordKnown(o.plan.Known, x)
		return
	}
	e.ledger.Record(o.SQL, x)
}

// count notes an operation in the metrics.
func (e *engine) count(o *op, outcome metrics.Outcome, took time.Duration, err error) {
	e.metrics.Record(o.Op, outcome, took)
	switch {
	case err == nil && o.Op == middleware.OpBegin:
		e.metrics.TxBegan()
	case o.Op == middleware.OpCommit || o.Op == middleware.OpRollback:
		e.metrics.TxEnded()
	}
}

// slow logs an operation that took long: its text without literals and its error
// without what the server quotes of values, and arguments only where they are asked
// for.
func (e *engine) slow(o *op, took time.Duration, err error) {
	attrs := []slog.Attr{slog.String("op", o.Op.String()), slog.Duration("took", took)}
	if d := sqltext.ForType(e.backend.Type); d != sqltext.Unknown && o.SQL != "" {
		attrs = append(attrs, slog.String("statement", sqltext.Fingerprint(d, o.SQL)))
	}
	if e.set.LogQueryArgs && len(o.Args) > 0 {
		values := make([]any, len(o.Args))
		for i, a := range o.Args {
			values[i] = a.Value
		}
		attrs = append(attrs, slog.Any("args", values))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", e.shown(err)))
	}
	e.log.LogAttrs(context.Background(), slog.LevelWarn, "a slow operation", attrs...)
}

// rowsOf is how many rows an Exec affected, where the driver knows; the rows of a
// query are not read yet.
func rowsOf(o *op) int64 {
	if o.Result == nil || o.Op != middleware.OpExec {
		return 0
	}
	if n, ok := o.Result.(driver.RowsAffected); ok {
		return int64(n)
	}
	return 0
}

// failed remembers an error that was not its caller's own doing, but for the
// breaker's, and counts a refusal.
func (e *engine) failed(outcome metrics.Outcome, at time.Time, err error) {
	var refused *refusal.Error
	if outcome == metrics.Refused && errors.As(err, &refused) {
		e.metrics.Refuse(refused.Policy)
	}
	if errors.Is(err, refusal.ErrCircuitOpen) {
		return // it would push out why the breaker is open
	}
	switch outcome {
	case metrics.ConnectionError, metrics.Timeout, metrics.Indeterminate, metrics.Refused:
		e.failures.add(at, e.shown(err))
	}
}
