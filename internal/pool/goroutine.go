// This file tells which goroutine runs, so that a full pool can see a caller that waits for itself.

package pool

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// The runtime tells a goroutine's number only at the head of a printed stack,
// which takes 5 to 13 µs: too dear for every lease. The number also stands at
// a fixed place in the goroutine's descriptor, where reading it takes a
// nanosecond. The place differs between Go releases, so it is looked for once,
// by what the stacks of several goroutines say; if it is not found beyond
// doubt, goroutines stay unknown. The descriptor's address would not do: it is
// given to a new goroutine as soon as the old one ends.

// numberAt is where the number stands in a descriptor; 0 = unknown.
var numberAt atomic.Uintptr

// learnGoroutines looks for the place once per program, at the first Acquire:
// it starts goroutines, which opening a database must not.
var learnGoroutines = sync.OnceFunc(func() { numberAt.Store(findNumber(statedNumber)) })

// goroutine returns the running goroutine's number, or 0 if that cannot be
// told. No two goroutines of a program ever have the same.
func goroutine() uint64 {
	at := numberAt.Load()
	if at == 0 {
		return 0
	}
	return descriptor(at)
}

// findNumber returns the one place where the descriptors of several goroutines
// hold what stated says of them; 0 if there is not exactly one.
func findNumber(stated func() uint64) uintptr {
	var fits [descriptorReach / 8]int
	const witnesses = 4
	for range witnesses {
		var done sync.WaitGroup
		done.Go(func() {
			number := stated()
			for i := range fits {
				if number != 0 && descriptor(uintptr(i)*8) == number {
					fits[i]++
				}
			}
		})
		done.Wait()
	}
	var found uintptr
	for i, n := range fits {
		if n == witnesses {
			if found != 0 {
				return 0
			}
			found = uintptr(i) * 8
		}
	}
	return found
}

// statedNumber reads the number from the head of a printed stack, "goroutine
// 18 [running]:"; 0 if that is not how it looks.
func statedNumber() uint64 {
	var buf [64]byte
	head, ok := bytes.CutPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	digits, _, found := bytes.Cut(head, []byte(" "))
	if !ok || !found {
		return 0
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
