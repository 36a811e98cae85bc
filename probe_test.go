// This file tests the probe over drivers that hang, panic, or have nothing to ask with.

package fluxor_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/health"
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

func TestTheConnectionOfAProbeIsClosedWhenNobodyAskedFor90Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &dbtest.Fake{}
		c, err := fluxor.WrapConnector(f, fluxor.RuntimeConfig{})
		if err != nil {
			t.Fatal(err)
		}
		later := func(d time.Duration, live, dials int) {
			t.Helper()
			<-time.After(d)
			synctest.Wait()
			if f.Live() != live || f.Dials() != dials {
				t.Errorf("%d connections are open and %d were opened, want %d and %d", f.Live(), f.Dials(), live, dials)
			}
		}
		ask := func() {
			t.Helper()
			if err := c.Probe(t.Context()); err != nil {
				t.Error(err)
			}
		}
		ask()
		later(89*time.Second, 1, 1)
		ask()
		later(89*time.Second, 1, 1)
		later(time.Second, 0, 1)
		ask()
		later(0, 1, 2)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		later(time.Hour, 0, 2)
	})
}

func TestAMonitorKeepsTheConnectionOfItsProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &dbtest.Fake{}
		c, err := fluxor.WrapConnector(f, fluxor.RuntimeConfig{})
		if err != nil {
			t.Fatal(err)
		}
		looks := 0
		m := health.NewMonitor(c, 0)
		m.AddCallback(func(e health.Event) {
			if looks++; !e.Healthy {
				t.Errorf("look %d: %+v", looks, e.Status)
			}
		})
		m.Start(t.Context())
		<-time.After(time.Hour)
		m.Stop()
		if looks < 100 || f.Dials() != 1 {
			t.Errorf("%d looks opened %d connections, want one", looks, f.Dials())
		}
		if err := c.Close(); err != nil || f.Live() != 0 {
			t.Errorf("%d connections are left, %v", f.Live(), err)
		}
	})
}

// lingering is a connector whose connections take their time to close.
type lingering struct {
	*dbtest.Fake
	until chan struct{}
}

func (l lingering) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := l.Fake.Connect(ctx)
	return lingeringConn{c, l.until}, err
}

type lingeringConn struct {
	driver.Conn
	until chan struct{}
}

func (c lingeringConn) Ping(context.Context) error { return nil }

func (c lingeringConn) Close() error {
	<-c.until
	return c.Conn.Close()
}

func TestAQuestionDuringTheCloseOfARestedConnectionOpensAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := lingering{&dbtest.Fake{}, make(chan struct{})}
		c, err := fluxor.WrapConnector(f, fluxor.RuntimeConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-time.After(90*time.Second + time.Millisecond)
		answer := make(chan error)
		go func() { answer <- c.Probe(t.Context()) }()
		synctest.Wait()
		if f.Dials() != 1 {
			t.Error("the question did not wait")
		}
		close(f.until)
		if err := <-answer; err != nil || f.Dials() != 2 {
			t.Errorf("%d dials, %v", f.Dials(), err)
		}
		if err := c.Close(); err != nil || f.Live() != 0 {
			t.Errorf("%d connections are left, %v", f.Live(), err)
		}
	})
}
