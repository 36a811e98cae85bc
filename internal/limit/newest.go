// This file sheds load where waiting has become the rule: the newest first, the oldest refused.

package limit

import "time"

// usual is for how many times Target waiting must have been the rule before
// load is shed, and for how many nobody must have been shed before order returns.
const usual = 20

// newest is the state of ConcurrencyConfig.NewestFirst. Protected by
// Concurrency.mu.
type newest struct {
	on     bool
	calmAt time.Duration // when somebody was last served after no wait to speak of
	shedAt time.Duration // when somebody was last shed
	timer  *time.Timer   // runs sweep while somebody waits
}

// rest stops the timer: nobody waits.
func (n *newest) rest() {
	if n.timer != nil {
		n.timer.Stop()
	}
}

// sheddingLocked reports whether the newest is served first. That does not end
// as soon as nobody waits: under calls that come by chance the line is empty now
// and then, and waiting would have to become the rule again each time.
func (c *Concurrency) sheddingLocked(now time.Duration) bool {
	if c.newest.on && now-c.newest.shedAt >= usual*c.cfg.Target {
		c.newest.on, c.newest.calmAt = false, now
	}
	return c.newest.on
}

// beginLocked begins to watch: somebody waits.
func (c *Concurrency) beginLocked(now time.Duration) {
	if !c.sheddingLocked(now) {
		c.newest.calmAt = now
	}
	c.armLocked(now)
}

// armLocked has sweep called when there will be something to do next.
func (c *Concurrency) armLocked(now time.Duration) {
	at := c.newest.calmAt + usual*c.cfg.Target
	if c.newest.on {
		at = c.line.First().joined + 2*c.cfg.Target
	}
	if c.newest.timer == nil {
		c.newest.timer = time.AfterFunc(at-now, c.sweep)
		return
	}
	c.newest.timer.Reset(at - now)
}

// sweep runs in a goroutine of the timer's and ends at once. It begins to shed
// where nobody was served in time for long enough, and refuses who has waited
// for too long then.
func (c *Concurrency) sweep() {
	now := c.now()
	var wake calls
	c.mu.Lock()
	if !c.sheddingLocked(now) && c.line.Len() > 0 && now-c.newest.calmAt >= usual*c.cfg.Target {
		c.newest.on, c.newest.shedAt = true, now
	}
	for c.newest.on && c.line.Len() > 0 && now-c.line.First().joined >= 2*c.cfg.Target {
		w := c.line.First()
		c.line.remove(w)
		w.verdict = shed
		wake.add(w)
		c.newest.shedAt = now
	}
	if c.line.Len() > 0 {
		c.armLocked(now)
	}
	c.settleLocked()
	c.mu.Unlock()
	wake.send()
}

// nextLocked is who is served next.
func (c *Concurrency) nextLocked(now time.Duration) *waiter {
	if c.sheddingLocked(now) {
		return c.line.Last()
	}
	if now-c.line.First().joined <= c.cfg.Target {
		c.newest.calmAt = now
	}
	return c.line.First()
}
