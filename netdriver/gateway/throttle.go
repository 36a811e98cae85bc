// This file makes guessing slow: who fails to log in too often is refused for a while, unheard.

package gateway

import (
	"strings"
	"sync"
	"time"
)

const (
	// firstRefusal is for how long logins are refused after too many that failed;
	// each further failure doubles it, up to mostRefusal.
	firstRefusal, mostRefusal = time.Second, time.Minute
	// forgetAfter is when a failure is forgotten that no other followed.
	forgetAfter = 10 * time.Minute
	// mostGuessers is how many pairs of address and name are remembered; who failed
	// least often, and of those longest ago, makes room. Whoever comes in that place
	// begins with as many failures, so that nobody gains by being forgotten.
	mostGuessers = 10_000
	// mostName is how much is kept of a name that a stranger says, in bytes.
	mostName = 128
)

// guesser is who tries to log in.
type guesser struct{ address, user string }

// brief is who that is for the throttle, which would keep long names for whoever
// makes them up. Names that begin alike for so long count as one.
func (g guesser) brief() guesser {
	if len(g.user) > mostName {
		g.user = g.user[:mostName]
	}
	return g
}

// guesses are the failures of one.
type guesses struct {
	failed int // with those that were taken over
	over   int // from who made room
	last   time.Time
	until  time.Time // refused until then
}

// throttle counts failed logins by address and user, so that nobody can shut
// another's address out. It is safe for concurrent use.
type throttle struct {
	free int // failures that cost nothing; 0 is any number

	mu sync.Mutex // protects by; nothing else is done under it
	by map[guesser]*guesses
}

func newThrottle(free int) *throttle {
	return &throttle{free: free, by: map[guesser]*guesses{}}
}

// refuses reports whether a login is not even looked at.
func (t *throttle) refuses(g guesser) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.by[g.brief()]
	return known != nil && time.Now().Before(known.until)
}

// failed notes a login that failed.
func (t *throttle) failed(g guesser) {
	if t.free <= 0 {
		return
	}
	g = g.brief()
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	known := t.by[g]
	if known == nil || now.Sub(known.last) > forgetAfter {
		over := t.roomLocked(now)
		known = &guesses{failed: over, over: over}
		g.user = strings.Clone(g.user) // it may be a part of all that was said
		t.by[g] = known
	}
	known.failed++
	known.last = now
	if known.failed >= t.free { // longer than the shortest is for one's own failures alone
		beyond := max(known.failed-known.over-t.free, 0)
		known.until = now.Add(min(firstRefusal<<min(beyond, 10), mostRefusal))
	}
}

// worked forgets the failures of who logged in. Those that were taken over stay: the
// place would be free, and whoever is the next in it would begin with none.
func (t *throttle) worked(g guesser) {
	g = g.brief()
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.by[g]; known != nil && known.over > 0 {
		known.failed, known.until = known.over, time.Time{}
		return
	}
	delete(t.by, g)
}

// roomLocked makes room for one more. It returns how often the one had failed who
// made room.
func (t *throttle) roomLocked(now time.Time) (over int) {
	if len(t.by) < mostGuessers {
		return 0
	}
	var out guesser
	var least *guesses
	for g, known := range t.by {
		switch {
		case now.Sub(known.last) > forgetAfter:
			delete(t.by, g)
		case least == nil, known.failed < least.failed, known.failed == least.failed && known.last.Before(least.last):
			out, least = g, known
		}
	}
	if len(t.by) < mostGuessers {
		return 0
	}
	delete(t.by, out)
	return least.failed
}
