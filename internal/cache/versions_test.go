// This file tests when tokens hold, one rule at a time.

package cache

import (
	"fmt"
	"testing"
)

func TestATokenHoldsWhileNothingIsWritten(t *testing.T) {
	v := open(t)
	token := capture(t, v, v.Tags("orders", "customers"))
	holds(t, v, token, true)
	done(v, v.Tags("stock"))
	holds(t, v, token, true)
}

// done is a write that succeeded.
func done(v *Versions, tags Tags) {
	w := v.Begin(tags)
	w.Done()
}

func TestTheZeroTokenNeverHolds(t *testing.T) {
	v := open(t)
	holds(t, v, Token{}, false)
	done(v, Everything())
	holds(t, v, Token{}, false)
}

func TestAWriteEndsTokensOfItsTagsAndNoOthers(t *testing.T) {
	for _, c := range []struct {
		name        string
		read, write []string
		holds       bool
	}{
		{"the same table", []string{"a"}, []string{"a"}, false},
		{"another table", []string{"a"}, []string{"b"}, true},
		{"one of the tables read", []string{"a", "b"}, []string{"b"}, false},
		{"one of the tables written", []string{"b"}, []string{"a", "b"}, false},
		{"a read of no table", []string{}, []string{"a"}, true},
		{"a write of no table", []string{"a"}, []string{}, true},
		{"everything is read", nil, []string{"a"}, false},
		{"everything is written", []string{"a"}, nil, false},
		{"everything is written and no table read", []string{}, nil, false},
		{"everything is read and written", nil, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := open(t)
			token := capture(t, v, tagsFrom(v, c.read))
			w := v.Begin(tagsFrom(v, c.write))
			holds(t, v, token, c.holds)
			if _, ok := v.Capture(tagsFrom(v, c.read)); ok != c.holds {
				t.Errorf("a token could be taken during the write: %v", ok)
			}
			w.Done()
			holds(t, v, token, c.holds)
			holds(t, v, capture(t, v, tagsFrom(v, c.read)), true)
		})
	}
}

// tagsFrom takes nil for everything.
func tagsFrom(v *Versions, names []string) Tags {
	if names == nil {
		return Everything()
	}
	return v.Tags(names...)
}

func TestAnUndoneWriteSuspendsTokensAndEndsNone(t *testing.T) {
	v := open(t)
	tags := v.Tags("orders")
	token := capture(t, v, tags)
	w := v.Begin(tags)
	holds(t, v, token, false)
	w.Undone()
	holds(t, v, token, true)
}

func TestATokenWaitsForTheLastOfSeveralWriters(t *testing.T) {
	v := open(t)
	tags := v.Tags("orders")
	first, second := v.Begin(tags), v.Begin(tags)
	first.Done()
	if _, ok := v.Capture(tags); ok {
		t.Error("a token was taken while the second writer is at work")
	}
	second.Undone()
	holds(t, v, capture(t, v, tags), true)
}

func TestOnlyTheFirstEndOfAWriteCounts(t *testing.T) {
	v := open(t)
	tags := v.Tags("orders")
	token := capture(t, v, tags)
	w := v.Begin(tags)
	w.Undone()
	w.Done()
	w.Undone()
	w.Doubtful(window)
	holds(t, v, token, true)
	other := v.Begin(tags)
	defer other.Undone()
	holds(t, v, token, false) // it is counted once
}

func TestInvalidateEndsTokensAtOnce(t *testing.T) {
	v := open(t)
	token, all := capture(t, v, v.Tags("orders")), capture(t, v, Everything())
	other := capture(t, v, v.Tags("stock"))
	v.Invalidate(v.Tags("orders"))
	holds(t, v, token, false)
	holds(t, v, all, false)
	holds(t, v, other, true)
	v.Invalidate(Everything())
	holds(t, v, other, false)
}

func TestTwoTokensAreTheSameUntilSomethingIsWritten(t *testing.T) {
	v := open(t)
	tags := v.Tags("orders", "stock")
	first := capture(t, v, tags)
	if !first.Same(capture(t, v, v.Tags("stock", "orders"))) {
		t.Error("nothing was written, but the tokens differ")
	}
	if first.Same(capture(t, v, v.Tags("orders"))) || first.Same(capture(t, v, Everything())) {
		t.Error("tokens of other tags are the same")
	}
	done(v, v.Tags("stock"))
	if first.Same(capture(t, v, tags)) {
		t.Error("the token after a write is the same")
	}
}

func TestATransactionWritesWhatItsStatementsWrite(t *testing.T) {
	v := open(t)
	a, b, both := v.Tags("a"), v.Tags("b"), v.Tags("b", "a")
	if !a.With(b).With(a).same(both) || !a.With(v.Tags()).same(a) || !v.Tags().With(v.Tags()).same(v.Tags()) {
		t.Error("tags add up to something else")
	}
	if !a.With(Everything()).same(Everything()) || !Everything().With(a).same(Everything()) {
		t.Error("everything and something is less than everything")
	}
	if v.Tags().same(Everything()) {
		t.Error("nothing is everything")
	}
}

func TestNamesBeyondCountShareVersionsAndAreAllEnded(t *testing.T) {
	v := open(t)
	tokens := map[string]Token{}
	for i := range 3 * stripes {
		name := fmt.Sprint("table", i)
		tokens[name] = capture(t, v, v.Tags(name))
	}
	ended := 0
	for name, token := range tokens {
		if v.Holds(token) {
			done(v, v.Tags(name))
			holds(t, v, token, false)
			ended++
		}
	}
	if ended > stripes || ended < stripes/2 {
		t.Errorf("%d writes ended all tokens, want at most one per version", ended)
	}
}

func TestWritesOfOneTableSeldomEndAnswersFromAnother(t *testing.T) {
	v := open(t)
	for i := range 50 {
		done(v, v.Tags(fmt.Sprint("written", i)))
	}
	shared := 0
	for i := range 10_000 {
		if sum, _ := v.look(v.Tags(fmt.Sprint("read", i))); sum != bump {
			shared++
		}
	}
	t.Logf("%d of 10,000 tables share a version with one of fifty that are written", shared)
	if shared > 200 { // 121 are expected
		t.Errorf("%d of 10,000 tables share a version with one of fifty", shared)
	}
}

func TestNothingHoldsAfterClose(t *testing.T) {
	v := New()
	token := capture(t, v, v.Tags("orders"))
	v.Close()
	v.Close()
	holds(t, v, token, false)
	for _, tags := range []Tags{v.Tags(), v.Tags("orders"), Everything()} {
		if _, ok := v.Capture(tags); ok {
			t.Error("a token was taken after Close")
		}
	}
}
