// This file keeps an engine's books: on statements, and on the last errors.

package fluxor

import (
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/ledger"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// newLedger returns nil for a dialect that Fluxor does not read.
func newLedger(memo *sqltext.Memo, set settings) *ledger.Ledger {
	if memo.Dialect() == sqltext.Unknown || set.Metrics == metricsOff {
		return nil
	}
	return ledger.New(memo, ledger.Config{SlowAfter: set.SlowQueryThreshold})
}

// failures are the last errors of an engine.
type failures struct {
	mu   sync.Mutex // protects what follows
	last [16]health.Failure
	n    int // so many there were
}

func (f *failures) add(at time.Time, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last[f.n%len(f.last)] = health.Failure{At: at, Text: text}
	f.n++
}

// list returns them, the newest first.
func (f *failures) list() []health.Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []health.Failure
	for i := f.n - 1; i >= max(f.n-len(f.last), 0); i-- {
		list = append(list, f.last[i%len(f.last)])
	}
	return list
}
