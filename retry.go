// This file says how often and when an operation is tried again of which nothing took effect.

package fluxor

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/pool"
)

// retries bounds the repeats of one engine. What may be repeated is decided
// elsewhere (judge.go): nothing of it was sent, or it is proven to change
// nothing.
type retries struct {
	most    int           // per operation
	backoff time.Duration // before the first one, at most; doubles
	share   int64         // what an operation earns, of retryPrice; 0 means that there is no budget
	saved   atomic.Int64
	note    func() // hears of each repeat that waited
}

// A repeat costs retryPrice, and what operations earn is kept up to retrySavings:
// so a short outage may be met by all callers, and a long one by a share of them.
const (
	retryPrice   = 100
	retrySavings = 50 * retryPrice
)

func newRetries(most int, backoff time.Duration, percent int, note func()) *retries {
	r := &retries{most: most, backoff: backoff, share: int64(percent), note: note}
	r.saved.Store(retrySavings)
	return r
}

// earn notes an operation.
func (r *retries) earn() {
	if r.share > 0 && r.saved.Load() < retrySavings {
		r.saved.Add(r.share)
	}
}

// spend takes the price of a repeat from what was earned.
func (r *retries) spend() bool {
	if r.share == 0 {
		return true
	}
	for {
		saved := r.saved.Load()
		if saved < retryPrice {
			return false
		}
		if r.saved.CompareAndSwap(saved, saved-retryPrice) {
			return true
		}
	}
}

// wait reports whether an operation that began at a time, and was tried n times
// again since, may be tried once more, after it has waited for that. An attempt
// may itself take long, so all of them together get the time that the longest
// pauses would take.
func (r *retries) wait(ctx context.Context, began time.Time, n int) bool {
	if r.backoff <= 0 || time.Since(began) > r.backoff<<min(r.most, 16) {
		return false
	}
	pause, ok := r.permits(ctx, n)
	return ok && r.sleep(ctx, pause)
}

// permits reports whether an operation that was tried n times again may be tried
// once more, after which pause, and takes the price of it. The pause is a random
// time up to the backoff (full jitter), so that callers who failed together do
// not return together.
func (r *retries) permits(ctx context.Context, n int) (pause time.Duration, ok bool) {
	if n >= r.most {
		return 0, false
	}
	if r.backoff > 0 {
		pause = rand.N(r.backoff<<min(n, 16)) + 1
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= pause {
		return 0, false
	}
	return pause, r.spend()
}

// sleep waits, and reports whether ctx lasted.
func (r *retries) sleep(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		r.note()
		return true
	case <-ctx.Done():
		return false
	}
}

// mayRepeat reports whether o may be repeated for the n-th time, and after which
// pause: as database/sql would where nothing of it took effect, and as the options
// say where the server may have worked for it.
func (s *session) mayRepeat(ctx context.Context, o *op, n int) (pause time.Duration, again bool) {
	if o.is.has(worked) {
		return s.e.retries.permits(ctx, n)
	}
	return 0, n < maxRepeats
}

// soon is how young a read must be to be sent again after its connection broke
// under it. A server that crashes takes all of them along; an older one may be the
// one that somebody ended, or that the server died of.
const soon = time.Second

// young reports whether the present operation began soon before.
func (s *session) young() bool { return !s.since.IsZero() && s.e.now().Sub(s.since) < soon }

// passes reports whether a failure to open a connection may be over soon. A
// refused login is not: trying it again may lock the account.
func (e *engine) passes(err error) bool {
	switch e.classifyDial(err) {
	case pool.Unavailable, pool.TooMany:
		return true
	}
	return false
}
