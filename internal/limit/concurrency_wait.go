// This file is the path of an operation that finds too many others before it.

package limit

import (
	"context"
	"time"
)

// maxSpares bounds how many waiters are kept for further use.
const maxSpares = 1024

// wait admits an operation that did not get through at once, or says why not.
func (c *Concurrency) wait(ctx context.Context) error {
	w, err := c.join(ctx)
	if w == nil {
		return err
	}
	var over <-chan time.Time
	if c.cfg.Mode == Timeout {
		over = w.alarm(c.cfg.Timeout)
	}
	select {
	case <-w.wake:
		return c.leave(w, 0, nil)
	case <-over:
		return c.leave(w, TimedOut, nil)
	case <-ctx.Done():
		return c.leave(w, Ended, ctx.Err())
	}
}

// join puts an operation in line. It returns no waiter if the operation was
// admitted, because there is room by now, or refused.
func (c *Concurrency) join(ctx context.Context) (*waiter, error) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		word := c.word.Load()
		if word&queued == 0 && word/one < c.limit.Load() {
			if c.word.CompareAndSwap(word, word+one) {
				c.admitted.Add(1)
				return nil, nil
			}
			continue
		}
		if reason := c.hindranceLocked(ctx); reason != 0 {
			return nil, c.refuseLocked(reason, now, 0, ctx.Err())
		}
		if word&queued != 0 || c.word.CompareAndSwap(word, word|queued) {
			return c.pushLocked(now), nil
		}
	}
}

// hindranceLocked is why an operation cannot stand in line; 0 if it can.
func (c *Concurrency) hindranceLocked(ctx context.Context) Reason {
	switch {
	case ctx.Err() != nil:
		return Ended
	case c.cfg.Mode == Reject:
		return Rejected
	case int64(c.line.Len()) >= c.queue():
		return Full
	}
	return 0
}

// queue is how many may wait.
func (c *Concurrency) queue() int64 {
	if c.cfg.Queue != 0 {
		return int64(c.cfg.Queue)
	}
	return 10 * c.limit.Load()
}

func (c *Concurrency) pushLocked(now time.Duration) *waiter {
	w := c.spareLocked()
	w.joined = now
	c.line.push(w)
	if c.cfg.NewestFirst && c.line.Len() == 1 {
		c.beginLocked(now)
	}
	return w
}

// spareLocked returns a waiter in its zero state.
func (c *Concurrency) spareLocked() *waiter {
	n := len(c.spares)
	if n == 0 {
		return newWaiter()
	}
	w := c.spares[n-1]
	c.spares = c.spares[:n-1]
	return w
}

// spareAgainLocked keeps a waiter whom nobody will wake any more.
func (c *Concurrency) spareAgainLocked(w *waiter) {
	if len(c.spares) < maxSpares {
		w.renew()
		c.spares = append(c.spares, w)
	}
}

// leave ends a wait. A verdict that came at the same time as the end of the
// context or of the timeout stands: who was admitted is, and nobody else need
// be told.
func (c *Concurrency) leave(w *waiter, reason Reason, cause error) error {
	w.rest()
	now := c.now()
	c.mu.Lock()
	verdict := w.verdict
	waited := now - w.joined
	c.tally.wait(waited)
	var err error
	switch verdict {
	case waiting:
		c.line.remove(w)
		c.settleLocked()
		err = c.refuseLocked(reason, now, waited, cause)
	case shed:
		err = c.refuseLocked(Shed, now, waited, nil)
	}
	if reason == 0 || verdict == waiting {
		c.spareAgainLocked(w)
	}
	c.mu.Unlock()
	return err
}

// handOver releases while somebody stands in line, or did a moment ago.
func (c *Concurrency) handOver() {
	c.mu.Lock()
	c.word.Add(-one)
	wake := c.serveLocked(c.now())
	c.mu.Unlock()
	wake.send()
}

// serveLocked admits from the line whom there is room for. Who calls it wakes
// them, once mu is free.
func (c *Concurrency) serveLocked(now time.Duration) (wake calls) {
	for c.line.Len() > 0 && c.word.Load()/one < c.limit.Load() {
		w := c.nextLocked(now)
		c.line.remove(w)
		c.word.Add(one)
		c.admitted.Add(1)
		w.verdict = admitted
		wake.add(w)
	}
	c.settleLocked()
	return wake
}

// settleLocked opens the short way in when the line has become empty.
func (c *Concurrency) settleLocked() {
	if c.line.Len() > 0 || c.word.Load()&queued == 0 {
		return
	}
	c.word.Add(-queued)
	c.newest.rest()
}

func (c *Concurrency) refuseLocked(reason Reason, now, waited time.Duration, cause error) error {
	each := c.pace.each(now, c.admitted.Load())
	return c.tally.refuse(Refused{reason, time.Duration(c.line.Len()+1) * each, waited, c.line.Len(), cause})
}
