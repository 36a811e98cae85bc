// This file is the limit on how many operations go on at once: who gets through without waiting.

package limit

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// ConcurrencyConfig says how many operations may go on at once, and what
// becomes of the others.
type ConcurrencyConfig struct {
	// Limit is how many; 0 = any number.
	Limit int
	// Mode is what becomes of the others.
	Mode Mode
	// Timeout is how long they wait in mode Timeout.
	Timeout time.Duration
	// Queue is how many may wait; 0 = ten times the limit, negative = nobody. Who
	// comes after is refused.
	Queue int

	// NewestFirst sheds load where waiting has become the rule. Once for 20
	// times Target nobody was served who had waited no longer than Target, the
	// newest is served first, and whoever has waited for twice Target is
	// refused: his caller has lost patience, while the newest can still be
	// served in time. When nobody was refused for as long, order returns.
	NewestFirst bool
	// Target is a wait that is nothing to speak of; 0 = 5 ms.
	Target time.Duration
}

// The word holds how many are admitted, and in its low bit whether anybody
// stands in line. While the bit is set only the holder of the lock changes the
// word; that is why nobody overtakes, and no room is lost.
const (
	queued = 1
	one    = 2
)

// unlimited is more than there can be.
const unlimited = 1 << 50

// Concurrency admits so many operations at once. Its zero value is of no use:
// see NewConcurrency.
type Concurrency struct {
	cfg   ConcurrencyConfig
	epoch time.Time

	word     atomic.Int64
	limit    atomic.Int64 // changed with mu held
	admitted atomic.Uint64

	mu     sync.Mutex // a leaf; timers are set under it, waiters woken after it
	line   line
	newest newest
	pace   pace
	tally  tally
	spares []*waiter // for those who wait next
}

// NewConcurrency returns a limit that admits nobody yet.
func NewConcurrency(cfg ConcurrencyConfig) *Concurrency {
	c := &Concurrency{cfg: cfg, epoch: time.Now()}
	if c.cfg.Target <= 0 {
		c.cfg.Target = 5 * time.Millisecond
	}
	c.limit.Store(orUnlimited(cfg.Limit))
	return c
}

func orUnlimited(n int) int64 {
	if n <= 0 || int64(n) > unlimited {
		return unlimited
	}
	return int64(n)
}

// Acquire admits an operation, which then must Release. Its error is a Refused;
// a context that has ended is noticed only where the operation has to wait.
func (c *Concurrency) Acquire(ctx context.Context) error {
	if c.TryAcquire() {
		return nil
	}
	return c.wait(ctx)
}

// TryAcquire admits an operation if that is possible at once. What it does not
// admit is not counted as refused.
func (c *Concurrency) TryAcquire() bool {
	for {
		word := c.word.Load()
		if word&queued != 0 || word/one >= c.limit.Load() {
			return false
		}
		if c.word.CompareAndSwap(word, word+one) {
			c.admitted.Add(1)
			return true
		}
	}
}

// Release ends an operation that was admitted. One Release too many would let
// one operation too many through for good; it panics.
func (c *Concurrency) Release() {
	for {
		word := c.word.Load()
		if word < one {
			panic("limit: Release without Acquire")
		}
		if word&queued != 0 {
			c.handOver()
			return
		}
		if c.word.CompareAndSwap(word, word-one) {
			return
		}
	}
}

// SetLimit changes the limit; 0 = any number. A higher one serves those in line
// at once; under a lower one nobody is admitted until enough have released.
func (c *Concurrency) SetLimit(n int) {
	c.mu.Lock()
	c.limit.Store(orUnlimited(n))
	wake := c.serveLocked(c.now())
	c.mu.Unlock()
	wake.send()
}

// Stats returns the limit's numbers.
func (c *Concurrency) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{
		InUse:    int(c.word.Load() / one),
		Waiting:  c.line.Len(),
		Admitted: c.admitted.Load(),
		Refused:  c.tally.refused,
		Canceled: c.tally.canceled,
		Waits:    c.tally.waits,
		Waited:   c.tally.waited,
	}
	if limit := c.limit.Load(); limit != unlimited {
		s.Limit = int(limit)
	}
	return s
}

// now is the time on the limit's clock.
func (c *Concurrency) now() time.Duration { return time.Since(c.epoch) }
