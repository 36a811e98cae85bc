// This file tests the wire of calls: bounds, panics, and calls that do not return.

package netshim

import (
	"context"
	"errors"
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
