// This file tests connections that belong to no line: what bounds them, and when a cancel request may still be on its way.

package netshim

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestAStrayConnectionEndsInTime is a cancel request to a frozen server, by a
// driver that sets deadlines of its own.
func TestAStrayConnectionEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer func() { _ = far.Close() }()
		dial := Dialer(func(ctx context.Context, _, _ string) (net.Conn, error) {
			if end, ok := ctx.Deadline(); !ok || time.Until(end) != strayStep {
				t.Errorf("dial is bounded by %v, %v", time.Until(end), ok)
			}
			return near, nil
		})
		c, err := dial(t.Context(), "pipe", "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		for _, own := range []time.Time{{}, time.Now().Add(time.Hour)} {
			_ = c.SetDeadline(own)
			_ = c.SetReadDeadline(own)
			_ = c.SetWriteDeadline(own)
			start := time.Now()
			_, err = c.Read(make([]byte, 1))
			if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || took != strayStep {
				t.Errorf("Read: %v after %v, want %v", err, took, strayStep)
			}
		}
	})
}

// TestAStrayConnectionIsGivenTheTimeTheNetworkNeeds is a cancel request over a
// line on which a mere dial takes a second.
func TestAStrayConnectionIsGivenTheTimeTheNetworkNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial := Dialer(func(ctx context.Context, _, _ string) (net.Conn, error) {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Second):
			}
			near, far := net.Pipe()
			t.Cleanup(func() { _ = far.Close() })
			return near, nil
		})
		if _, err := dial(t.Context(), "pipe", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("before anything is known of the network: %v", err)
		}
		if _, err := dial(WithLine(t.Context(), NewLine()), "pipe", ""); err != nil {
			t.Fatal(err)
		}
		c, err := dial(t.Context(), "pipe", "")
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	})
}

// TestOneSlowDialDoesNotMakeTheNetworkSlow is a busy machine: a cancel request
// to a frozen server must not hold its call much longer for it.
func TestOneSlowDialDoesNotMakeTheNetworkSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes := time.Duration(0)
		var given time.Duration
		dial := Dialer(func(ctx context.Context, _, _ string) (net.Conn, error) {
			if end, ok := ctx.Deadline(); ok {
				given = time.Until(end)
			}
			<-time.After(takes)
			near, far := net.Pipe()
			t.Cleanup(func() { _ = far.Close() })
			return near, nil
		})
		for _, takes = range []time.Duration{time.Second, time.Millisecond, 300 * time.Millisecond} {
			if _, err := dial(WithLine(t.Context(), NewLine()), "pipe", ""); err != nil {
				t.Fatal(err)
			}
		}
		takes = 0
		c, err := dial(t.Context(), "pipe", "")
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if given != strayStep {
			t.Errorf("a cancel request is given %s, want %s", given, strayStep)
		}
	})
}

// TestADeadlineMayBeSetBesideARead is pgx's context watcher on a cancel
// request's connection.
func TestADeadlineMayBeSetBesideARead(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := Dialer((&net.Dialer{}).DialContext)(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	done := readOne(c)
	_ = c.SetDeadline(time.Unix(1, 0))
	if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read: %v", err)
	}
}

// TestACancelRequestIsLateUntilTheServerEndsIt: only the server's end of the
// connection says that the request has arrived.
func TestACancelRequestIsLateUntilTheServerEndsIt(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(c, server net.Conn)
		late uint64
	}{
		"ended by the server":    {func(c, server net.Conn) { _ = server.Close(); _, _ = c.Read(make([]byte, 1)) }, 0},
		"given up":               {func(c, _ net.Conn) { _, _ = c.Read(make([]byte, 1)) }, 1},
		"closed without a look":  {func(net.Conn, net.Conn) {}, 1},
		"given up and looked at": {func(c, _ net.Conn) { _, _ = c.Read(make([]byte, 1)); _, _ = c.Read(make([]byte, 1)) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var server net.Conn
				dial := Dialer(func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					server = far
					return near, nil
				})
				line := NewLine()
				if line.LateCancels() != 0 {
					t.Error("a line without a connection has late cancel requests")
				}
				c, err := dial(WithLine(t.Context(), line), "pipe", "")
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				cancel, err := dial(t.Context(), "pipe", "")
				if err != nil {
					t.Fatal(err)
				}
				go func() { _, _ = server.Read(make([]byte, 1)) }()
				send(t, cancel, "x")
				tt.do(cancel, server)
				_ = cancel.Close()
				if n := line.LateCancels(); n != tt.late {
					t.Errorf("%d late cancel requests, want %d", n, tt.late)
				}
			})
		})
	}
}
