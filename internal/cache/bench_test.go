// This file holds what the protocol costs: no allocation, and a few nanoseconds per tag.

package cache

import (
	"fmt"
	"testing"
)

// numbered returns n names.
func numbered(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint("table", i))
	}
	return names
}

func TestReadersAndWritersAllocateNothing(t *testing.T) {
	v := open(t)
	for _, n := range []int{0, 1, 8, 100} {
		tags := v.Tags(numbered(n)...)
		if got := testing.AllocsPerRun(1000, func() {
			token, ok := v.Capture(tags)
			if !ok || !v.Holds(token) {
				t.Fatal("no token, although nobody writes")
			}
			w := v.Begin(tags)
			w.Done()
			w = v.Begin(Everything())
			w.Undone()
			v.Invalidate(tags)
		}); got != 0 {
			t.Errorf("%d tags: %v allocations, want 0", n, got)
		}
	}
}

func BenchmarkHolds(b *testing.B) {
	for _, n := range []int{1, 3, 8} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			v := open(b)
			token := capture(b, v, v.Tags(numbered(n)...))
			b.ReportAllocs()
			for b.Loop() {
				if !v.Holds(token) {
					b.Fatal("the token does not hold")
				}
			}
		})
	}
}

func BenchmarkCapture(b *testing.B) {
	v := open(b)
	tags := v.Tags(numbered(3)...)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := v.Capture(tags); !ok {
			b.Fatal("no token")
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	v := open(b)
	tags := v.Tags(numbered(3)...)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := v.Begin(tags)
			w.Done()
		}
	})
}

// BenchmarkReadersBesideWriters has readers of tables that nobody writes look at
// their tokens while another goroutine writes another table without a pause.
func BenchmarkReadersBesideWriters(b *testing.B) {
	v := open(b)
	token := capture(b, v, v.Tags(numbered(3)...))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				done(v, v.Tags("written"))
			}
		}
	}()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			v.Holds(token)
		}
	})
	close(stop)
	<-stopped
}
