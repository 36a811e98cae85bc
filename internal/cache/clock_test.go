// This file tests that no jump of the clock on the wall makes an answer older or younger.

package cache

import (
	"fmt"
	"testing"
	"time"
	"unsafe"
)

// jumps are what the clock on the wall does while an answer is kept.
var jumps = []time.Duration{0, 5 * time.Hour, -5 * time.Hour, 24 * 365 * time.Hour}

// jumped returns a time that time.Now would have returned if the clock on the wall had
// jumped: its monotonic clock says what it said. A time that has one counts the
// seconds on the wall from the thirtieth bit of its first word on.
func jumped(t *testing.T, at time.Time, by time.Duration) time.Time {
	t.Helper()
	now := at
	*(*uint64)(unsafe.Pointer(&now)) += uint64(by/time.Second) << 30
	if now.Sub(at) != 0 || now.Round(0).Sub(at.Round(0)) != by {
		t.Fatalf("a jump of %v moved the monotonic clock by %v and the one on the wall by %v", by, now.Sub(at), now.Round(0).Sub(at.Round(0)))
	}
	return now
}

func TestAnAnswerLastsAsLongWhateverTheClockOnTheWallDoes(t *testing.T) {
	for _, by := range jumps {
		s, asked := NewStore(open(t), 1<<20), time.Now()
		s.Put("k", text(t, "x"), capture(t, s.versions, Everything()), asked, time.Hour)
		now := jumped(t, asked.Add(54*time.Minute-1), by)
		e, found := s.Get("k", now)
		if found != Valid || e.Over(now) >= 0 || s.Dead(now) != 0 {
			t.Errorf("a jump of %v ends an answer: found %v, %v over", by, found, e.Over(now))
		}
		now = jumped(t, asked.Add(time.Hour), by)
		if e, found = s.Get("k", now); found != Expired || e.Over(now) < 0 || e.Over(now) > 6*time.Minute || s.Dead(now) != 1 {
			t.Errorf("a jump of %v keeps an answer: found %v, %v over", by, found, e.Over(now))
		}
	}
}

func TestWhichAnswerIsTheLaterOneIsNoMatterOfTheClockOnTheWall(t *testing.T) {
	for _, by := range jumps {
		s, asked := NewStore(open(t), 1<<20), time.Now()
		token := capture(t, s.versions, Everything())
		if !s.Put("k", text(t, "new"), token, jumped(t, asked.Add(time.Second), by), time.Hour) {
			t.Errorf("%v: the later answer is not kept", by)
		}
		if s.Put("k", text(t, "old"), token, asked, time.Hour) {
			t.Errorf("%v: the older answer takes its place", by)
		}
		find(t, s, "k", Valid, "new")
	}
}

func TestWhoMayJoinAnotherIsNoMatterOfTheClockOnTheWall(t *testing.T) {
	v := open(t)
	for i, by := range jumps {
		var f Flights[string]
		asked := time.Now()
		q := Question{Key: fmt.Sprint(i), Token: capture(t, v, Everything()), Asked: asked, TTL: 10 * time.Second}
		f.enter(q)
		q.Asked = jumped(t, asked.Add(10*time.Second-1), by)
		if _, leads := f.enter(q); leads {
			t.Errorf("%v: nobody joins an answer that is young enough", by)
		}
		q.Asked = jumped(t, asked.Add(10*time.Second), by)
		if _, leads := f.enter(q); !leads {
			t.Errorf("%v: somebody joins an answer that is too old", by)
		}
	}
}
