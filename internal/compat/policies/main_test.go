// This file is the test binary's entry, and the virtual time that its tests share.

package policies

import (
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// timeless hides a test's deadline, for which rapid would ask: a bubble has
// none.
type timeless struct{ rapid.TB }

// check runs a property in virtual time, with many draws.
func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { rapid.Check(timeless{t}, property) })
}

// pass lets virtual time go by and everybody act on it.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
