// This file says, in the error of a caller who got no connection, who has them and what to do.

package pool

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

// maxHolders is how many of the longest holders an error names.
const maxHolders = 3

// report is what a pool looked like when a caller gave up. It is taken under
// the lock and written out afterwards.
type report struct {
	took                              time.Duration
	limit, granted                    int
	used, idle, dialing, waiting      int
	lingering                         int // sessions that the driver has not returned from
	covered, suspended, full, pinging bool
	holders                           [maxHolders]holder // the longest first
	named                             int                // how many of them there are
	nested                            holder             // the caller itself, if it holds one
	isNested                          bool
	lastErr                           error // of the latest dial, if it failed
}

// holder is a borrower of a connection.
type holder struct {
	held  time.Duration
	place *stack
}

// reportLocked takes the report for a caller about to give up.
func (p *Pool[T]) reportLocked(ask *request) report {
	p.unparkLocked()
	now := p.exact()
	r := report{
		took:      now - ask.began,
		limit:     p.maxOpen,
		granted:   p.pace.granted(now),
		used:      p.used.Len(),
		idle:      p.idle.Len(),
		dialing:   len(p.dials),
		waiting:   p.queue.Len(),
		lingering: p.lingeringLocked(),
		suspended: p.suspended,
		full:      p.roomLocked() == 0,
		lastErr:   presentable(p.pace.lastErr),
	}
	w := p.queue.First()
	for n := r.dialing; n > 0 && w != nil && !r.covered; n-- {
		r.covered, w = w.ticket == ask.ticket, w.line.After()
	}
	named, nested := p.holdersLocked(ask.who)
	for _, c := range named {
		if c != nil {
			r.holders[r.named] = holder{now - c.since, c.place.at.Load()}
			r.named++
		}
	}
	if nested != nil {
		r.nested, r.isNested = holder{now - nested.since, nested.place.at.Load()}, true
	}
	return r
}

// holdersLocked picks whom the error names: who holds a connection longest,
// then, also by length, those whose place is known, since only that helps, then
// others. nested is a connection of the goroutine who, nil if it has none or
// is unknown.
func (p *Pool[T]) holdersLocked(who uint64) (named [maxHolders]*Conn[T], nested *Conn[T]) {
	n, placed := 0, 0
	for c := p.used.First(); c != nil; c = c.line.After() {
		if nested == nil && who != 0 && c.who.Load() == who {
			nested = c
		}
		switch {
		case c.left || placed == maxHolders-1:
		case n < maxHolders:
			named[n] = c
			n++
			if n > 1 && c.place.at.Load() != nil {
				placed++
			}
		case c.place.at.Load() != nil:
			// It displaces the one held shortest without a place.
			i := maxHolders - 1
			for named[i].place.at.Load() != nil {
				i--
			}
			copy(named[i:], named[i+1:])
			named[maxHolders-1] = c
			placed++
		}
	}
	return named, nested
}

// unanswered reports whether the caller waited for the database, not for other
// borrowers or for the pool's own pace.
func (r *report) unanswered() bool {
	switch {
	case r.suspended, r.granted > 0 && r.used > 0:
		return false
	case r.covered:
		return true
	case r.full:
		return r.used == 0 && r.lingering > 0
	}
	return r.lastErr != nil
}

// refuse is the error for the caller. ended is its context's error; nil if
// AcquireTimeout ended the wait.
func (r *report) refuse(ended error) error {
	cause := ended
	switch {
	case ended == nil:
		cause = r.lastErr
	case r.lastErr != nil:
		cause = fmt.Errorf("%w (the last attempt to open a connection: %w)", ended, r.lastErr)
	}
	return &refusal.Error{
		Policy:   "pool",
		Reason:   r.reason(ended),
		Sentinel: refusal.ErrAcquireTimeout,
		Cause:    cause,
	}
}

// reason is the text of the error.
func (r *report) reason(ended error) string {
	var b strings.Builder
	if ended == nil {
		fmt.Fprintf(&b, "no connection became free within the acquire timeout (waited %s)", round(r.took))
	} else {
		fmt.Fprintf(&b, "the context ended after %s of waiting for a connection", round(r.took))
	}
	limit := "no limit"
	if r.limit > 0 {
		limit = fmt.Sprintf("limit %d", r.limit)
	}
	fmt.Fprintf(&b, ": %d open (%d used, %d idle), %d dialing, %d waiting, %s",
		r.used+r.idle, r.used, r.idle, r.dialing, r.waiting, limit)
	if r.lingering > 0 {
		fmt.Fprintf(&b, ", %d left in calls that have not returned", r.lingering)
	}
	for i := range r.holders[:r.named] {
		word := ", "
		if i == 0 {
			word = "; held longest: "
		}
		b.WriteString(word + r.holders[i].String())
	}
	b.WriteString("; " + r.advice())
	return b.String()
}

// advice says what stands in the way and what to do about it.
func (r *report) advice() string {
	full := r.full && !r.covered
	switch {
	case r.isNested && (full || r.granted > 0):
		return fmt.Sprintf("this goroutine itself already holds a connection (%s) and waits for itself: close its rows before the next query, or run both on one sql.Conn or sql.Tx", &r.nested)
	case r.suspended:
		return "the pool is suspended: resume it"
	case r.pinging:
		return "an idle connection did not answer its ping yet: look at the network and the server"
	case full && r.lingering > 0:
		return "calls into the driver do not return and keep their connections: look at the network and the server"
	case full:
		return "return connections sooner (close rows, end transactions), or raise fluxor_max_open_conns"
	case r.granted > 0:
		return fmt.Sprintf("the server grants no more than %d connections: return them sooner, or raise the server's limit", r.granted)
	case r.dialing > 0:
		return "opening a connection is not finished: look at the network and the server"
	}
	return "opening connections fails and is retried: look at the network and the server"
}

// String says how long and where.
func (h *holder) String() string {
	if where := h.place.String(); where != "" {
		return fmt.Sprintf("%s since %s", round(h.held), where)
	}
	return round(h.held).String()
}

// round keeps the digits that tell something.
func round(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}

// presentable is err as the cause of an error of Fluxor's own: those never
// match driver.ErrBadConn, or database/sql would repeat the call.
func presentable(err error) error {
	if errors.Is(err, driver.ErrBadConn) {
		return nil
	}
	return err
}
