// This file reports connections that somebody keeps for too long.

package fluxor

import (
	"github.com/fluxor-db/fluxor/internal/pool"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// places says which borrowers are named.
func places(set settings) pool.Places {
	switch set.LeakStack {
	case "always":
		return pool.PlacesAll
	case "off":
		return pool.PlacesNone
	}
	return pool.PlacesSampled
}

// note keeps what a connection is used for, in case that takes too long.
func (p *physical) note(text string) {
	if text == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doing = text
}

// noted returns what it was last used for, without the values in the text.
func (p *physical) noted(kind string) string {
	p.mu.Lock()
	text := p.doing
	p.mu.Unlock()
	if d := sqltext.ForType(kind); d != sqltext.Unknown && text != "" {
		return sqltext.Fingerprint(d, text)
	}
	return ""
}

// leaked logs a lease that lasts too long, or its end, and tells the application.
func (e *engine) leaked(l pool.Leak[*physical]) {
	r := e.leakReport(l)
	where := r.Place
	if where == "" {
		where = "unknown (fluxor_leak_stack=always notes it)"
	}
	if r.Ended {
		e.log.Info("a connection that was held too long came back", "held", r.Held, "borrower", where)
	} else {
		what := "a connection is held for longer than fluxor_leak_detection_threshold: is something not closed?"
		if r.Dropped {
			what = "rows were dropped without Close: their connection never comes back"
		}
		e.metrics.Leak()
		e.log.Warn(what, "held", r.Held, "borrower", where, "statement", r.Fingerprint)
	}
	if e.set.OnLeak != nil {
		e.set.OnLeak(r)
	}
}

func (e *engine) leakReport(l pool.Leak[*physical]) LeakReport {
	return LeakReport{
		Since: l.Since, Held: l.Held, Place: l.Place, Stack: l.Stack,
		Fingerprint: l.Value.noted(e.backend.Type), Dropped: l.Dropped, Ended: l.Ended,
	}
}

// leaks returns the leases that are too long at this moment, the longest first.
func (e *engine) leaks() []LeakReport {
	all := e.pool.Leaks()
	reports := make([]LeakReport, len(all))
	for i, l := range all {
		reports[i] = e.leakReport(l)
	}
	return reports
}
