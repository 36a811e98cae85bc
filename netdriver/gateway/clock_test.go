// This file tests that a login ends by the clock on the wall, wherever that jumps to.

package gateway

import (
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// loggedIn is a session whose login ends after d.
func loggedIn(t *testing.T, d time.Duration) *link {
	t.Helper()
	near, far := net.Pipe()
	s := &Server{links: map[*link]struct{}{}, counts: newCounts()}
	k := &link{server: s, conn: near}
	s.links[k] = struct{}{}
	s.mu.Lock()
	k.lasts(time.Now().Add(d))
	s.mu.Unlock()
	t.Cleanup(func() {
		k.expiry.Stop()
		_, _ = near.Close(), far.Close()
	})
	return k
}

// jump is what a jump of the clock amounts to: the login's end is by d nearer, or
// farther, and no timer was told.
func (k *link) jump(d time.Duration) {
	end := k.loginEnds().Add(-d)
	k.ends.Store(&end)
}

func TestALoginEndsInTimeWhenTheClockIsPutForwardOrBack(t *testing.T) {
	for name, row := range map[string]struct{ jump, least, most time.Duration }{
		"it stays":                   {0, 2 * time.Hour, 2 * time.Hour},
		"forward, the machine slept": {90 * time.Minute, 30 * time.Minute, 30*time.Minute + lookAgain},
		"forward, beyond the end":    {3 * time.Hour, 0, lookAgain},
		"back":                       {-time.Hour, 3 * time.Hour, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				k := loggedIn(t, 2*time.Hour)
				k.jump(row.jump)
				for !k.revoked.Load() {
					<-time.After(time.Second)
				}
				if took := time.Since(began); took < row.least || took > row.most+time.Second {
					t.Errorf("it ended after %v, want %v to %v", took, row.least, row.most)
				}
				<-time.After(revokedGrace)
			})
		})
	}
}
