// This file bounds how many operations an engine admits: per second, and at once.

package fluxor

import (
	"errors"
	"fmt"
	"time"

	"github.com/fluxor-db/fluxor/internal/limit"
	"github.com/fluxor-db/fluxor/refusal"
)

// modes are the words of BackpressureMode.
var modes = map[string]limit.Mode{"block": limit.Block, "timeout": limit.Timeout, "reject": limit.Reject}

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

// rateLimited is the refusal of an operation that came too soon.
func (e *engine) rateLimited(err error) error {
	return refused("rate limit", refusal.ErrRateLimited, err,
		fmt.Sprintf("more operations than fluxor_max_requests_per_sec=%d", e.set.MaxRequestsPerSecond))
}

// overloaded is the refusal of an operation that came on top of too many.
func (e *engine) overloaded(err error) error {
	return refused("backpressure", refusal.ErrOverloaded, err,
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
