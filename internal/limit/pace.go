// This file estimates how fast operations get through, for the retry-after of refusals.

package limit

import "time"

const (
	// sampleFor is how long the pace is watched at least, and staleAfter how
	// long at most: after that, much of the time nobody may have come.
	sampleFor, staleAfter = 50 * time.Millisecond, time.Second
	// firstGuess is taken until something is known; longest bounds what is
	// believed.
	firstGuess, longest = 100 * time.Millisecond, 10 * time.Second
)

// pace knows how long it takes until one more operation is admitted. It looks
// only when an operation is refused, so that it costs the others nothing.
type pace struct {
	at       time.Duration // when the sample began
	admitted uint64        // how many were until then
	known    time.Duration
}

// each is the time between two admissions under load. admitted counts all.
func (p *pace) each(now time.Duration, admitted uint64) time.Duration {
	took, n := now-p.at, admitted-p.admitted
	if took >= sampleFor {
		if took <= staleAfter {
			p.known = min(took/time.Duration(max(n, 1)), longest)
		}
		p.at, p.admitted = now, admitted
	}
	if p.known == 0 {
		return firstGuess
	}
	return p.known
}
