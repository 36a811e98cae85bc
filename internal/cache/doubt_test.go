// This file tests doubts: for how long they last, what they take, and how they end.

package cache

import (
	"fmt"
	"testing"
	"time"
)

// lose is a write whose answer is lost.
func lose(v *Versions, d time.Duration, names ...string) {
	w := v.Begin(v.Tags(names...))
	w.Doubtful(d)
}

// doubted checks whether a name is in doubt.
func doubted(t *testing.T, v *Versions, name string, want bool) {
	t.Helper()
	if _, ok := v.Capture(v.Tags(name)); ok == want {
		t.Errorf("%s is in doubt: %v, want %v", name, !ok, want)
	}
}

func TestALostWriteIsInDoubtForItsWindowAndThenDone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := open(t)
		token, other := capture(t, v, v.Tags("orders")), capture(t, v, v.Tags("stock"))
		lose(v, window, "orders")
		pass(window - 1)
		doubted(t, v, "orders", true)
		holds(t, v, token, false)
		holds(t, v, other, true)
		pass(1)
		doubted(t, v, "orders", false)
		holds(t, v, token, false)
		holds(t, v, other, true)
		if got := v.Doubts(); got != 0 {
			t.Errorf("%d doubts are left", got)
		}
	})
}

func TestDoubtsAboutOneTableLastAsLongAsTheLongest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := open(t)
		lose(v, 3*time.Second, "orders")
		lose(v, 10*time.Second, "orders", "stock")
		lose(v, time.Second, "orders", "customers")
		pass(time.Second)
		doubted(t, v, "customers", false)
		pass(8 * time.Second)
		doubted(t, v, "orders", true)
		doubted(t, v, "stock", true)
		pass(time.Second)
		doubted(t, v, "orders", false)
		doubted(t, v, "stock", false)
	})
}

func TestAnotherWriteDoesNotEndADoubt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := open(t)
		w := v.Begin(v.Tags("orders"))
		lose(v, window, "orders")
		w.Done()
		done(v, v.Tags("orders"))
		doubted(t, v, "orders", true)
		pass(window)
		doubted(t, v, "orders", false)
	})
}

func TestADoubtAboutEverythingLetsNothingBeShown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := open(t)
		w := v.Begin(Everything())
		w.Doubtful(window)
		doubted(t, v, "orders", true)
		pass(window)
		doubted(t, v, "orders", false)
	})
}

func TestAWindowOfNothingIsDone(t *testing.T) {
	for _, d := range []time.Duration{0, -time.Second} {
		v := open(t)
		token := capture(t, v, v.Tags("orders"))
		lose(v, d, "orders")
		doubted(t, v, "orders", false)
		holds(t, v, token, false)
	}
}

func TestDoubtsTakeNoMoreThanThereAreVersions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := open(t)
		for i := range 3 * stripes {
			lose(v, window+time.Duration(i), fmt.Sprint("table", i))
		}
		if got := v.Doubts(); got > stripes+1 {
			t.Errorf("%d doubts", got)
		}
		pass(window + 3*stripes + grain)
		if got := v.Doubts(); got != 0 {
			t.Errorf("%d doubts are left", got)
		}
		holds(t, v, capture(t, v, Everything()), true)
	})
}

func TestManyDoubtsEndALittleLateAndNoneEarly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := open(t)
		lose(v, window, "orders")
		lose(v, window+1, "stock")
		pass(window)
		doubted(t, v, "orders", false)
		doubted(t, v, "stock", true)
		pass(1)
		doubted(t, v, "stock", true)
		pass(grain - 1)
		doubted(t, v, "stock", false)
	})
}

func TestCloseLeavesNoTimer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := New()
		lose(v, window, "orders")
		open := v.Begin(v.Tags("orders"))
		v.Close()
		open.Doubtful(window)
		before := v.Doubts()
		pass(2 * window)
		if got := v.Doubts(); got != before {
			t.Errorf("%d doubts were settled after Close", before-got)
		}
		doubted(t, v, "orders", true)
	})
}
