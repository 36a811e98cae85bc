// This file tests for how long who guesses is not heard, and that remembering it is bounded.

package gateway

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// silence is for how long g is refused now.
func silence(t *throttle, g guesser) time.Duration {
	began := time.Now()
	for t.refuses(g) {
		<-time.After(100 * time.Millisecond)
	}
	return time.Since(began)
}

func TestEachFailureDoublesTheSilenceUpToAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		guesses, g := newThrottle(3), guesser{"10.0.0.1", "app"}
		for i, want := range []time.Duration{0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60} {
			guesses.failed(g)
			if got := silence(guesses, g); got != want*time.Second {
				t.Errorf("after %d failures it is %s, want %s", i+1, got, want*time.Second)
			}
		}
		for range 100 {
			guesses.failed(g)
		}
		if got := silence(guesses, g); got != mostRefusal {
			t.Errorf("after very many it is %s", got)
		}
		for _, other := range []guesser{{"10.0.0.2", "app"}, {"10.0.0.1", "root"}} {
			if guesses.refuses(other) {
				t.Errorf("%v is not heard either", other)
			}
		}
		guesses.failed(g)
		guesses.worked(g)
		if guesses.refuses(g) {
			t.Error("who logged in is not heard")
		}
	})
}

func TestFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		guesses, g := newThrottle(3), guesser{"10.0.0.1", "app"}
		for range 5 {
			guesses.failed(g)
		}
		<-time.After(forgetAfter + time.Second)
		if guesses.failed(g); guesses.refuses(g) {
			t.Error("a failure counts that is long past")
		}
	})
}

func TestOnlySoManyGuessersAreRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		guesses, last := newThrottle(1), guesser{}
		for i := range mostGuessers + 50 {
			last = guesser{"10.0.0.1", strconv.Itoa(i)}
			guesses.failed(last)
		}
		if n := len(guesses.by); n != mostGuessers || !guesses.refuses(last) {
			t.Errorf("%d are remembered", n)
		}
		<-time.After(forgetAfter + time.Second)
		if guesses.failed(last); len(guesses.by) > 2 {
			t.Errorf("%d are remembered that failed long ago", len(guesses.by))
		}
	})
}

func TestOfAGuessersNameTheBeginAloneIsRemembered(t *testing.T) {
	t.Parallel()
	guesses, long := newThrottle(1), guesser{"10.0.0.1", strings.Repeat("x", 1<<20)}
	guesses.failed(long)
	if !guesses.refuses(long) {
		t.Error("who has a long name may guess on")
	}
	for g := range guesses.by {
		if len(g.user) > mostName {
			t.Errorf("%d bytes of a name are kept", len(g.user))
		}
	}
	guesses.failed(guesser{"10.0.0.1", long.user[:5]})
	for g := range guesses.by {
		if unsafe.StringData(g.user) == unsafe.StringData(long.user) {
			t.Errorf("all is kept of which %q is a part", g.user)
		}
	}
	guesses.worked(long)
	if guesses.refuses(long) || len(guesses.by) != 1 {
		t.Error("who logged in is not heard")
	}
}

func TestWhoGuessesIsNotForgottenForManyNamesThatAreMadeUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		guesses, g := newThrottle(3), guesser{"10.0.0.1", "app"}
		for range 10 {
			guesses.failed(g)
		}
		<-time.After(time.Millisecond)
		for i := range mostGuessers + 50 {
			guesses.failed(guesser{"10.0.0.1", "made up " + strconv.Itoa(i)})
		}
		if n := len(guesses.by); n != mostGuessers || !guesses.refuses(g) {
			t.Errorf("%d are remembered, and who guessed is heard again", n)
		}
	})
}

// crowd has as many guessers as are remembered fail so often each.
func crowd(t *throttle, times int) {
	for i := range mostGuessers {
		for range times {
			t.failed(guesser{"10.0.0.1", "made up " + strconv.Itoa(i)})
		}
	}
	<-time.After(2 * time.Minute) // of all silence the end
}

func TestWhoGuessesIsNotForgottenForWhoFailsOnceMoreEachTime(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]bool{"with no login": false, "with a login of one's own": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				guesses, g, tried := newThrottle(10), guesser{"10.0.0.1", "app"}, 0
				crowd(guesses, 2)
				for ; tried < 100 && !guesses.refuses(g); tried++ {
					guesses.failed(g)
					other := guesser{"10.0.0.1", "other " + strconv.Itoa(tried)}
					if own {
						other.user = "own"
					}
					guesses.failed(other)
					if own {
						guesses.worked(other)
					}
				}
				if tried > 10 {
					t.Errorf("who guessed was heard %d times", tried)
				}
			})
		})
	}
}

func TestWhoFailsOnceAmongManyWhoGuessIsHeardAfterTheShortestSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		guesses, g := newThrottle(3), guesser{"10.0.0.2", "app"}
		crowd(guesses, 8)
		for i := range 3 {
			guesses.failed(g)
			if got := silence(guesses, g); got != firstRefusal {
				t.Errorf("after %d failures it is %s", i+1, got)
			}
		}
		guesses.failed(g)
		if got := silence(guesses, g); got != 2*firstRefusal {
			t.Errorf("after more failures than are free it is %s", got)
		}
		guesses.failed(g)
		guesses.worked(g)
		if guesses.refuses(g) {
			t.Error("who logged in is not heard")
		}
	})
}
