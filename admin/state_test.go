// This file checks in which state a connector is said to be, and over which time it is judged.

package admin_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/middleware"
)

// changed is a connector that is well but for one thing.
func changed(change func(*health.Diagnostics)) health.Diagnostics {
	d := closed()
	change(&d)
	return d
}

// inWords are connectors that are well but for one thing, and what is said of
// them after two seconds.
var inWords = map[string]struct {
	change  func(*health.Diagnostics)
	ran     func(*source)
	state   string
	summary string
}{
	"well": {
		nil, func(s *source) { s.ran(400, middleware.OpQuery, 4*time.Millisecond, nil) },
		admin.Healthy, "12 of 50 connections used, 200 queries/s, p99 4 ms",
	},
	"new":             {nil, nil, admin.Healthy, "12 of 50 connections used, no queries yet"},
	"without a limit": {func(d *health.Diagnostics) { d.State.Pool.MaxOpen = 0 }, nil, admin.Healthy, "12 connections used, no queries yet"},
	"forced closed": {
		func(d *health.Diagnostics) { d.Breaker.Override = "forced closed" }, nil,
		admin.Healthy, "12 of 50 connections used, no queries yet; the breaker is forced closed",
	},
	"full": {
		func(d *health.Diagnostics) { d.State.Pool.Used, d.State.Pool.Waiting = 50, 31 }, nil,
		admin.Saturated, "31 callers wait for one of 50 connections; 50 of 50 connections used, no queries yet",
	},
	"waiting for a first dial": {
		func(d *health.Diagnostics) {
			d.State.Pool = health.Pool{MaxOpen: 50, Dialing: 1, Waiting: 1}
		}, nil, admin.Healthy, "0 of 50 connections used, no queries yet",
	},
	"crowded": {
		func(d *health.Diagnostics) {
			d.Limits = []health.Limit{{Name: health.LimitAtOnce, Limit: 100, Queued: 1}}
		}, nil, admin.Saturated, "1 caller waits at the limit of 100 operations at once; 12 of 50 connections used, no queries yet",
	},
	"shedding": {
		nil, func(s *source) { s.counts.Refuse("rate limit"); s.counts.Refuse("breaker") },
		admin.Saturated, "1 refused by rate limit in the last 2 s; 12 of 50 connections used, no queries yet",
	},
	"failing": {
		func(d *health.Diagnostics) { d.Failures = []health.Failure{{Text: "connection\nreset"}} }, func(s *source) {
			s.ran(2, middleware.OpQuery, time.Millisecond, nil)
			s.ran(3, middleware.OpQuery, time.Second, context.DeadlineExceeded)
			s.ran(9, middleware.OpQuery, time.Second, context.Canceled)
		},
		admin.Failing, "3 of 5 operations failed in the last 2 s: connection reset",
	},
	"given no connection": {
		nil, func(s *source) {
			for range 3 {
				s.counts.Refuse("pool")
			}
		},
		admin.Failing, "3 of 3 operations failed in the last 2 s",
	},
	"given no connection of a full pool": {
		func(d *health.Diagnostics) { d.State.Pool.Used = 50 }, func(s *source) {
			for range 3 {
				s.counts.Refuse("pool")
			}
		},
		admin.Saturated, "3 refused by pool in the last 2 s; 50 of 50 connections used, no queries yet",
	},
	"an impatient caller": {
		nil, func(s *source) { s.ran(1, middleware.OpQuery, time.Second, context.DeadlineExceeded) },
		admin.Healthy, "12 of 50 connections used, 0.5 queries/s, p99 1 s",
	},
	"mistaken": {
		nil, func(s *source) { s.ran(10, middleware.OpQuery, time.Millisecond, errors.New("no such table")) },
		admin.Healthy, "12 of 50 connections used, 5 queries/s, p99 1 ms",
	},
	"no answer": {
		func(d *health.Diagnostics) {
			d.Health = health.Status{At: time.Now(), Message: "the database does not answer: refused"}
		}, nil, admin.Down, "the database does not answer: refused",
	},
	"no answer long ago": {
		func(d *health.Diagnostics) {
			d.Health = health.Status{At: time.Now().Add(-2 * time.Minute), Message: "the database does not answer: refused"}
		}, nil, admin.Healthy, "12 of 50 connections used, no queries yet",
	},
}

func TestTheStateSaysInWordsWhatIsWorst(t *testing.T) {
	for name, row := range inWords {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := closed()
				if row.change != nil {
					row.change(&d)
				}
				s := newSource(d)
				if row.ran != nil {
					row.ran(s)
				}
				<-time.After(2 * time.Second)
				c := state(t, admin.New(admin.Named{Source: s})).Connectors[0]
				if c.State != row.state || c.Summary != row.summary {
					t.Errorf("got %s: %s\nwant %s: %s", c.State, c.Summary, row.state, row.summary)
				}
			})
		})
	}
}

func TestAnOutageLastsAcrossProbesAndEndsWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSource(closed())
		h := admin.New(admin.Named{Source: s})
		open := func(state string, opened int64, next time.Duration) admin.Connector {
			s.set(changed(func(d *health.Diagnostics) {
				d.State.Breaker = state
				d.Breaker = health.Breaker{State: state, Opened: opened, Since: time.Now(), NextProbe: next, LastError: "connection refused", Why: "5 failures"}
			}))
			<-time.After(6 * time.Second)
			return of(t, h)
		}
		want := "for 6 s: breaker open, next probe in 3 s: connection refused"
		if c := open(health.BreakerOpen, 1, 3*time.Second); c.State != admin.Down || c.Summary != want {
			t.Errorf("got %s: %s, want %s", c.State, c.Summary, want)
		}
		if c := open(health.BreakerHalfOpen, 1, 0); c.Breaker.DownSeconds != 12 || c.Breaker.Seconds != 6 || !strings.Contains(c.Summary, "asking the database now") {
			t.Errorf("got %+v, %s", c.Breaker, c.Summary)
		}
		if c := open(health.BreakerOpen, 2, 0); c.Breaker.DownSeconds != 6 {
			t.Errorf("another outage: got %+v", c.Breaker)
		}
		s.set(closed())
		if c := of(t, h); c.State != admin.Healthy || c.Breaker.DownSeconds != 0 {
			t.Errorf("got %+v", c)
		}
		s.set(changed(func(d *health.Diagnostics) {
			d.Breaker = health.Breaker{State: health.BreakerOpen, Override: "forced open", Since: time.Now().Add(-time.Hour)}
		}))
		if c := of(t, h); c.State != admin.Down || c.Summary != "for 1h0m0s: the breaker is forced open, somebody has all calls refused" {
			t.Errorf("got %s: %s", c.State, c.Summary)
		}
	})
}

// of is the only connector's part.
func of(t *testing.T, h *admin.Handler) admin.Connector {
	t.Helper()
	return state(t, h).Connectors[0]
}

func TestTheWorstConnectorIsTheStateOfAll(t *testing.T) {
	t.Parallel()
	full := changed(func(d *health.Diagnostics) { d.State.Pool.Used, d.State.Pool.Waiting = 50, 1 })
	broken := changed(func(d *health.Diagnostics) { d.Breaker.State = health.BreakerOpen })
	for want, list := range map[string][]health.Diagnostics{
		admin.Healthy: {closed(), closed()}, admin.Saturated: {full, closed()}, admin.Down: {full, broken, closed()},
	} {
		var named []admin.Named
		for _, d := range list {
			named = append(named, admin.Named{Source: newSource(d)})
		}
		if got := state(t, admin.New(named...)); got.State != want || len(got.Connectors) != len(list) || got.Connectors[0].Name != "default" {
			t.Errorf("got %s, want %s", got.State, want)
		}
	}
}

func TestTheRecentIntervalIsThePresent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSource(closed())
		h := admin.New(admin.Named{Source: s})
		<-time.After(time.Hour)
		if c := of(t, h); c.Recent.Seconds != 3600 || c.Total.Seconds != 3600 {
			t.Errorf("the first document: %v s of %v s, want an hour", c.Recent.Seconds, c.Total.Seconds)
		}
		for range 30 { // a stream
			<-time.After(time.Second)
			s.ran(10, middleware.OpQuery, time.Millisecond, nil)
			c := of(t, h)
			if r := c.Recent; r.Seconds > 10 || r.Queries.PerSecond != 10 {
				t.Fatalf("%d queries in %v s, %v per second; want 10", r.Queries.Count, r.Seconds, r.Queries.PerSecond)
			}
		}
		<-time.After(time.Hour)
		if c := of(t, h); c.Recent.Seconds < 3600 {
			t.Errorf("after an hour without documents: %v s", c.Recent.Seconds)
		}
		<-time.After(time.Second)
		if c := of(t, h); c.Recent.Seconds != 1 || c.Recent.Queries.Count != 0 {
			t.Errorf("a second later: %+v", c.Recent)
		}
		if c := of(t, h); c.Recent.Seconds != 1 {
			t.Errorf("at once again: %+v", c.Recent)
		}
	})
}

func TestNumbersAreShort(t *testing.T) {
	t.Parallel()
	for n, want := range map[admin.Seconds]string{
		0: "0 s", 410e-6: "410 µs", .0009999: "1 ms", .0041: "4.1 ms", .00999: "10 ms", .25: "250 ms", .9999: "1 s", 1.25: "1.2 s", 9.99: "10 s",
		12: "12 s", 59.9: "1m0s", 200: "3m20s", 3600: "1h0m0s", 1e30: "for ever",
	} {
		if got := n.String(); got != want {
			t.Errorf("%v: got %s, want %s", float64(n), got, want)
		}
	}
	for n, want := range map[admin.Rate]string{0: "0", .5: "0.5", 9.97: "10", 340.4: "340"} {
		if got := n.String(); got != want {
			t.Errorf("%v: got %s, want %s", float64(n), got, want)
		}
	}
}

// ahead is a source by another clock than the page's: as after the one on the wall was
// put back by three hours, which the monotonic one does not notice.
type ahead struct{ *source }

func (a ahead) Diagnostics() health.Diagnostics {
	d := a.source.Diagnostics()
	d.At = d.At.Add(3 * time.Hour)
	return d
}

func TestAnAnswerIsAsOldAsTheConnectorSays(t *testing.T) {
	t.Parallel()
	for state, age := range map[string]time.Duration{admin.Down: 30 * time.Second, admin.Healthy: 2 * time.Minute} {
		s := newSource(closed())
		s.set(changed(func(d *health.Diagnostics) {
			d.Health = health.Status{At: time.Now().Add(3*time.Hour - age), Message: "the database does not answer: refused"}
		}))
		if c := of(t, admin.New(admin.Named{Source: ahead{s}})); c.State != state {
			t.Errorf("%v old: got %s, want %s", age, c.State, state)
		}
	}
}
