// This file tests what a check says of a database.

package health

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sick is a database whose answers and state a test sets.
type sick struct {
	mu    sync.Mutex
	err   error
	state State
	takes time.Duration
	asked int
}

func (d *sick) Probe(ctx context.Context) error {
	d.mu.Lock()
	d.asked++
	err, takes := d.err, d.takes
	d.mu.Unlock()
	timer := time.NewTimer(takes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *sick) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

func (d *sick) set(change func(*sick)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *sick) questions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

var errDown = errors.New("connection refused")

func TestACheckSaysInAWordAndInASentenceHowTheDatabaseIs(t *testing.T) {
	for name, row := range map[string]struct {
		d       *sick
		healthy bool
		reason  Reason
		message string
	}{
		"well":                {&sick{state: State{Breaker: BreakerClosed}, takes: 3 * time.Millisecond}, true, ReasonOK, "the database answered in 3ms"},
		"down":                {&sick{err: errDown}, false, ReasonNoAnswer, "the database does not answer: connection refused"},
		"silent":              {&sick{takes: time.Hour}, false, ReasonNoAnswer, "the database did not answer within 5s"},
		"behind a breaker":    {&sick{state: State{Breaker: BreakerOpen}}, false, ReasonBreaker, "the database answered in 0s, but the circuit breaker is open and refuses calls"},
		"behind a probe":      {&sick{state: State{Breaker: BreakerHalfOpen}}, false, ReasonBreaker, "the database answered in 0s, but the circuit breaker is half-open and refuses calls"},
		"with a crowded pool": {&sick{state: State{Pool: Pool{Used: 50, Waiting: 7}}}, true, ReasonOK, "the database answered in 0s; 50 connections are used and 7 callers wait for one"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := Check(t.Context(), row.d)
			if s.Healthy != row.healthy || s.Reason != row.reason || s.Message != row.message {
				t.Errorf("%s: got %t, %s, %s", name, s.Healthy, s.Reason, s.Message)
			}
			if s.State != row.d.state || s.At.IsZero() {
				t.Errorf("%s: got %+v", name, s)
			}
		})
	}
}

func TestWhatIsKnownWithoutAskingIsNoAnswer(t *testing.T) {
	for want, state := range map[string]State{
		"no check has asked the database lately":                                                    {Breaker: BreakerClosed},
		"no check has asked the database lately, but the circuit breaker is open and refuses calls": {Breaker: BreakerOpen},
		"no check has asked the database lately; 3 connections are used and 2 callers wait for one": {Pool: Pool{Used: 3, Waiting: 2}},
	} {
		if s := (Status{}).Beside(state); s.Message != want || s.Healthy != (state.Breaker != BreakerOpen) {
			t.Errorf("got %t, %s, want %s", s.Healthy, s.Message, want)
		}
	}
}

func TestACheckEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		s := Check(ctx, &sick{takes: time.Hour})
		if s.Healthy || s.Latency != 20*time.Millisecond || !errors.Is(s.Err, context.DeadlineExceeded) {
			t.Errorf("got %+v", s)
		}
	})
}

func TestDiagnosticsAreOneFactPerLine(t *testing.T) {
	at := time.Date(2026, 11, 26, 5, 20, 0, 0, time.UTC)
	d := Diagnostics{
		At: at, Backend: "postgres, through the driver postgres",
		Health: Status{Reason: ReasonNoAnswer, Message: "the database does not answer: a\nb", At: at.Add(-3 * time.Second)},
		State: State{Breaker: BreakerOpen, Pool: Pool{
			MaxOpen: 50, Open: 12, Idle: 9, Used: 3, MaxUsed: 14, WaitCount: 2, WaitDuration: 1500 * time.Microsecond, Timeouts: 1, Dials: 14, DialErrors: 4, Discarded: 2, Invalid: 1,
		}},
		Breaker: Breaker{
			State: BreakerOpen, Why: "failures in a row: 5, over 2s", Since: at.Add(-4 * time.Second), Failures: 5, Opened: 2, Refused: 31,
			LastError: "dial tcp:\nconnection refused", NextProbe: 240 * time.Millisecond,
		},
		Limits: []Limit{
			{Name: LimitPerSecond, Limit: 1000, Queued: 7, Admitted: 9000, Refused: 3, Mode: "timeout", Timeout: 30 * time.Second},
			{Name: LimitAtOnce, Limit: 100, InUse: 12, Admitted: 8000, Mode: "reject"},
		},
		Slowest:  []Statement{{Fingerprint: "select  *\nfrom t where id = ?", Count: 3, Failed: 1, Mean: time.Second, Max: 2 * time.Second, Caller: "shop/cart.go:31"}},
		Leaks:    []Leak{{Held: 11 * time.Minute, Place: "report/month.go:88", Fingerprint: "select ?"}, {Held: time.Hour}},
		Failures: []Failure{{at, "pq: deadlock detected"}},
		Config:   []Setting{{"fluxor_preset", "legacy"}},
	}
	const want = `Fluxor diagnostics, 2026-11-26T05:20:00Z
database  postgres, through the driver postgres
health    unhealthy: the database does not answer: a b (asked 3s ago)
breaker   open for 4s: failures in a row: 5, over 2s; asked again in 240ms
          opened 2 times, refused 31 calls; 5 failures in a row; last error: dial tcp: connection refused
pool      12 open (3 used, 9 idle), limit 50, 0 dialing, 0 waiting; at most 14 used at once
          2 waited 2ms together, 1 gave up; 14 dialed, 4 dials failed, 2 lost in use, 1 found broken
limits    operations per second: limit 1000, 7 queued; 9000 admitted, 3 refused; mode timeout (30s)
          operations at once: limit 100, 12 in use, 0 queued; 8000 admitted, 0 refused; mode reject
cache     off
slowest   select * from t where id = ?: 3 times, 1 failed, mean 1s, max 2s, shop/cart.go:31
leaks     held 11m0s, report/month.go:88: select ?
          held 1h0m0s
errors    2026-11-26T05:20:00Z pq: deadlock detected
config    fluxor_preset=legacy
`
	if got := d.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDiagnosticsOfWhatNobodyWatchedSaySo(t *testing.T) {
	got := Diagnostics{}.String()
	for _, line := range []string{"health    unknown: nobody asked yet\n", "breaker   unknown\n", "no limit", "limits    none\n", "cache     off\n", "slowest   none\n", "leaks     none\n", "errors    none\n", "config    none\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("%q is missing in\n%s", line, got)
		}
	}
}

func TestABreakerThatIsForcedSaysSo(t *testing.T) {
	at := time.Date(2026, 11, 26, 5, 20, 0, 0, time.UTC)
	d := Diagnostics{At: at, Breaker: Breaker{State: BreakerOpen, Override: "forced open", Why: "somebody set it to forced open", Since: at.Add(-time.Minute)}}
	const want = "breaker   open (forced open) for 1m0s: somebody set it to forced open\n          opened 0 times, refused 0 calls; 0 failures in a row\n"
	if got := d.String(); !strings.Contains(got, want) {
		t.Errorf("%q is missing in\n%s", want, got)
	}
}
