// This file tests who asks for whom, and what becomes of those who wait.

package cache

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// outcome is what a caller of a flight came to.
type outcome struct {
	answer string
	how    Joined
	lead   Lead[string]
	err    error
}

func joined(o Outcome[string], err error) outcome {
	return outcome{o.Answer, o.How, o.Lead, err}
}

// join has a caller join a flight in the background.
func join(ctx context.Context, f *Flights[string], key string, token Token) <-chan outcome {
	return joins(ctx, f, key, token, 1)
}

// joins has n callers do so; they are heard in any order.
func joins(ctx context.Context, f *Flights[string], key string, token Token, n int) <-chan outcome {
	heard := make(chan outcome, n)
	for range n {
		go func() {
			heard <- joined(f.Join(ctx, Question{Key: key, Token: token}))
		}()
	}
	synctest.Wait()
	return heard
}

// came is what somebody came to; it must have come to something.
func came(t *testing.T, heard <-chan outcome) outcome {
	t.Helper()
	synctest.Wait()
	select {
	case o := <-heard:
		return o
	default:
		t.Fatal("it still waits")
		return outcome{}
	}
}

// waits checks that somebody still waits.
func waits(t *testing.T, heard <-chan outcome) {
	t.Helper()
	synctest.Wait()
	select {
	case o := <-heard:
		t.Fatalf("it came to %+v, want that it waits", o)
	default:
	}
}

// leads takes the lead that a caller must have.
func leads(t *testing.T, heard <-chan outcome) Lead[string] {
	t.Helper()
	o := came(t, heard)
	if o.how != Leading || o.err != nil {
		t.Fatalf("it came to %+v, want the lead", o)
	}
	return o.lead
}

// empty checks that no flight is left.
func empty(t *testing.T, f *Flights[string]) {
	t.Helper()
	if n := f.Len(); n != 0 {
		t.Errorf("%d flights are left", n)
	}
}

func TestOneOfAThousandAsks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v, f := open(t), &Flights[string]{}
		token := capture(t, v, v.Tags("orders"))
		lead := leads(t, join(t.Context(), f, "key", token))
		others := joins(t.Context(), f, "key", token, 999)
		waits(t, others)
		lead.Land("rows")
		for range 999 {
			if o := came(t, others); o.how != Served || o.answer != "rows" || o.err != nil {
				t.Fatalf("it came to %+v", o)
			}
		}
		empty(t, f)
	})
}

func TestWhoCannotShareAnAnswerAsksAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &Flights[string]{}
		lead := leads(t, join(t.Context(), f, "key", Token{}))
		others := joins(t.Context(), f, "key", Token{}, 2)
		lead.Fail()
		lead.Land("late")
		lead.Abort()
		for range 2 {
			if o := came(t, others); o.how != Alone || o.err != nil {
				t.Errorf("it came to %+v", o)
			}
		}
		empty(t, f)
	})
}

func TestACopyOfALeadIsTheSameLead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &Flights[string]{}
		first := leads(t, join(t.Context(), f, "key", Token{}))
		heard := joins(t.Context(), f, "key", Token{}, 2)
		deferred := first
		first.Abort()
		second := leads(t, heard)
		deferred.Abort() // the lead is no longer its own
		waits(t, heard)
		deferred = second
		second.Land("rows")
		deferred.Abort()
		if o := came(t, heard); o.how != Served || o.answer != "rows" {
			t.Errorf("the last came to %+v", o)
		}
		empty(t, f)
	})
}

func TestALeaderThatGivesUpHandsTheLeadOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &Flights[string]{}
		first := leads(t, join(t.Context(), f, "key", Token{}))
		heard := joins(t.Context(), f, "key", Token{}, 3)
		first.Abort()
		second := leads(t, heard)
		waits(t, heard)
		second.Abort()
		third := leads(t, heard)
		waits(t, heard)
		third.Land("rows")
		if o := came(t, heard); o.how != Served || o.answer != "rows" {
			t.Errorf("the last came to %+v", o)
		}
		empty(t, f)
	})
}

func TestALeaderThatGivesUpAloneLeavesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &Flights[string]{}
		lead := leads(t, join(t.Context(), f, "key", Token{}))
		lead.Abort()
		empty(t, f)
		again := leads(t, join(t.Context(), f, "key", Token{}))
		again.Land("rows")
	})
}

func TestWhoWaitsEndsWithItsOwnContextAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &Flights[string]{}
		lead := leads(t, join(t.Context(), f, "key", Token{}))
		ctx, cancel := context.WithCancel(t.Context())
		a, b := join(ctx, f, "key", Token{}), join(t.Context(), f, "key", Token{})
		cancel()
		if o := came(t, a); !errors.Is(o.err, context.Canceled) {
			t.Errorf("it came to %+v", o)
		}
		waits(t, b)
		lead.Abort()
		heir := leads(t, b)
		heir.Land("rows")
		empty(t, f)
	})
}

func TestALeadThatNobodyTookIsNotLost(t *testing.T) {
	f := &Flights[string]{}
	for range 2000 { // the lead and the end of the only one who waits race
		first, _ := f.Join(t.Context(), Question{Key: "key"})
		ctx, cancel := context.WithCancel(t.Context())
		heard := make(chan outcome, 1)
		go func() {
			heard <- joined(f.Join(ctx, Question{Key: "key"}))
		}()
		go cancel()
		first.Lead.Abort()
		if o := <-heard; o.how == Leading {
			o.lead.Abort()
		}
		if n := f.Len(); n != 0 {
			t.Fatalf("%d flights are left", n)
		}
	}
}

func TestNobodyJoinsAFlightFromBeforeItsOwnWrite(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v, f := open(t), &Flights[string]{}
		tags := v.Tags("orders")
		before := capture(t, v, tags)
		old := leads(t, join(t.Context(), f, "key", before))
		waiter := join(t.Context(), f, "key", before)
		done(v, tags)
		lead := leads(t, join(t.Context(), f, "key", capture(t, v, tags)))
		old.Land("old rows")
		if o := came(t, waiter); o.answer != "old rows" {
			t.Errorf("who waited before the write came to %+v", o)
		}
		after := join(t.Context(), f, "key", capture(t, v, tags))
		lead.Land("new rows")
		if o := came(t, after); o.answer != "new rows" {
			t.Errorf("who joined after the write came to %+v", o)
		}
		empty(t, f)
	})
}

func TestNobodyJoinsAFlightWhoseAnswerWouldBeTooOld(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &Flights[string]{}
		asks := func(ttl time.Duration) <-chan Outcome[string] {
			heard := make(chan Outcome[string], 1)
			q := Question{Key: "key", Asked: time.Now(), TTL: ttl}
			go func() {
				o, _ := f.Join(t.Context(), q)
				heard <- o
			}()
			synctest.Wait()
			return heard
		}
		began := time.Now()
		old := <-asks(time.Second)
		pass(time.Second - 1)
		waiter := asks(time.Second)
		pass(1)
		ageless := asks(0)
		young := <-asks(time.Second)
		if old.How != Leading || young.How != Leading {
			t.Fatalf("got %v and %v, want that both lead", old.How, young.How)
		}
		old.Lead.Land("old")
		for _, heard := range []<-chan Outcome[string]{waiter, ageless} {
			if o := <-heard; o.Answer != "old" || !o.Asked.Equal(began) {
				t.Errorf("got %+v, want the old answer", o)
			}
		}
		joins := asks(time.Second)
		young.Lead.Land("young")
		if o := <-joins; o.Answer != "young" || !o.Asked.Equal(began.Add(time.Second)) {
			t.Errorf("got %+v, want the young answer", o)
		}
		empty(t, f)
	})
}

func TestTheAgeOfAFlightIsItsLastLeaders(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &Flights[string]{}
		began := time.Now()
		first, _ := f.Join(t.Context(), Question{Key: "key", Asked: began, TTL: time.Second})
		heard := make(chan Outcome[string], 2)
		join := func(at time.Time) {
			go func() {
				o, _ := f.Join(t.Context(), Question{Key: "key", Asked: at, TTL: time.Second})
				heard <- o
			}()
			synctest.Wait()
		}
		half := began.Add(time.Second / 2)
		join(half)
		first.Lead.Abort()
		second := <-heard
		join(began.Add(5 * time.Second / 4)) // too late for the first question
		second.Lead.Land("rows")
		if o := <-heard; o.How != Served || !o.Asked.Equal(half) {
			t.Errorf("it came to %+v", o)
		}
	})
}
