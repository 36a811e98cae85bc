// This file tests a store in which no answer has room, while many keep answers at once.

package cache

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestAStoreWithoutRoomKeepsNothingOnceNobodyPutsAnythingIn(t *testing.T) {
	t.Parallel()
	const callers, each = 128, 200
	v := open(t)
	s, tags, a := NewStore(v, 1), v.Tags("orders"), text(t, "x")
	var over atomic.Int64
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := range each {
				key := fmt.Sprint(caller, " ", i)
				put(t, s, key, a, tags, time.Hour)
				s.Get(key, time.Now())
				if _, bytes := s.Size(); bytes > 1 {
					over.Add(1)
				}
			}
		})
	}
	all.Wait()
	if answers, bytes := s.Size(); answers != 0 || bytes != 0 || s.Evicted() != callers*each {
		t.Errorf("%d answers of %d bytes are left, and %d of %d made room", answers, bytes, s.Evicted(), callers*each)
	}
	if n := over.Load(); n != 0 {
		t.Errorf("%d times the store took more than its budget", n)
	}
}
