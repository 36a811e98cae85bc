// This file bounds how many operations an engine admits: per second, and at once.

package fluxor

import (
	"errors"
	"fmt"
	"time"

	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/limit"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/refusal"
)

// modes are the words of BackpressureMode.
var modes = map[string]limit.Mode{"block": limit.Block, "timeout": limit.Timeout, "reject": limit.Reject}

// The policies that refuse for the limits.
const (
	policyRate  = "rate limit"
	policyCrowd = "backpressure"
)

// newRate returns nil where operations per second are not limited.
func newRate(set settings) *limit.Rate {
	if set.MaxRequestsPerSecond <= 0 {
		return nil
	}
	return limit.NewRate(limit.RateConfig{
		PerSecond: int(set.MaxRequestsPerSecond), Burst: int(set.RateLimitBurst),
		Mode: modes[set.BackpressureMode], Timeout: set.BackpressureTimeout, Queue: set.queue(),
	})
}

// queue is BackpressureQueue in the limits' terms, in which 0 is their default.
func (s settings) queue() int {
	if s.BackpressureQueue == 0 {
		return -1
	}
	return int(s.BackpressureQueue)
}

// newCrowd returns nil where operations at once are not limited.
func newCrowd(set settings) *limit.Concurrency {
	if set.MaxConcurrentConnections <= 0 {
		return nil
	}
	return limit.NewConcurrency(limit.ConcurrencyConfig{
		Limit: int(set.MaxConcurrentConnections), Queue: set.queue(),
		Mode: modes[set.BackpressureMode], Timeout: set.BackpressureTimeout, NewestFirst: set.BackpressureNewestFirst,
	})
}

// limitsHealth are the limits that are on, as they stand.
func (e *engine) limitsHealth() []health.Limit {
	var limits []health.Limit
	if e.rate != nil {
		limits = append(limits, e.limitHealth(health.LimitPerSecond, e.rate.Stats()))
	}
	if e.crowd != nil {
		limits = append(limits, e.limitHealth(health.LimitAtOnce, e.crowd.Stats()))
	}
	return limits
}

// limitsCounted are they for the metrics.
func (e *engine) limitsCounted() []metrics.Limit {
	policies := map[string]string{health.LimitPerSecond: policyRate, health.LimitAtOnce: policyCrowd}
	var limits []metrics.Limit
	for _, l := range e.limitsHealth() {
		limits = append(limits, metrics.Limit{Policy: policies[l.Name], Max: l.Limit, InUse: l.InUse, Queued: l.Queued})
	}
	return limits
}

func (e *engine) limitHealth(name string, s limit.Stats) health.Limit {
	l := health.Limit{
		Name: name, Limit: s.Limit, InUse: s.InUse, Queued: s.Waiting,
		Admitted: int64(s.Admitted), Refused: int64(s.Refused), Mode: e.set.BackpressureMode,
	}
	if modes[l.Mode] == limit.Timeout {
		l.Timeout = e.set.BackpressureTimeout
	}
	return l
}

// rateLimited is the refusal of an operation that came too soon.
func (e *engine) rateLimited(err error) error {
	return refused(policyRate, refusal.ErrRateLimited, err,
		fmt.Sprintf("more operations than fluxor_max_requests_per_sec=%d", e.set.MaxRequestsPerSecond))
}

// overloaded is the refusal of an operation that came on top of too many.
func (e *engine) overloaded(err error) error {
	return refused(policyCrowd, refusal.ErrOverloaded, err,
		fmt.Sprintf("more operations at once than fluxor_max_concurrent_connections=%d", e.set.MaxConcurrentConnections))
}

func refused(policy string, sentinel, err error, what string) error {
	var r limit.Refused
	if !errors.As(err, &r) {
		return err
	}
	reason := fmt.Sprintf("%s: %s", what, r.Reason)
	if r.Waited > 0 {
		reason += fmt.Sprintf(" (waited %v)", r.Waited.Round(time.Millisecond))
	}
	reason += fmt.Sprintf("; try again in %v", r.RetryAfter.Round(time.Millisecond))
	return &refusal.Error{Policy: policy, Reason: reason, RetryAfter: r.RetryAfter, Sentinel: sentinel, Cause: r.Cause}
}
