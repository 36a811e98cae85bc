// This file runs what the query cache does behind its callers, and ends that with the connector.

package fluxor

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// mostRefreshes is how many queries are asked again behind their callers at once:
// they take connections that callers wait for.
const mostRefreshes = 16

// behind is what runs behind callers. It is safe for concurrent use.
type behind struct {
	ending context.Context // it ends what runs
	end    context.CancelFunc
	log    *slog.Logger

	mu      sync.Mutex      // protects what follows; a leaf
	running int             // goroutines
	quiet   chan struct{}   // closed when none is left; nil until close
	asking  map[string]bool // the keys of queries that are asked again
}

func newBehind(log *slog.Logger) *behind {
	b := &behind{log: log, asking: map[string]bool{}}
	b.ending, b.end = context.WithCancel(context.Background())
	return b
}

// run has f run behind the callers, unless that has ended; it says whether it does.
// f ends with its context.
func (b *behind) run(f func(ctx context.Context)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.quiet != nil {
		return false
	}
	b.running++
	go b.runs(f)
	return true
}

// runs runs f. What f calls of the program's may panic, as it may in a caller's
// goroutine, where somebody recovers; here nobody else would.
func (b *behind) runs(f func(ctx context.Context)) {
	defer b.ran()
	defer func() {
		if cause := recover(); cause != nil {
			b.log.Error("the query cache asked the database behind a caller, and a panic ended that", "panic", cause, "stack", string(debug.Stack()))
		}
	}()
	f(b.ending)
}

func (b *behind) ran() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running--; b.running == 0 && b.quiet != nil {
		close(b.quiet)
	}
}

// close ends what runs, and waits for its end as long as limit, of which 0 is none.
func (b *behind) close(limit time.Duration) error {
	b.mu.Lock()
	if b.quiet == nil {
		b.quiet = make(chan struct{})
		if b.running == 0 {
			close(b.quiet)
		}
	}
	b.mu.Unlock()
	b.end()
	waiting, cancel := bounded(context.Background(), limit)
	defer cancel()
	select {
	case <-b.quiet:
		return nil
	case <-waiting.Done():
		return errors.New("fluxor: what the query cache asks behind callers did not return within the close timeout")
	}
}

// claim reports whether a query may be asked again now: it is not yet, and not too
// many others are. Then unclaim ends that.
func (b *behind) claim(key []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asking[string(key)] || len(b.asking) >= mostRefreshes {
		return false
	}
	b.asking[string(key)] = true
	return true
}

func (b *behind) unclaim(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.asking, key)
}
