// This file is one request under way: its time, its context, and who may cancel it.

package gateway

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/fluxor-db/fluxor"
)

// call is a request that is carried out.
type call struct {
	id       uint32
	began    time.Time
	canceled bool // before it began
	sent     bool // the database may have got it
	rows     bool // it has answered
	recalls  bool // it reads what the last statement left; see lease.recall

	text  string              // of the statement, for the audit log, as op
	op    string              // the admin operation
	cache *fluxor.CacheAnswer // where the answer came from; nil where nobody asks
	count int64               // rows that were answered, or changed
	bytes int64               // of rows
	done  bool                // what was asked for took effect; its answer is still read

	st driver.Stmt // is closed with the call; nil for none

	ctx    context.Context
	cancel context.CancelCauseFunc
	stop   context.CancelFunc // of the time limit; nil without one
}

// start gives the call a context, which ends with its time, its cancel, or the
// client. finish ends that.
func (s *session) start(c *call, timeoutMS int64) error {
	if c.canceled {
		return errCanceled
	}
	c.ctx, c.cancel = context.WithCancelCause(s.life)
	s.in.begin(c.id, s.window, c.cancel)
	if timeoutMS > 0 {
		d := min(time.Duration(timeoutMS), time.Duration(1<<53)/time.Millisecond) * time.Millisecond
		c.ctx, c.stop = context.WithTimeoutCause(c.ctx, d, context.DeadlineExceeded)
	}
	return nil
}

// finish takes the inbox back. The context ends, unless the call keeps it.
func (s *session) finish(c *call) {
	s.in.end()
	if c.stop != nil {
		c.stop()
	}
	c.cancel(nil)
	if c.st != nil {
		_ = c.st.Close()
	}
}

// ms is how long the call has taken.
func (c *call) ms() float64 { return since(c.began) }

// since is how long ago that was, in milliseconds.
func since(began time.Time) float64 { return float64(time.Since(began).Microseconds()) / 1000 }

// cause is why the call's context ended; nil while it has not.
func (c *call) cause() error {
	if c.canceled {
		return errCanceled
	}
	if c.ctx == nil || c.ctx.Err() == nil {
		return nil
	}
	return context.Cause(c.ctx)
}

// kept reports whether the answer was a kept one, so that no statement ran.
func (c *call) kept() bool {
	return c.cache != nil && (c.cache.Status == "hit" || c.cache.Status == "joined" || c.cache.Status == "stale")
}

// origin is where the answer came from, as its end tells: empty where the cache had
// no part in it.
func (c *call) origin() string {
	if c.cache == nil || c.cache.Status == "bypass" {
		return ""
	}
	return c.cache.Status
}
