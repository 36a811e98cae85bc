// This file finds passwords that are empty, within a bounded time for all users.

package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

const (
	// mostRounds is up to how many iterations a password is looked at, which takes some
	// hundredths of a second; mostRoundsOfAll is how many all have together that are
	// looked at, which takes about a second: 1,220 of 4096 iterations, or 50 of 100,000.
	mostRounds, mostRoundsOfAll = 100_000, 5_000_000
	// mostLooks is of how many it is remembered what was seen.
	mostLooks = 10_000
)

// Empties reports of each, in their order, whether its password is empty, or of nothing
// but what a login passes over, so that anybody has it; nil is none. To see that takes
// as long as a login, once for each: it is remembered. Not looked at is who has more
// than 100,000 iterations, or would be beyond 5 million together with those before.
// Which these are depends on nothing but all. It may be called from any goroutine.
func Empties(all []*SCRAM) []bool { return looked.empties(all) }

// looked is shared by whoever checks the same users: a file's reader, then the gateway
// that is to serve them, and both again at each reload.
var looked = &looks{hash: (*SCRAM).empty, seen: map[[sha256.Size]byte]bool{}}

// looks are passwords that were looked at. It is safe for concurrent use.
type looks struct {
	hash func(*SCRAM) bool

	mu   sync.Mutex // protects seen; nothing is hashed under it
	seen map[[sha256.Size]byte]bool
}

func (l *looks) empties(all []*SCRAM) []bool {
	out, left := make([]bool, len(all)), mostRoundsOfAll
	for i, s := range all {
		if s == nil || !s.valid() || s.Iterations > min(mostRounds, left) {
			continue
		}
		left -= s.Iterations // also for one that is known: else the next look would go on where this one ended
		out[i] = l.empty(s)
	}
	return out
}

func (l *looks) empty(s *SCRAM) bool {
	key := s.mark()
	l.mu.Lock()
	empty, known := l.seen[key]
	l.mu.Unlock()
	if known {
		return empty
	}
	empty = l.hash(s)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) >= mostLooks {
		clear(l.seen)
	}
	l.seen[key] = empty
	return empty
}

// mark stands for all that an empty password is known by.
func (s *SCRAM) mark() [sha256.Size]byte {
	text := binary.AppendUvarint(nil, uint64(s.Iterations)) //nolint:gosec // a valid one has no fewer than 4096
	text = append(append(text, s.StoredKey...), s.Salt...)  // the key is always as long
	return sha256.Sum256(text)
}

// empty hashes an empty password, for as long as a login takes.
func (s *SCRAM) empty() bool {
	of, err := derive("", s.Salt, s.Iterations)
	return err == nil && hmac.Equal(of.StoredKey, s.StoredKey)
}
