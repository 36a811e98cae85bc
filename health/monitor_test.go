// This file tests the monitor on a clock of its own.

package health

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pass lets time go by, which in a bubble of synctest takes none.
func pass(d time.Duration) { <-time.After(d) }

func TestAMonitorLooksAtOnceAndThenAtEachInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &sick{state: State{Breaker: BreakerClosed}}
		m := NewMonitor(d, 10*time.Second)
		var events []Event
		m.AddCallback(func(e Event) { events = append(events, e) })
		m.Start(t.Context())
		synctest.Wait()
		if len(events) != 1 || !events[0].Healthy || !events[0].Changed() {
			t.Fatalf("at first: got %+v", events)
		}
		d.set(func(d *sick) { d.err = errDown })
		pass(35 * time.Second)
		m.Stop()
		if len(events) != 4 || d.questions() != 4 {
			t.Fatalf("got %d events of %d questions, want 4", len(events), d.questions())
		}
		if e := events[1]; e.Healthy || !e.Changed() || !e.Before.Healthy {
			t.Errorf("the outage: got %+v", e)
		}
		if e := events[2]; e.Changed() {
			t.Errorf("the same outage again: got %+v", e)
		}
	})
}

func TestReadinessIsWhatTheLastLookFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &sick{state: State{Breaker: BreakerClosed}}
		m := NewMonitor(d, 10*time.Second)
		expect := func(when string, want Reason) {
			t.Helper()
			asked := d.questions()
			if s := m.Status(); s.Reason != want || s.Healthy != (want == ReasonOK) {
				t.Errorf("%s: got %+v", when, s)
			}
			if d.questions() != asked {
				t.Errorf("%s: the status asked the database", when)
			}
		}
		expect("before the first look", ReasonUnasked)
		m.Start(t.Context())
		synctest.Wait()
		expect("after it", ReasonOK)
		d.set(func(d *sick) { d.state.Breaker = BreakerOpen })
		expect("between two looks, as the breaker opens", ReasonBreaker)
		d.set(func(d *sick) { d.state.Breaker, d.err = BreakerClosed, errDown })
		expect("as it closes", ReasonOK)
		pass(10 * time.Second)
		synctest.Wait()
		expect("after a look at a dead database", ReasonNoAnswer)
		d.set(func(d *sick) { d.err = nil })
		pass(10 * time.Second)
		synctest.Wait()
		expect("after its return", ReasonOK)
		m.Stop()
		pass(35 * time.Second)
		expect("35 s after the last look", ReasonOK)
		pass(time.Second)
		expect("36 s after it", ReasonStale)
	})
}

func TestAMonitorStopsOnceAndStartsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &sick{}
		m := NewMonitor(d, 0)
		m.Stop() // never started
		ctx, cancel := context.WithCancel(t.Context())
		m.Start(ctx)
		m.Start(ctx) // runs already
		synctest.Wait()
		if n := d.questions(); n != 1 {
			t.Errorf("two starts asked %d times", n)
		}
		cancel()
		synctest.Wait()
		m.Start(t.Context()) // its context has ended
		pass(defaultInterval + time.Second)
		if n := d.questions(); n != 3 {
			t.Errorf("got %d questions after the second start, want 3", n)
		}
		m.Stop()
		m.Stop()
		pass(time.Hour)
		if n := d.questions(); n != 3 {
			t.Errorf("a stopped monitor asked: %d", n)
		}
	})
}

func TestStopEndsAQuestionUnderWayWithoutATraceOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMonitor(&sick{takes: time.Hour}, time.Second)
		m.AddCallback(func(e Event) { t.Errorf("a callback heard %+v", e) })
		m.Start(t.Context())
		synctest.Wait()
		before := time.Now()
		m.Stop()
		if took := time.Since(before); took != 0 || m.Status().Reason != ReasonUnasked {
			t.Errorf("Stop took %v and left %+v", took, m.Status())
		}
	})
}

func TestTheDefaultCallbackLogsChangesAlone(t *testing.T) {
	var log bytes.Buffer
	f := LogTo(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo})))
	well := Status{Healthy: true, Reason: ReasonOK, At: time.Now(), Message: "the database answered in 1ms"}
	ill := Status{Reason: ReasonNoAnswer, At: time.Now(), Message: "the database does not answer: EOF"}
	for _, e := range []Event{{Status: well}, {well, well}, {ill, well}, {ill, ill}, {well, ill}} {
		f(e)
	}
	var levels []string
	for line := range strings.Lines(log.String()) {
		levels = append(levels, strings.Fields(line)[1])
	}
	if got := strings.Join(levels, " "); got != "level=INFO level=WARN level=INFO" {
		t.Errorf("got %s in\n%s", got, log.String())
	}
}
