// This file tests who is admitted beside others, who waits, and who is refused.

package limit

import (
	"context"
	"errors"
	"testing"
	"time"
)

// full returns a limit that is reached.
func full(t testing.TB, cfg ConcurrencyConfig) *Concurrency {
	t.Helper()
	c := NewConcurrency(cfg)
	for range cfg.Limit {
		if err := c.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestNoMoreThanTheLimitAreAdmitted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 3})
		if c.TryAcquire() {
			t.Fatal("a fourth was admitted")
		}
		fourth := ask(t.Context(), c.Acquire)
		pending(t, fourth)
		pass(time.Second)
		c.Release()
		gotThrough(t, fourth, time.Second)
		if s := c.Stats(); s != (Stats{Limit: 3, InUse: 3, Admitted: 4, Waits: 1, Waited: time.Second}) {
			t.Errorf("%+v", s)
		}
	})
}

func TestWhoWaitsIsServedInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 1})
		var heard []<-chan outcome
		for range 10 {
			heard = append(heard, ask(t.Context(), c.Acquire))
			pass(time.Millisecond)
		}
		for i, h := range heard {
			c.Release()
			gotThrough(t, h, time.Duration(10-i)*time.Millisecond)
			if i < 9 {
				pending(t, heard[i+1])
			}
		}
	})
}

func TestNobodyOvertakesThoseInLine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 1})
		first := ask(t.Context(), c.Acquire)
		if c.TryAcquire() {
			t.Fatal("somebody overtook")
		}
		second := ask(t.Context(), c.Acquire)
		c.Release()
		gotThrough(t, first, 0)
		pending(t, second)
		c.Release()
		gotThrough(t, second, 0)
		c.Release()
		if !c.TryAcquire() {
			t.Error("nobody waits, and the short way is closed")
		}
	})
}

// TestWhileAnybodyStandsInLineTheShortWayIsClosed: a release takes its room away
// and gives it to the first in line in two steps, with the lock held.
func TestWhileAnybodyStandsInLineTheShortWayIsClosed(t *testing.T) {
	t.Parallel()
	c := NewConcurrency(ConcurrencyConfig{Limit: 1})
	c.word.Store(queued)
	if c.TryAcquire() {
		t.Error("the room was stolen between the two steps")
	}
}

// TestRoomThatWasMadeMeanwhileIsTaken: somebody released between the look and
// the lock, and nobody else will wake who stands in line.
func TestRoomThatWasMadeMeanwhileIsTaken(t *testing.T) {
	t.Parallel()
	c := NewConcurrency(ConcurrencyConfig{Limit: 1})
	if w, err := c.join(t.Context()); w != nil || err != nil {
		t.Errorf("it waits as %v, or was refused: %v", w, err)
	}
	if s := c.Stats(); s.InUse != 1 || s.Admitted != 1 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
}

func TestInModeTimeoutAWaitIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 1, Mode: Timeout, Timeout: 2 * time.Second})
		heard := ask(t.Context(), c.Acquire)
		pass(2 * time.Second)
		if r := turnedAway(t, heard, TimedOut, 2*time.Second); r.Waited != 2*time.Second || r.Cause != nil {
			t.Errorf("%+v", r)
		}
		if s := c.Stats(); s.Refused != 1 || s.Waiting != 0 || s.Waited != 2*time.Second {
			t.Errorf("%+v", s)
		}
	})
}

func TestInModeRejectNobodyWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 1, Mode: Reject})
		turnedAway(t, ask(t.Context(), c.Acquire), Rejected, 0)
		c.Release()
		gotThrough(t, ask(t.Context(), c.Acquire), 0)
	})
}

func TestInModeBlockOnlyTheContextEndsAWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 1})
		ctx, cancel := context.WithCancel(t.Context())
		heard := ask(ctx, c.Acquire)
		pass(1000 * time.Hour)
		pending(t, heard)
		cancel()
		r := turnedAway(t, heard, Ended, 1000*time.Hour)
		if !errors.Is(r, context.Canceled) {
			t.Errorf("%v does not match the context's error", r)
		}
		turnedAway(t, ask(ctx, c.Acquire), Ended, 0)
		if s := c.Stats(); s.Canceled != 2 || s.Refused != 0 || s.Waiting != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheLineIsBounded(t *testing.T) {
	for name, row := range map[string]struct{ queue, want int }{"by default": {0, 20}, "as asked for": {3, 3}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := full(t, ConcurrencyConfig{Limit: 2, Queue: row.queue})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var heard []<-chan outcome
				for range row.want {
					heard = append(heard, ask(ctx, c.Acquire))
				}
				if r := turnedAway(t, ask(ctx, c.Acquire), Full, 0); r.Waiting != row.want {
					t.Errorf("%v, and %d wait", r, row.want)
				}
				c.Release()
				gotThrough(t, heard[0], 0)
				pending(t, ask(ctx, c.Acquire))
			})
		})
	}
}

func TestAHigherLimitServesTheLineAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 1, Queue: 10})
		var heard []<-chan outcome
		for range 5 {
			heard = append(heard, ask(t.Context(), c.Acquire))
		}
		c.SetLimit(3)
		gotThrough(t, heard[0], 0)
		gotThrough(t, heard[1], 0)
		pending(t, heard[2])
		c.SetLimit(0)
		for _, h := range heard[2:] {
			gotThrough(t, h, 0)
		}
		for range 1000 {
			if !c.TryAcquire() {
				t.Fatal("there is no limit, and it was reached")
			}
		}
	})
}

func TestUnderALowerLimitNobodyIsAdmittedUntilEnoughReleased(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 4})
		c.SetLimit(2)
		heard := ask(t.Context(), c.Acquire)
		c.Release()
		c.Release()
		pending(t, heard)
		if s := c.Stats(); s.InUse != 2 || s.Limit != 2 {
			t.Errorf("%+v", s)
		}
		c.Release()
		gotThrough(t, heard, 0)
	})
}

func TestWhereThereIsNoLimitEverybodyIsAdmitted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := NewConcurrency(ConcurrencyConfig{Mode: Reject})
		for range 10_000 {
			if err := c.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if s := c.Stats(); s.Limit != 0 || s.InUse != 10_000 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAReleaseTooManyPanics(t *testing.T) {
	t.Parallel()
	c := full(t, ConcurrencyConfig{Limit: 1})
	c.Release()
	defer func() {
		if recover() == nil {
			t.Error("it was taken")
		}
	}()
	c.Release()
}

// TestRefusalsEstimateTheWait: ten at once that take 100 ms each are 100 per
// second.
func TestRefusalsEstimateTheWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := full(t, ConcurrencyConfig{Limit: 10, Mode: Reject})
		if r := refusal(t, c.Acquire(t.Context()), Rejected); r.RetryAfter != firstGuess {
			t.Errorf("retry after %v, and nothing is known yet", r.RetryAfter)
		}
		for range 50 {
			pass(10 * time.Millisecond)
			c.Release()
			if err := c.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			_ = c.Acquire(t.Context()) // refused
		}
		if r := refusal(t, c.Acquire(t.Context()), Rejected); r.RetryAfter < 8*time.Millisecond || r.RetryAfter > 12*time.Millisecond {
			t.Errorf("retry after %v, want about 10ms", r.RetryAfter)
		}
		pass(time.Hour) // a rest says nothing about the pace
		if r := refusal(t, c.Acquire(t.Context()), Rejected); r.RetryAfter > 12*time.Millisecond {
			t.Errorf("after a rest: retry after %v", r.RetryAfter)
		}
	})
}
