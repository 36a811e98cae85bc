// This file tests the probe over drivers that hang, panic, or have nothing to ask with.

package fluxor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestAProbeThatTheDriverDoesNotEndHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		released := make(chan struct{})
		f := &dbtest.Fake{OnConnect: func(context.Context, int) error { <-released; return nil }}
		c, err := fluxor.WrapConnector(f, fluxor.RuntimeConfig{})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			began := time.Now()
			if err := c.Probe(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
			cancel()
		}
		if n := f.Dials(); n != 1 {
			t.Errorf("%d dials hang", n)
		}
		began := time.Now()
		if err := c.Close(); err == nil || !strings.Contains(err.Error(), "did not return from a health probe") || time.Since(began) != 5*time.Second {
			t.Errorf("Close after %v: %v", time.Since(began), err)
		}
		close(released)
		synctest.Wait()
		if n := f.Live(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

func TestAProbeOutlivesAPanicOfTheDriver(t *testing.T) {
	f := &dbtest.Fake{OnCall: func(_ context.Context, conn int, call string) error {
		if conn == 1 {
			panic("boom")
		}
		return nil
	}}
	c, err := fluxor.WrapConnector(f, fluxor.RuntimeConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "panicked while it was asked: boom") {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(c.Probe(t.Context()), c.Close()); err != nil || f.Live() != 0 {
		t.Errorf("the next: %v, %d connections left", err, f.Live())
	}
}

func TestWithoutAPingTheOpeningIsTheAnswer(t *testing.T) {
	for shape, want := range map[dbtest.Shape]int{dbtest.Mandatory: 3, dbtest.Full: 1} {
		f := &dbtest.Fake{Shape: shape}
		c, err := fluxor.WrapConnector(f, fluxor.RuntimeConfig{})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := c.Probe(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n := f.Dials(); n != want {
			t.Errorf("shape %v: %d dials, want %d", shape, n, want)
		}
		if err := c.Close(); err != nil || f.Live() != 0 {
			t.Errorf("shape %v: %d connections left, %v", shape, f.Live(), err)
		}
	}
}
