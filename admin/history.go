// This file remembers what the plots show, for a reader who opens the page later.

package admin

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
)

// A History has a sample of each connector per sampleEvery, for sampleFor: as far
// back as the page's plots reach. Samples of two who record into it at once keep
// sampleLeast between them.
const (
	sampleEvery = 5 * time.Second
	sampleFor   = 15 * time.Minute
	sampleLeast = sampleEvery / 2
)

// Sample is what the page plots of one connector at one moment.
type Sample struct {
	// Time is the moment, Seconds how long the interval was that ended then, of
	// which rates, percentiles and ratio are.
	Time    time.Time `json:"time"`
	Seconds Seconds   `json:"seconds"`
	// PerSecond and FailedPerSecond are queries. The percentiles are null where
	// there was none.
	PerSecond       Rate     `json:"per_second"`
	FailedPerSecond Rate     `json:"failed_per_second"`
	P50Seconds      *Seconds `json:"p50_seconds"`
	P95Seconds      *Seconds `json:"p95_seconds"`
	P99Seconds      *Seconds `json:"p99_seconds"`
	// Used, Waiting and MaxOpen are those of [Pool] at the moment.
	Used    int `json:"used"`
	Waiting int `json:"waiting"`
	MaxOpen int `json:"max_open"`
	// HitPercent is that of [CacheCounts]; null where the cache had no part.
	HitPercent *float64 `json:"hit_percent"`
}

// History keeps samples of connectors, by their names, for 15 minutes: about 25 KB
// for each. The zero value is empty. It may be used by several handlers, one after
// the other or at once, from any number of goroutines.
type History struct {
	mu    sync.Mutex // protects what follows; no source is asked under it
	lists map[string]*record
}

// record is what is kept of one name.
type record struct {
	last    metrics.Snapshot
	samples []Sample
}

// Record samples the connectors every 5 seconds until ctx ends or the handler is
// closed, so that the page's plots and /history.json reach back to before somebody
// looked. Without it plots begin when the page is opened. Run it in a goroutine of
// its own:
//
//	go h.Record(ctx)
//
// A sample costs a few microseconds per connector and asks no database. Where a
// handler takes another's place, [Options.History] hands its samples on.
func (h *Handler) Record(ctx context.Context) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		for _, s := range h.shown {
			h.options.History.take(s.name, s.source)
		}
		select {
		case <-ctx.Done():
			return
		case <-h.closed:
			return
		case <-tick.C:
		}
	}
}

// take adds what a source says now.
func (h *History) take(name string, from Source) {
	now, pool := from.Snapshot(), from.Diagnostics().State.Pool
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lists == nil {
		h.lists = map[string]*record{}
	}
	r := h.lists[name]
	if r == nil {
		r = &record{last: now} // it may have run for hours: its first interval is the next one
		h.lists[name] = r
		return
	}
	if now.At.Sub(r.last.At) < sampleLeast {
		return
	}
	between := now // of a connector that took the place of another
	if !now.Since.After(r.last.At) {
		between = now.Sub(r.last)
	}
	r.last = now
	r.samples = append(r.samples, sampleOf(intervalOf(between), poolOf(pool), now))
	h.forgetLocked(now.At)
}

// forgetLocked drops what is too old, also of names that are shown no more.
func (h *History) forgetLocked(now time.Time) {
	for name, r := range h.lists {
		if now.Sub(r.last.At) > sampleFor {
			delete(h.lists, name)
			continue
		}
		r.samples = slices.DeleteFunc(r.samples, func(s Sample) bool { return now.Sub(s.Time) > sampleFor })
	}
}

// of returns what is kept of a name, the oldest first.
func (h *History) of(name string) []Sample {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.lists[name]; r != nil {
		return slices.Clone(r.samples)
	}
	return nil
}

func sampleOf(i Interval, p Pool, now metrics.Snapshot) Sample {
	q := i.Queries
	s := Sample{
		Time: now.At.UTC(), Seconds: i.Seconds, PerSecond: q.PerSecond, FailedPerSecond: rate(q.Failed, i.Seconds),
		Used: p.Used, Waiting: p.Waiting, MaxOpen: p.MaxOpen,
	}
	if q.Count > 0 {
		s.P50Seconds, s.P95Seconds, s.P99Seconds = &q.P50Seconds, &q.P95Seconds, &q.P99Seconds
	}
	if i.CacheHits+i.CacheMisses > 0 || i.Cache.WouldHit > 0 {
		s.HitPercent = &i.Cache.HitPercent
	}
	return s
}
