// This file holds what the tests of this package share: virtual time and the leak check.

package cache

import (
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// window is for how long a write may stay in doubt.
const window = 30 * time.Second

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// pass lets virtual time go by and everybody act on it.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// open returns versions that are closed with the test.
func open(t testing.TB) *Versions {
	v := New()
	t.Cleanup(v.Close)
	return v
}

// capture takes a token that must be had.
func capture(t testing.TB, v *Versions, tags Tags) Token {
	t.Helper()
	token, ok := v.Capture(tags)
	if !ok {
		t.Fatal("no token, although nobody writes")
	}
	return token
}

// holds checks whether a token holds.
func holds(t testing.TB, v *Versions, token Token, want bool) {
	t.Helper()
	if got := v.Holds(token); got != want {
		t.Errorf("the token holds: %v, want %v", got, want)
	}
}
