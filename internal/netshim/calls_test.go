// This file tests the wire of calls: bounds, panics, and calls that do not return.

package netshim

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestACallLooksLikeARequestAndItsAnswer(t *testing.T) {
	l := NewLine()
	c := l.Calls()
	defer c.Close()
	if l.Sent() || l.Broken() || !l.Attached() {
		t.Fatal("a new wire of calls is not clean")
	}
	ran := 0
	for i := range 3 {
		l.Reset()
		if i == 1 { // before that it runs here
			defer l.Guard(t.Context(), time.Minute, 0).Stop()
		}
		if err := c.Do(func() { ran++ }); err != nil {
			t.Fatal(err)
		}
		if !l.Sent() || !l.Answered() {
			t.Errorf("sent %t, answered %t after a call", l.Sent(), l.Answered())
		}
	}
	if ran != 3 || l.Broken() || c.Left() {
		t.Errorf("%d calls ran, broken %t, left %t", ran, l.Broken(), c.Left())
	}
}

func TestACallThatOutlivesItsBoundIsLeft(t *testing.T) {
	bounds := map[string]func(l *Line) (Guarding, context.CancelFunc){
		"a context and its grace": func(l *Line) (Guarding, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			return l.Guard(ctx, time.Second, 0), cancel
		},
		"a quiet limit": func(l *Line) (Guarding, context.CancelFunc) {
			return l.Guard(context.Background(), 0, 2*time.Second), func() {}
		},
	}
	for name, bound := range bounds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := NewLine()
				c := l.Calls()
				g, cancel := bound(l)
				defer cancel()
				defer g.Stop()
				start, hold := time.Now(), make(chan struct{})
				err := c.Do(func() { <-hold })
				if took := time.Since(start); !errors.Is(err, ErrLeft) || took != 2*time.Second {
					t.Errorf("%v after %v, want ErrLeft after 2s", err, took)
				}
				if !c.Left() || !l.Broken() {
					t.Errorf("left %t, broken %t", c.Left(), l.Broken())
				}
				if err := c.Do(func() { t.Error("a call ran over a line that was cut") }); !errors.Is(err, ErrLeft) {
					t.Errorf("the next call: %v", err)
				}
				var order []int
				c.Later(func() { order = append(order, 1) })
				c.Later(func() { order = append(order, 2) })
				c.Close()
				synctest.Wait()
				if len(order) != 0 {
					t.Error("what was to come later came before the call returned")
				}
				close(hold)
				synctest.Wait()
				if len(order) != 2 || order[0] != 1 || c.Left() {
					t.Errorf("later: %v, left %t", order, c.Left())
				}
				c.Later(func() { order = append(order, 3) })
				if len(order) != 3 {
					t.Error("with no call under way, later is not now")
				}
			})
		})
	}
}

func TestACallInTimeIsNotLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLine()
		c := l.Calls()
		defer c.Close()
		for range 3 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			g := l.Guard(ctx, time.Second, 3*time.Second)
			if err := c.Do(func() { <-time.After(2500 * time.Millisecond) }); err != nil {
				t.Error(err)
			}
			g.Stop()
			cancel()
			<-time.After(time.Minute)
		}
		if l.Broken() {
			t.Error("the line is broken")
		}
	})
}

func TestACutEndsTheWaitForACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLine()
		c := l.Calls()
		defer l.Guard(t.Context(), time.Minute, 0).Stop()
		hold := make(chan struct{})
		time.AfterFunc(time.Second, l.Cut)
		if err := c.Do(func() { <-hold }); !errors.Is(err, ErrLeft) {
			t.Error(err)
		}
		close(hold)
		c.Close()
	})
}

func TestAPanicOfACallIsRaisedWhereItWasMade(t *testing.T) {
	l := NewLine()
	c := l.Calls()
	defer c.Close()
	defer l.Guard(t.Context(), time.Minute, 0).Stop()
	func() {
		defer func() {
			if cause := recover(); cause != "ouch" {
				t.Errorf("recovered %v", cause)
			}
		}()
		_ = c.Do(func() { panic("ouch") })
		t.Error("no panic")
	}()
	if err := c.Do(func() {}); err != nil {
		t.Errorf("the call after: %v", err)
	}
}

func TestACallThatEndsItsGoroutineEndsItsCallers(t *testing.T) {
	l := NewLine()
	c := l.Calls()
	defer c.Close()
	defer l.Guard(t.Context(), time.Minute, 0).Stop()
	ended := make(chan bool, 1)
	go func() {
		returned := false
		defer func() { ended <- returned }()
		_ = c.Do(runtime.Goexit)
		returned = true
	}()
	if <-ended {
		t.Error("the caller goes on")
	}
	ran := false
	if err := c.Do(func() { ran = true }); err != nil || !ran {
		t.Errorf("the call after: ran %t, %v", ran, err)
	}
}

func TestWhatComesLaterMayFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLine()
		c := l.Calls()
		g := l.Guard(context.Background(), 0, time.Second)
		hold := make(chan struct{})
		if err := c.Do(func() { <-hold }); !errors.Is(err, ErrLeft) {
			t.Fatal(err)
		}
		g.Stop()
		c.Later(func() { panic("a close fails") })
		c.Later(runtime.Goexit)
		settled := false
		time.AfterFunc(time.Second, func() {
			if settled {
				t.Error("settled while the call is under way")
			}
			close(hold)
		})
		c.Settle()
		settled = true
		c.Close()
		c.Settle()
	})
}

func TestABoundThatRestsCutsNothing(t *testing.T) {
	for name, bound := range map[string]func(l *Line, ctx context.Context) Guarding{
		"a context and its grace": func(l *Line, ctx context.Context) Guarding { return l.Guard(ctx, time.Second, 0) },
		"a quiet limit":           func(l *Line, _ context.Context) Guarding { return l.Guard(context.Background(), 0, time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := NewLine()
				c := l.Calls()
				defer c.Close()
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				g := bound(l, ctx)
				g.Rest()
				g.Rest()
				other := l.Guard(t.Context(), time.Hour, 0)
				if err := c.Do(func() { <-time.After(time.Minute) }); err != nil || l.Broken() {
					t.Fatalf("a call beside: %v", err)
				}
				other.Stop()
				g.Wake()
				g.Wake()
				start, hold := time.Now(), make(chan struct{})
				if err := c.Do(func() { <-hold }); !errors.Is(err, ErrLeft) || time.Since(start) != time.Second {
					t.Errorf("%v after %v, want ErrLeft after 1s", err, time.Since(start))
				}
				close(hold)
				if g.Expired() == nil {
					t.Error("the bound does not say that it cut")
				}
				g.Rest()
				g.Stop()
				g.Wake()
				if n := len(l.active); n != 0 {
					t.Errorf("%d bounds are left on the line", n)
				}
			})
		})
	}
}

func BenchmarkCall(b *testing.B) {
	l := NewLine()
	c := l.Calls()
	defer c.Close()
	defer l.Guard(b.Context(), time.Minute, 0).Stop()
	n := 0
	f := func() { n++ }
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Do(f); err != nil {
			b.Fatal(err)
		}
	}
}
