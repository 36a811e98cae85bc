// This file measures the shim against the bare connection, and proves that it does not allocate.

package netshim

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// echo answers every byte until its connection ends.
func echo(c net.Conn) { _, _ = io.Copy(c, c) }

func pingPong(b testing.TB, c net.Conn, buf []byte) {
	if _, err := c.Write(buf); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(c, buf); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPingPong sends 64 bytes to and fro over loopback, on the bare
// connection, through the shim, and through it with each kind of bound.
func BenchmarkPingPong(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, bb := range []struct {
		name  string
		bare  bool
		ctx   context.Context
		quiet time.Duration
	}{
		{name: "bare", bare: true, ctx: context.Background()},
		{name: "shim", ctx: context.Background()},
		{name: "shim+quiet", ctx: context.Background(), quiet: time.Minute},
		{name: "shim+ctx", ctx: ctx},
	} {
		b.Run(bb.name, func(b *testing.B) {
			line, client, server := overTCP(b)
			go echo(server)
			if bb.bare {
				client = line.wire.Conn
			}
			buf := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				if !bb.bare {
					line.Reset()
				}
				g := line.Guard(bb.ctx, 200*time.Millisecond, bb.quiet)
				pingPong(b, client, buf)
				g.Stop()
			}
		})
	}
}

// nowhere answers at once: what is left is the shim's own time.
type nowhere struct{ net.Conn }

func (nowhere) Read(b []byte) (int, error)                          { return len(b), nil }
func (nowhere) Write(b []byte) (int, error)                         { return len(b), nil }
func (nowhere) SetReadDeadline(time.Time) error                     { return nil }
func (nowhere) SetWriteDeadline(time.Time) error                    { return nil }
func (nowhere) SetDeadline(time.Time) error                         { return nil }
func nowhereDial(context.Context, string, string) (net.Conn, error) { return nowhere{}, nil }

// BenchmarkShimAlone is one Write and one Read that cost nothing by themselves.
func BenchmarkShimAlone(b *testing.B) {
	line := NewLine()
	client, _ := Dialer(nowhereDial)(WithLine(b.Context(), line), "", "")
	buf := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		line.Reset()
		_, _ = client.Write(buf)
		_, _ = client.Read(buf)
	}
}

func BenchmarkGuard(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, bb := range []struct {
		name  string
		ctx   context.Context
		quiet time.Duration
	}{
		{"no bound", context.Background(), 0},
		{"quiet", context.Background(), time.Minute},
		{"ctx", ctx, 0},
	} {
		b.Run(bb.name, func(b *testing.B) {
			line := NewLine()
			b.ReportAllocs()
			for b.Loop() {
				g := line.Guard(bb.ctx, time.Second, bb.quiet)
				g.Stop()
			}
		})
	}
}

func BenchmarkPeek(b *testing.B) {
	line, _, _ := overTCP(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := line.Peek(nil); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTheHotPathDoesNotAllocate(t *testing.T) {
	line, client, server := overTCP(t)
	go echo(server)
	buf := make([]byte, 64)
	for name, quiet := range map[string]time.Duration{"no bound": 0, "quiet": time.Minute} {
		got := testing.AllocsPerRun(200, func() {
			if err := line.Peek(nil); err != nil {
				t.Fatal(err)
			}
			line.Reset()
			rows := line.Guard(context.Background(), time.Second, quiet)
			call := line.Guard(context.Background(), time.Second, quiet/2)
			pingPong(t, client, buf)
			call.Stop()
			rows.Stop()
		})
		if got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}
