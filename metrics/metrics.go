// This file counts what a connector does, without a lock and without an allocation.

// Package metrics counts what a connector does and shows it as one plain value.
//
// A [Recorder] takes numbers from the hot path: counters and latency
// histograms, one per kind of operation and outcome. A [Snapshot] is a copy of
// them all, with percentiles; the difference of two is an interval. Package
// metrics/prometheus and package metrics/otel export them, under the names that
// docs/METRICS.md lists.
package metrics

import (
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/middleware"
)

// ops is how many kinds of operations are told apart, the unknown one included.
const ops = int(middleware.OpRollback) + 1

// Recorder counts. All its methods may be called at once, from any goroutine;
// none waits or allocates once its histograms exist. Make one with
// [NewRecorder].
type Recorder struct {
	slowAfter time.Duration
	since     time.Time

	// byOp are made when the first operation of their kind and outcome is
	// recorded: most never are.
	byOp     [ops][outcomes]atomic.Pointer[counter]
	stages   [stages]atomic.Pointer[counter]
	refusals refusals

	watched atomic.Bool // somebody wants the stages
	stagers stagers

	slow, retries, rows atomic.Int64
	leaks, transactions atomic.Int64
}

// NewRecorder returns a recorder that counts from now on. Queries that take
// slowAfter or longer count as slow; 0 or less means that none does.
func NewRecorder(slowAfter time.Duration) *Recorder {
	return &Recorder{slowAfter: slowAfter, since: time.Now()}
}

// Record counts one operation and how long the caller waited for it. What was
// answered with driver.ErrSkip is neither a success nor a failure and is not to
// be recorded.
func (r *Recorder) Record(op middleware.Op, o Outcome, took time.Duration) {
	if int(op) >= ops {
		op = 0
	}
	if o >= outcomes {
		o = ServerError
	}
	took = max(took, 0)
	grown(&r.byOp[op][o]).add(took)
	if r.slowAfter > 0 && took >= r.slowAfter && isQuery(op) && o != Refused {
		r.slow.Add(1)
	}
}

// isQuery reports whether an operation counts as a query in a snapshot's totals.
func isQuery(op middleware.Op) bool { return op == middleware.OpExec || op == middleware.OpQuery }

// grown is the counter at p, which it makes if nobody did.
func grown(p *atomic.Pointer[counter]) *counter {
	if c := p.Load(); c != nil {
		return c
	}
	p.CompareAndSwap(nil, new(counter))
	return p.Load()
}

// Refuse counts a refusal by a policy, which is the Policy of the
// *refusal.Error. The operation itself is recorded with the outcome [Refused].
func (r *Recorder) Refuse(policy string) { r.refusals.add(policy) }

// Retry counts one repetition of an operation.
func (r *Recorder) Retry() { r.retries.Add(1) }

// Rows counts rows that were handed to the caller.
func (r *Recorder) Rows(n int64) { r.rows.Add(n) }

// Leak counts a lease that is held for longer than the threshold, once.
func (r *Recorder) Leak() { r.leaks.Add(1) }

// TxBegan counts a transaction as active until [Recorder.TxEnded].
func (r *Recorder) TxBegan() { r.transactions.Add(1) }

// TxEnded says that a transaction that began is over, however it ended.
func (r *Recorder) TxEnded() { r.transactions.Add(-1) }
