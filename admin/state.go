// This file judges a connector in a word and in a sentence.

package admin

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/metrics"
)

// states are in order, the best first.
var states = []string{Healthy, Saturated, Failing, Down}

// worse returns the worse of two states.
func worse(a, b string) string {
	if slices.Index(states, a) > slices.Index(states, b) {
		return a
	}
	return b
}

// judge returns a connector's state and its summary: of what is wrong the worst.
func judge(c Connector) (state, summary string) {
	if text := c.down(); text != "" {
		return Down, text
	}
	if text := c.failing(); text != "" {
		return Failing, text
	}
	if text := c.saturated(); text != "" {
		return Saturated, text + "; " + c.atWork()
	}
	return Healthy, c.atWork()
}

// freshness is how long an answer of the database says something of now.
const freshness = time.Minute

// down says why calls cannot succeed; "" where they may.
func (c Connector) down() string {
	b := c.Breaker
	switch {
	case b.Override == "forced open":
		return fmt.Sprintf("for %s: the breaker is forced open, somebody has all calls refused", b.DownSeconds)
	case b.State == health.BreakerOpen || b.State == health.BreakerHalfOpen:
		return fmt.Sprintf("for %s: breaker %s%s%s", b.DownSeconds, b.State, b.probe(), because(cmp.Or(b.LastError, b.Why)))
	case c.Health.fresh && !c.Health.Healthy:
		return c.Health.Message
	}
	return ""
}

func (b Breaker) probe() string {
	if b.State == health.BreakerHalfOpen {
		return ", asking the database now"
	}
	if b.NextProbeSeconds == nil {
		return ""
	}
	return ", next probe in " + b.NextProbeSeconds.String()
}

// because puts a reason behind a sentence, in one line.
func because(text string) string {
	if text == "" {
		return ""
	}
	return ": " + strings.Join(strings.Fields(text), " ")
}

// lost are the ways to fail that a sick database or a sick network makes.
var lost = []string{metrics.ConnectionError.String(), metrics.Timeout.String(), metrics.Indeterminate.String()}

// few failures may be one caller's impatience.
const few = 3

// failing says that most of the recent operations were lost; "" where they were
// not. What callers gave up and what was refused tells nothing.
func (c Connector) failing() string {
	var all, failed int64
	for _, o := range c.Recent.Operations {
		all += o.Count - o.Errors[metrics.Refused.String()] - o.Errors[metrics.Canceled.String()]
		for _, way := range lost {
			failed += o.Errors[way]
		}
	}
	if !c.Pool.full() { // else they waited for each other
		all, failed = all+c.Recent.Refused[poolPolicy], failed+c.Recent.Refused[poolPolicy]
	}
	if failed < few || 2*failed < all {
		return ""
	}
	last := ""
	if len(c.LastErrors) > 0 {
		last = c.LastErrors[0].Text
	}
	return fmt.Sprintf("%d of %d operations failed in the last %s%s", failed, all, c.Recent.Seconds, because(last))
}

// poolPolicy refuses who waited in vain for a connection: for lack of room where
// the pool is full, and else because the database gave none.
const poolPolicy = "pool"

// full says whether as many connections are open or being opened as may be.
func (p Pool) full() bool { return p.MaxOpen > 0 && p.Used+p.Dialing >= p.MaxOpen }

// crowded are the policies that refuse for lack of room.
var crowded = []string{"backpressure", poolPolicy, "rate limit"}

// saturated says who waits or was refused for lack of room; "" where nobody.
func (c Connector) saturated() string {
	var parts []string
	if p := c.Pool; p.Waiting > 0 && p.full() {
		parts = append(parts, fmt.Sprintf("%s for one of %d connections", waiting(p.Waiting), p.MaxOpen))
	}
	for _, l := range c.Limits {
		if l.Queued > 0 {
			parts = append(parts, fmt.Sprintf("%s at the limit of %d %s", waiting(l.Queued), l.Limit, l.Name))
		}
	}
	for _, policy := range slices.Sorted(maps.Keys(c.Recent.Refused)) {
		if slices.Contains(crowded, policy) {
			parts = append(parts, fmt.Sprintf("%d refused by %s in the last %s", c.Recent.Refused[policy], policy, c.Recent.Seconds))
		}
	}
	return strings.Join(parts, "; ")
}

func waiting(n int) string {
	if n == 1 {
		return "1 caller waits"
	}
	return fmt.Sprintf("%d callers wait", n)
}

// atWork says what the connector does.
func (c Connector) atWork() string {
	text := fmt.Sprintf("%d connections used", c.Pool.Used)
	if c.Pool.MaxOpen > 0 {
		text = fmt.Sprintf("%d of %d connections used", c.Pool.Used, c.Pool.MaxOpen)
	}
	q := c.Recent.Queries
	switch {
	case q.Count > 0:
		text += fmt.Sprintf(", %s queries/s, p99 %s", q.PerSecond, q.P99Seconds)
	case c.Total.Queries.Count > 0:
		text += fmt.Sprintf(", no queries in the last %s", c.Recent.Seconds)
	default:
		text += ", no queries yet"
	}
	if c.Breaker.Override != "" {
		text += "; the breaker is " + c.Breaker.Override
	}
	return text
}
