// This file decides when a pool may dial: failures space dials out, a refused login stops them, and a server's limit is respected.

package pool

import (
	"math/rand/v2"
	"time"
)

// DialVerdict says what an error of Dial means for the next dial.
type DialVerdict int

const (
	// Fail: the error says nothing about the next dial. The first such error
	// goes to one caller at once; while dials keep failing they are spaced
	// 10 ms to 1 s apart, and each failure answers all callers who came before
	// it and would need a dial.
	Fail DialVerdict = iota
	// Unavailable: nobody answers, or the server is starting or stopping. As
	// Fail; besides, connections idle since before are pinged before use.
	Unavailable
	// TooMany: the server grants no further connection. The pool settles at
	// what it has: callers wait for a return, and one dial at a time looks for
	// more, 1 s to 30 s apart. With nothing open it is as Fail.
	TooMany
	// LoginRefused: dialing again with the same login is refused again and may
	// lock the account. Callers who need a dial get the error at once; one
	// dial tries again after 1 s, doubling to 1 min.
	LoginRefused
)

// String names the verdict for logs.
func (v DialVerdict) String() string {
	switch v {
	case Unavailable:
		return "unavailable"
	case TooMany:
		return "too many connections"
	case LoginRefused:
		return "login refused"
	}
	return "failed"
}

const (
	firstBackoff, lastBackoff = 10 * time.Millisecond, time.Second
	firstRefusal, lastRefusal = time.Second, time.Minute
	firstProbe, lastProbe     = time.Second, 30 * time.Second
	// firstPatience is how long a dial is counted on, so that it keeps others
	// waiting.
	firstPatience = 5 * time.Second
	// provenFor is how long after a login worked it is believed to work.
	provenFor = time.Minute
	// forgetAfter is how long after a failure the failure of a dial that begins
	// then counts as a first.
	forgetAfter = 5 * time.Second
	// grantedAfter is how long after the server's last refusal for lack of
	// room the pool stops counting with it.
	grantedAfter = time.Minute
)

// pace remembers how dials went. All times are on the pool's clock. Protected
// by Pool.mu.
type pace struct {
	interval time.Duration // between dials, in the long run; 0 = none
	slack    time.Duration // how far dials may run ahead of that
	paid     time.Duration // when the dials so far would be over at that pace

	provenAt time.Duration // when the login last worked; 0 = not since it was refused
	lastErr  error         // of the latest dial, if it failed

	failures int // in a row
	failedAt time.Duration
	retryAt  time.Duration
	outage   time.Duration // when the server was last seen unavailable; 0 = never

	refused     error
	refusedAt   time.Duration
	refusedTill time.Duration
	refusedStep time.Duration

	ceiling   int  // how many connections are opened before the server is asked again; 0 = any
	denied    bool // the server refused to grant more than those, and granted none since
	toldAt    time.Duration
	probeAt   time.Duration
	probeStep time.Duration
}

// mayDial reports whether one more dial is permitted beside the open
// connections and the dials that are counted on, the first of which is not any
// more at next; if it is not, at is when to ask again.
func (a *pace) mayDial(now time.Duration, open, dialing int, next time.Duration) (ok bool, at time.Duration) {
	switch {
	case a.refused != nil && now < a.refusedTill:
		return false, a.refusedTill
	case dialing > 0 && a.alone(now):
		return false, next
	case a.failures > 0 && now < a.retryAt:
		return false, a.retryAt
	case a.full(now, open+dialing):
		return false, a.probeAt
	case a.paid-a.slack > now:
		return false, a.paid - a.slack
	}
	return true, 0
}

// dials notes that a dial begins.
func (a *pace) dials(now time.Duration) { a.paid = max(a.paid, now) + a.interval }

// full reports whether the server grants no more than n connections and is not
// to be asked again yet.
func (a *pace) full(now time.Duration, n int) bool {
	return a.ceiling > 0 && n >= a.ceiling && now < a.probeAt
}

// granted is how many connections the server lately said it grants; 0 if its
// last word was not a refusal or is old.
func (a *pace) granted(now time.Duration) int {
	if !a.denied || now-a.toldAt > grantedAfter {
		return 0
	}
	return a.ceiling
}

// welcome reports whether nothing speaks against a dial that nobody needs.
func (a *pace) welcome() bool { return a.failures == 0 && a.refused == nil && a.ceiling == 0 }

// alone reports whether the next dial is to go alone: a login that may be
// wrong is tried once, not by every caller, and so is a server that failed or
// is full.
func (a *pace) alone(now time.Duration) bool {
	return !a.proven(now) || a.failures > 0 || a.ceiling > 0
}

// proven reports whether the login worked lately. A password that was changed
// since must not be tried by a burst of callers.
func (a *pace) proven(now time.Duration) bool { return a.provenAt > 0 && now-a.provenAt < provenFor }

// patience is how long a dial is counted on while so many are under way. Where
// the login may be wrong each further one takes longer to come, because all of
// them may be refused in the end and lock the account.
func (a *pace) patience(now time.Duration, dialing int) time.Duration {
	if a.proven(now) {
		return firstPatience
	}
	return firstPatience << min(max(dialing-1, 0), 10)
}

// refusing returns the error of a refused login while that forbids dialing.
func (a *pace) refusing(now time.Duration) error {
	if now < a.refusedTill {
		return a.refused
	}
	return nil
}

// succeed notes a dial that worked; open counts its connection.
func (a *pace) succeed(now time.Duration, open int) {
	a.provenAt, a.lastErr = max(now, 1), nil
	a.failures, a.retryAt = 0, 0
	a.refused, a.refusedTill, a.refusedStep = nil, 0, 0
	if a.ceiling > 0 && open > a.ceiling {
		a.ceiling, a.denied, a.probeStep = open+1, false, 0
	}
	if now-a.toldAt > grantedAfter {
		a.ceiling = 0
	}
}

// fail notes a failed dial and reports whether it began after one that failed
// before it, and not long after: then the failure is no accident. How long it
// took to fail does not matter.
func (a *pace) fail(now, started time.Duration, err error) (again bool) {
	a.lastErr = err
	if a.failures > 0 && started-a.failedAt > forgetAfter {
		a.failures = 0
	}
	if a.failures > 0 && started < a.failedAt {
		return false // of one round with the previous failure
	}
	again = a.failures > 0
	a.failures++
	a.failedAt = now
	a.retryAt = now + jitter(min(firstBackoff<<min(a.failures-1, 10), lastBackoff))
	return again
}

// refuse notes a refused login.
func (a *pace) refuse(now, started time.Duration, err error) {
	a.provenAt, a.lastErr = 0, err
	if a.refused != nil && started < a.refusedAt { // of one round with the previous refusal
		a.refusedTill = max(a.refusedTill, now+a.refusedStep)
		return
	}
	a.refusedStep = min(max(a.refusedStep*2, firstRefusal), lastRefusal)
	a.refused, a.refusedAt, a.refusedTill = err, now, now+a.refusedStep
}

// settle notes that the server grants no more than the open connections.
func (a *pace) settle(now, started time.Duration, open int, err error) {
	a.lastErr = err
	again := a.ceiling > 0 && started < a.toldAt
	a.ceiling, a.denied, a.toldAt = open, true, now
	if again {
		return
	}
	a.probeStep = min(max(a.probeStep*2, firstProbe), lastProbe)
	a.probeAt = now + a.probeStep
}

// forget makes the next dial the first one after success.
func (a *pace) forget() {
	*a = pace{interval: a.interval, slack: a.slack, paid: a.paid, provenAt: a.provenAt, outage: a.outage}
}

// jitter is d less up to a quarter.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/4+1) }
