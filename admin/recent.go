// This file remembers what was counted a few seconds ago, so that a document can tell the present from the past.

package admin

import (
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/metrics"
)

// span is how long the recent interval is meant to last: long enough for
// percentiles, short enough to be the present. Where documents are asked for
// more often it lasts up to twice as long, and never much less than least.
const (
	span  = 5 * time.Second
	least = 250 * time.Millisecond
)

// shown is a connector and what documents of before have left.
type shown struct {
	name    string
	source  Source
	actions []Action

	mu     sync.Mutex // protects what follows; the source is asked without it
	older  metrics.Snapshot
	newer  metrics.Snapshot
	outage outage
}

// outage is a time in which the breaker is not closed.
type outage struct {
	opened int64     // the breaker's count, which tells outages apart
	since  time.Time // zero while there is none
}

// recent returns the interval that ends with now, and keeps now for those to
// come. The first begins with the connector.
func (s *shown) recent(now metrics.Snapshot) metrics.Snapshot {
	if from := s.begin(now); !from.At.IsZero() && from.At.Before(now.At) {
		return now.Sub(from)
	}
	return now
}

// begin returns where the interval begins that ends with now. What was kept of
// a time when nobody asked is passed over as soon as there is something newer.
func (s *shown) begin(now metrics.Snapshot) metrics.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch passed := now.At.Sub(s.newer.At); {
	case passed >= span:
		s.older, s.newer = s.newer, now
		return s.older
	case now.At.Sub(s.older.At) > 3*span && passed >= least:
		return s.newer
	}
	return s.older
}

// down returns how long the breaker has not been closed. It goes from closed to
// open once and then between open and half-open, and says only when the last of
// these began: the first that was seen of an outage counts.
func (s *shown) down(at time.Time, b health.Breaker) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.State != health.BreakerOpen && b.State != health.BreakerHalfOpen {
		s.outage = outage{}
		return 0
	}
	if s.outage.since.IsZero() || s.outage.opened != b.Opened {
		s.outage = outage{b.Opened, b.Since}
	}
	return max(at.Sub(s.outage.since), 0)
}
