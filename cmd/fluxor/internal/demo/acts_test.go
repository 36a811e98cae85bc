// This file checks what the acts about a sick or overloaded database count, and that they stop when they are told to.

package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

func TestActsStopWithinASecondAndLeaveNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for i, c := range chapters[8:] {
		t.Run(c.title, func(t *testing.T) {
			acts := []chapter{c}
			if i == len(chapters[8:])-1 {
				acts = []chapter{chapters[0], c} // it serves the order database
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var stopped time.Time
			time.AfterFunc(300*time.Millisecond, func() {
				stopped = time.Now()
				cancel()
			})
			s := &stage{screen: term.New(new(bytes.Buffer), term.Plain), size: sizes[Full]}
			sum, err := s.run(ctx, acts)
			if !errors.Is(err, context.Canceled) || sum.OK {
				t.Errorf("got %v, %+v", err, sum)
			}
			if took := time.Since(stopped); took > time.Second {
				t.Errorf("it went on for %v", took)
			}
		})
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// shed is what a crowd meets of which Fluxor serves two and refuses two.
func shed(refusals ...error) rush {
	calls := []call{{10 * time.Millisecond, nil}, {300 * time.Millisecond, nil}}
	for _, err := range refusals {
		calls = append(calls, call{time.Millisecond, err})
	}
	return count(calls, time.Second, 100*time.Millisecond)
}

func overloaded(after time.Duration) error {
	return &fluxor.RefusalError{Policy: "backpressure", RetryAfter: after, Sentinel: fluxor.ErrOverloaded}
}

func TestOnlyAnswersWithinPatienceCount(t *testing.T) {
	t.Parallel()
	r := shed(overloaded(time.Millisecond))
	if r.inTime != 1 || len(r.served) != 2 || len(r.refused) != 1 || r.goodput() != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestEachRefusalMustSayWhenToTryAgain(t *testing.T) {
	t.Parallel()
	good := overloaded(time.Millisecond)
	for name, row := range map[string]struct {
		errs []error
		want bool
	}{
		"all do":               {[]error{good, good}, true},
		"nobody was refused":   {nil, false},
		"one does not":         {[]error{good, overloaded(0)}, false},
		"another refusal":      {[]error{good, &fluxor.RefusalError{RetryAfter: time.Second, Sentinel: fluxor.ErrAcquireTimeout}}, false},
		"an error beside them": {[]error{good, errors.New("boom")}, false},
	} {
		if got := shed(row.errs...).shedsAtOnce(); got != row.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
	slow := shed(good)
	slow.refused[0] = 6 * time.Millisecond
	if slow.shedsAtOnce() {
		t.Error("a refusal after 6 ms passes")
	}
}

func TestGoodputMustComeNearTheCapacityAndBeatTheBareOne(t *testing.T) {
	t.Parallel()
	per := func(n int) rush { return rush{span: time.Second, inTime: n} }
	for _, row := range []struct {
		bare, fluxor int
		want         bool
	}{{50, 140, true}, {50, 139, false}, {150, 150, false}} {
		if got := bears(capacity{perSecond: 200}, per(row.bare), per(row.fluxor)); got != row.want {
			t.Errorf("%+v: got %t", row, got)
		}
	}
}

func TestPercentilesAreThoseOfTheSortedTimes(t *testing.T) {
	t.Parallel()
	took := []time.Duration{1, 2, 3, 4}
	for percent, want := range map[int]time.Duration{0: 1, 50: 3, 99: 4, 100: 4} {
		if got := at(took, percent); got != want {
			t.Errorf("%d: got %v, want %v", percent, got, want)
		}
	}
	if at(nil, 50) != 0 {
		t.Error("of no times")
	}
}

func TestBreakerThatStaysOpenBreaksTheClaim(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		states []string
		want   bool
	}{
		"it never opened": {nil, false},
		"it stays open":   {[]string{"open", "half-open", "open"}, false},
		"it closed":       {[]string{"open", "half-open", "closed"}, true},
	} {
		if got := (outage{states: row.states}).circled(); got != row.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestOutageTellsRefusalsFromCallsThatWaited(t *testing.T) {
	t.Parallel()
	r := ring{calls: []call{
		{outageLimit, context.DeadlineExceeded},
		{time.Microsecond, &fluxor.RefusalError{RetryAfter: time.Second, Sentinel: fluxor.ErrCircuitOpen}},
		{time.Microsecond, &fluxor.RefusalError{Sentinel: fluxor.ErrCircuitOpen}},
	}}
	if o := r.outcome(0); len(o.failed) != 1 || len(o.refused) != 2 || o.typed != 1 || o.sees == nil {
		t.Errorf("got %+v", o)
	}
}

func TestReportOfALeakMustNameThePlaceAndNoValue(t *testing.T) {
	t.Parallel()
	good := fluxor.LeakReport{Place: "demo/leak.go:1 (demo.forgetRows)", Fingerprint: "select value as number from json_each(?)"}
	if namesLeak(good, "forgetRows") != 1 {
		t.Error("a good report does not pass")
	}
	for name, spoil := range map[string]func(*fluxor.LeakReport){
		"no place":      func(r *fluxor.LeakReport) { r.Place = "" },
		"another place": func(r *fluxor.LeakReport) { r.Place = "demo/leak.go:9 (demo.dropRows)" },
		"no statement":  func(r *fluxor.LeakReport) { r.Fingerprint = "" },
		"a value":       func(r *fluxor.LeakReport) { r.Fingerprint += " where value >= " + leakSecret },
	} {
		r := good
		spoil(&r)
		if namesLeak(r, "forgetRows") != 0 {
			t.Errorf("%s passes", name)
		}
	}
}

func TestStatementMustBeNamedInBothPlacesWithoutItsValue(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		w    slowness
		want int
	}{
		"both":           {slowness{logged: "statement=" + slowPrint, top: slowPrint}, 2},
		"neither":        {slowness{}, 0},
		"with its value": {slowness{logged: slowPrint + " C-4711", top: slowSQL}, 0},
	} {
		if got := row.w.named(); got != row.want {
			t.Errorf("%s: got %d", name, got)
		}
	}
}

func TestJournalFindsTheLineFromItsLevelOn(t *testing.T) {
	t.Parallel()
	var j journal
	for _, line := range []string{"time=1 level=INFO msg=other\n", "time=2 level=WARN msg=\"a slow operation\" x=1\n"} {
		if _, err := j.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if got := j.line("a slow operation"); got != `level=WARN msg="a slow operation" x=1` {
		t.Errorf("got %q", got)
	}
	if got := j.line("nothing"); got != "" {
		t.Errorf("got %q", got)
	}
}
