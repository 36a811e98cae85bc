// This file tests connections that are no plain sockets: an SSH channel without deadlines, a finished TLS connection.

package netshim

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// tunnel is a connection that knows no deadlines, as those that
// golang.org/x/crypto/ssh dials.
type tunnel struct{ net.Conn }

var errNoDeadline = errors.New("ssh: tcpChan: deadline not supported")

func (tunnel) SetDeadline(time.Time) error      { return errNoDeadline }
func (tunnel) SetReadDeadline(time.Time) error  { return errNoDeadline }
func (tunnel) SetWriteDeadline(time.Time) error { return errNoDeadline }

// overTunnel returns a shimmed connection without deadlines.
func overTunnel(t *testing.T, ctx context.Context) (net.Conn, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	dial := Dialer(func(context.Context, string, string) (net.Conn, error) { return tunnel{near}, nil })
	c, err := dial(ctx, "pipe", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), far.Close() })
	return c, far
}

func TestAConnectionWithoutDeadlinesIsEndedByClosingIt(t *testing.T) {
	const limit = time.Second
	for name, bound := range map[string]func(*testing.T, *Line) Guarding{
		"cut": func(_ *testing.T, l *Line) Guarding {
			time.AfterFunc(limit, l.Cut)
			return Guarding{}
		},
		"context": func(t *testing.T, l *Line) Guarding {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			t.Cleanup(cancel)
			return l.Guard(ctx, 0, 0)
		},
		"quiet": func(t *testing.T, l *Line) Guarding { return l.Guard(t.Context(), 0, limit) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := NewLine()
				c, _ := overTunnel(t, WithLine(t.Context(), line))
				defer bound(t, line).Stop()
				start := time.Now()
				if err := <-readOne(c); err == nil || time.Since(start) != limit {
					t.Errorf("Read: %v after %v", err, time.Since(start))
				}
				if !line.Broken() {
					t.Error("the line is not broken")
				}
			})
		})
	}
}

func TestBytesKeepAConnectionWithoutDeadlinesAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = time.Second
		line := NewLine()
		c, server := overTunnel(t, WithLine(t.Context(), line))
		defer line.Guard(t.Context(), 0, limit).Stop()
		go func() {
			tick := time.NewTicker(limit * 3 / 4)
			defer tick.Stop()
			for range 4 {
				<-tick.C
				_, _ = io.ReadFull(server, make([]byte, deafPiece))
			}
		}()
		if n, err := c.Write(make([]byte, 4*deafPiece)); n != 4*deafPiece || err != nil {
			t.Errorf("a Write that never stood still: %d, %v", n, err)
		}
	})
}

func TestACancelRequestWithoutDeadlinesEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := overTunnel(t, t.Context())
		start := time.Now()
		if err := <-readOne(c); err == nil || time.Since(start) != strayStep {
			t.Errorf("Read: %v after %v, want %v", err, time.Since(start), strayStep)
		}
	})
}

// TestAWriteOverAFinishedTLSConnectionMayPause: crypto/tls never writes again
// after a timeout, so none may come before the quiet limit is over.
func TestAWriteOverAFinishedTLSConnectionMayPause(t *testing.T) {
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	const size, limit = 32 << 20, 2 * time.Second
	stalled := make(chan struct{})
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.ReadFull(c, make([]byte, 1))
		<-time.After(limit / 2) // a server that is busy for half the limit
		_, _ = io.CopyN(io.Discard, c, size-1)
		close(stalled)
	}()
	line := NewLine()
	dial := Dialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
		return d.DialContext(ctx, network, addr)
	})
	c, err := dial(WithLine(t.Context(), line), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	defer line.Guard(t.Context(), 0, limit).Stop()
	if n, err := c.Write(make([]byte, size)); n != size || err != nil {
		t.Errorf("Write: %d, %v; broken %t, expired %v", n, err, line.Broken(), line.Expired())
	}
	<-stalled
	if line.wire.look == nil || !line.wire.tls.Load() {
		t.Error("the socket under TLS is not looked at")
	}
}
