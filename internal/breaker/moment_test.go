// This file looks at the breaker in the moment in which it opens.

package breaker

import (
	"runtime"
	"testing"
	"time"
)

func TestCallRefusedWhileTheBreakerOpensHearsWhenToTryAgain(t *testing.T) {
	t.Parallel()
	b := open(t, Config{MaxFailures: 1})
	b.mu.Lock()
	b.enterLocked(Open, b.now(), "the gate is shut, and the probe not yet due", nil)
	after := make(chan time.Duration, 1)
	go func() {
		_, retry, _ := b.Allow()
		after <- retry
	}()
	for b.refused.Load() == 0 {
		runtime.Gosched()
	}
	select {
	case got := <-after:
		t.Errorf("got %v before the time was known", got)
		after <- time.Second
	case <-time.After(20 * time.Millisecond): // it waits to know
	}
	b.pause = time.Second
	b.scheduleLocked(b.now())
	b.mu.Unlock()
	if got := <-after; got < 100*time.Millisecond {
		t.Errorf("got %v, want the time of the probe", got)
	}
}
