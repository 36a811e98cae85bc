// This file tests when a breaker opens, and what it counts.

package breaker

import (
	"testing"
	"time"
)

func TestFailuresInARowOpenTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{MaxFailures: 5})
		call(t, b, Failure, 4)
		stateIs(t, b, Closed)
		call(t, b, Failure, 1)
		stateIs(t, b, Open)
		if s := b.Snapshot(); s.Opened != 1 || s.Failures != 5 || s.LastError != errDown || s.Why != "failures in a row: 5, over 0s" {
			t.Errorf("%+v", s)
		}
	})
}

func TestASuccessEndsTheRowAndAnIgnoredCallDoesNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{MaxFailures: 3})
		call(t, b, Failure, 2)
		call(t, b, Success, 1)
		call(t, b, Failure, 2)
		call(t, b, Ignored, 1000)
		stateIs(t, b, Closed)
		call(t, b, Failure, 1)
		stateIs(t, b, Open)
	})
}

func TestCallersMistakesNeverOpenTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{MaxFailures: 1, ErrorRate: 1, MinCalls: 1})
		call(t, b, Ignored, 10_000)
		stateIs(t, b, Closed)
		if s := b.Snapshot(); s.WindowCalls != 0 || s.Failures != 0 {
			t.Errorf("ignored calls were counted: %+v", s)
		}
	})
}

func TestCallsMustFailForTheWholeFailureTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{MaxFailures: 5, FailureTime: 2 * time.Second})
		call(t, b, Success, 1)
		pass(time.Second)
		call(t, b, Failure, 100)
		pass(1900 * time.Millisecond)
		call(t, b, Failure, 100)
		stateIs(t, b, Closed)
		call(t, b, Success, 1)
		pass(time.Second)
		call(t, b, Failure, 1) // the time begins here
		pass(2 * time.Second)
		call(t, b, Failure, 3)
		stateIs(t, b, Closed) // four in a row are too few
		call(t, b, Failure, 1)
		stateIs(t, b, Open)
	})
}

func TestTheFailureTimeBeginsWhenTheFirstFailedCallBegan(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{MaxFailures: 2, FailureTime: 2 * time.Second})
		first, _, _ := b.Allow()
		pass(3 * time.Second)
		b.Report(first, Result{Outcome: Failure, Took: 3 * time.Second})
		call(t, b, Failure, 1)
		stateIs(t, b, Open)
	})
}

func TestTheFailureTimeBeginsNoEarlierThanTheLastSuccess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{MaxFailures: 2, FailureTime: 2 * time.Second})
		slow, _, _ := b.Allow()
		pass(29 * time.Second)
		call(t, b, Success, 1)
		pass(time.Second)
		b.Report(slow, Result{Outcome: Failure, Took: 30 * time.Second})
		call(t, b, Failure, 1)
		stateIs(t, b, Closed)
		pass(1125 * time.Millisecond) // one second and the grain of successes
		call(t, b, Failure, 1)
		stateIs(t, b, Open)
	})
}

func TestARateOfFailuresOpensTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{ErrorRate: 50, MinCalls: 10})
		call(t, b, Failure, 9)
		stateIs(t, b, Closed) // too few calls to tell
		call(t, b, Success, 11)
		call(t, b, Failure, 1)
		stateIs(t, b, Closed) // 10 of 21
		call(t, b, Failure, 1)
		stateIs(t, b, Open) // 11 of 22
		if s := b.Snapshot(); s.WindowCalls != 22 || s.WindowFails != 11 || s.Why != "11 of 22 calls failed within 10s" {
			t.Errorf("%+v", s)
		}
	})
}

func TestCallsLeaveTheWindow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{ErrorRate: 50, MinCalls: 1, Window: 10 * time.Second})
		call(t, b, Success, 20)
		pass(9999 * time.Millisecond)
		call(t, b, Failure, 10)
		stateIs(t, b, Closed)
		pass(time.Millisecond) // the successes are ten seconds old
		if s := b.Snapshot(); s.WindowCalls != 10 || s.WindowFails != 10 {
			t.Errorf("%+v", s)
		}
		pass(time.Hour)
		if s := b.Snapshot(); s.WindowCalls != 0 || s.WindowFails != 0 {
			t.Errorf("after an hour: %+v", s)
		}
		call(t, b, Failure, 1)
		stateIs(t, b, Open)
	})
}

func TestARateOfSlowCallsOpensTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{SlowRate: 50, SlowCall: time.Second, MinCalls: 4})
		for _, took := range []time.Duration{time.Second, time.Second, 1001 * time.Millisecond} {
			ticket, _, _ := b.Allow()
			b.Report(ticket, Result{Outcome: Success, Took: took})
		}
		stateIs(t, b, Closed)
		ticket, _, _ := b.Allow()
		b.Report(ticket, Result{Outcome: Failure, Took: time.Minute, Err: errDown})
		stateIs(t, b, Open)
		if s := b.Snapshot(); s.WindowSlow != 2 || s.Why != "2 of 4 calls took longer than 1s within 10s" {
			t.Errorf("%+v", s)
		}
	})
}

func TestACallFromBeforeTheChangeDoesNotCount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		db := &database{}
		b := open(t, Config{MaxFailures: 2, Probe: db.probe})
		var old []Ticket
		for range 10 {
			ticket, _, _ := b.Allow()
			old = append(old, ticket)
		}
		call(t, b, Failure, 2)
		old = append(old, b.Enter()) // a commit while it is open
		pass(time.Second)
		stateIs(t, b, Closed)
		for _, ticket := range old {
			b.Report(ticket, Result{Outcome: Failure})
		}
		stateIs(t, b, Closed)
		if s := b.Snapshot(); s.Failures != 0 {
			t.Errorf("%d calls of an earlier state were counted", s.Failures)
		}
	})
}

func TestACallThatIsNotAskedCountsAsWell(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{MaxFailures: 2})
		for range 2 {
			b.Report(b.Enter(), Result{Outcome: Failure})
		}
		stateIs(t, b, Open)
	})
}

func TestADisabledBreakerOpensOnlyByForce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{Disabled: true, MaxFailures: 1, ErrorRate: 1, MinCalls: 1})
		call(t, b, Failure, 1000)
		stateIs(t, b, Closed)
		b.Force(ForcedOpen)
		stateIs(t, b, Open)
		b.Force(Automatic)
		call(t, b, Failure, 1000)
		stateIs(t, b, Closed)
	})
}

func TestABreakerWithoutConditionsNeverOpens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := open(t, Config{})
		call(t, b, Failure, 1000)
		stateIs(t, b, Closed)
	})
}
