// This file tests that goroutines are told apart.

package pool

import (
	"sync"
	"testing"
)

func TestTheRuntimesNumberIsFound(t *testing.T) {
	t.Parallel()
	learnGoroutines()
	if descriptorReach > 0 && numberAt.Load() == 0 {
		t.Fatal("this Go release keeps the goroutine's number elsewhere")
	}
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			n := goroutine()
			if descriptorReach > 0 && n != statedNumber() {
				t.Errorf("goroutine %d is called %d", statedNumber(), n)
			}
			mu.Lock()
			defer mu.Unlock()
			if n != 0 && seen[n] {
				t.Errorf("two goroutines are called %d", n)
			}
			seen[n] = true
		})
	}
	all.Wait()
}

func TestANewPoolStartsNothing(t *testing.T) {
	t.Parallel()
	if learnedByNew {
		t.Error("New started the goroutines that tell where numbers stand")
	}
}

func TestAnUnknownRuntimeLeavesGoroutinesUnknown(t *testing.T) {
	t.Parallel()
	if at := findNumber(func() uint64 { return 0 }); at != 0 {
		t.Errorf("found %d where nothing is to be found", at)
	}
	if at := findNumber(func() uint64 { return 1<<63 + 12345 }); at != 0 {
		t.Errorf("found %d where nothing is to be found", at)
	}
}
