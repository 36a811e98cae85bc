// This file tests that the place of a lease is the caller's, whatever stacks were seen before.

package pool

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor/internal/callsite"
)

// acquire stands for Acquire, and noting for what it calls; both note the stack.
//
//go:noinline
func acquire() (quick *stack, slow string) { return noting() }

//go:noinline
func noting() (quick *stack, slow string) {
	quick = captured()
	var pcs [depth]uintptr
	n := runtime.Callers(aboveAcquire-1, pcs[:]) // here captured is none of them
	return quick, callsite.First(runtime.CallersFrames(pcs[:n]))
}

// paths call acquire from lines of their own, as functions that are inlined, that
// are not, that recurse, and that have grown their stack.
var paths = []func(next func()){
	func(next func()) { next() },
	func(next func()) { next() },
	func(next func()) { notInlined(next) },
	func(next func()) { inlined(next) },
	func(next func()) { large(next) },
	func(next func()) { defer next() },
	func(next func()) { func() { next() }() },
	func(next func()) {
		var done sync.WaitGroup
		done.Go(next)
		done.Wait()
	},
}

//go:noinline
func notInlined(next func()) { next() }

func inlined(next func()) { next() }

//go:noinline
func large(next func()) {
	var frame [64 << 10]byte
	frame[len(frame)-1] = 1
	next()
	runtime.KeepAlive(&frame)
}

// wander takes a random way of n paths to acquire.
func wander(t *testing.T, r *rand.Rand, n int) {
	if n == 0 {
		quick, slow := acquire()
		if got := quick.String(); got != slow || !strings.Contains(got, "pool/place_test.go:") {
			t.Errorf("noted %q, the runtime says %q", got, slow)
		}
		return
	}
	paths[r.IntN(len(paths))](func() { wander(t, r, n-1) })
}

func TestPlacesAreThoseThatTheRuntimeTells(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a repeatable choice
		wander(t, r, r.IntN(12))
	}
}

func TestTheChainOfAGoroutineIsWhole(t *testing.T) {
	var done sync.WaitGroup
	for _, path := range paths {
		done.Go(func() {
			path(func() {
				var returns [reach]uintptr
				if !returnAddresses(&returns) || returns[0] == 0 {
					t.Errorf("the chain is broken: %x", returns)
				}
			})
		})
	}
	done.Wait()
}

func TestAStackIsNotedOnce(t *testing.T) {
	var first, second *stack
	for i := range 2 {
		s, _ := acquire()
		if i == 0 {
			first = s
		} else {
			second = s
		}
	}
	other, _ := acquire()
	if first != second {
		t.Error("a stack that was seen before was noted anew")
	}
	if other == first || other.String() == first.String() {
		t.Errorf("two lines are one place: %v", other)
	}
	if n := testing.AllocsPerRun(100, func() { acquireQuietly() }); n != 0 {
		t.Errorf("noting a stack that was seen before allocates %v", n)
	}
}

//go:noinline
func acquireQuietly() *stack { return captured() }

func BenchmarkPlace(b *testing.B) {
	for b.Loop() {
		acquireQuietly()
	}
}
