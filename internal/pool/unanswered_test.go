// This file tests whom a wait that came to nothing is blamed on: the database or other borrowers.

package pool

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

// never answers until its context ends.
func never(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// waits are the ways in which a caller gets nothing from a pool of two.
var waits = map[string]struct {
	onDial     func(ctx context.Context, n int) error
	onPing     func(ctx context.Context, w *wire) error
	held       int           // by other borrowers
	idle       time.Duration // for which a connection has rested
	suspended  bool
	unanswered bool
}{
	"others have all":           {held: 2},
	"it is suspended":           {suspended: true},
	"the first dial hangs":      {onDial: func(ctx context.Context, _ int) error { return never(ctx) }, unanswered: true},
	"one is held, a dial hangs": {onDial: afterwards(1, never), held: 1, unanswered: true},
	"one is held, none is granted": {
		onDial: afterwards(1, func(context.Context) error { return errTooMany }), held: 1,
	},
	"a ping hangs": {onPing: func(ctx context.Context, _ *wire) error { return never(ctx) }, idle: time.Minute, unanswered: true},
}

// afterwards lets n dials succeed.
func afterwards(n int, then func(context.Context) error) func(context.Context, int) error {
	return func(ctx context.Context, i int) error {
		if i <= n {
			return nil
		}
		return then(ctx)
	}
}

func TestAWaitIsBlamedOnWhoCausedIt(t *testing.T) {
	for name, w := range waits {
		for _, byContext := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " by the context"}[byContext], func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					p := open(t, &server{onDial: w.onDial, onPing: w.onPing}, func(c *Config[*wire]) {
						c.MaxOpen, c.ValidationIdle, c.DialTimeout = 2, 10*time.Second, time.Minute
						if !byContext {
							c.AcquireTimeout = time.Second
						}
					})
					for range w.held {
						defer borrow(t, p).Release()
					}
					if w.idle > 0 {
						borrow(t, p).Release()
						pass(w.idle)
					}
					if w.suspended {
						p.Suspend()
					}
					blame(t, p, byContext, w.unanswered)
				})
			})
		}
	}
}

// blame acquires until a wait, and not a dial, ends it.
func blame(t *testing.T, p *Pool[*wire], byContext, unanswered bool) {
	t.Helper()
	var k Claim[*wire]
	defer p.Drop(&k)
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		if byContext {
			ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		}
		_, err := p.Acquire(ctx, &k)
		cancel()
		if err == nil {
			t.Fatal("it got a connection")
		}
		if errors.Is(err, refusal.ErrAcquireTimeout) {
			if k.Unanswered != unanswered {
				t.Errorf("unanswered: %t, after %v", k.Unanswered, err)
			}
			return
		}
	}
	t.Fatal("no wait ended an Acquire")
}

// TestAWaitBehindOthersIsBlamedOnTheLatestDial has what no single caller meets:
// whoever is first in line hears a dial's own error.
func TestAWaitBehindOthersIsBlamedOnTheLatestDial(t *testing.T) {
	for name, row := range map[string]struct {
		at   report
		want bool
	}{
		"it failed":            {report{used: 1, lastErr: errDown}, true},
		"it did not":           {report{used: 1, dialing: 2}, false},
		"stuck calls have all": {report{full: true, lingering: 2}, true},
		"others have the rest": {report{full: true, lingering: 1, used: 1}, false},
	} {
		if got := row.at.unanswered(); got != row.want {
			t.Errorf("%s: unanswered: %t", name, got)
		}
	}
}
