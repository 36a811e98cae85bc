// This file tests what a line counts, when it is broken, and how connections attach to it.

package netshim

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestSentCountsFromReset(t *testing.T) {
	line, client, server := overTCP(t)
	if line.Sent() {
		t.Error("a new line has sent")
	}
	send(t, client, "x")
	if !line.Sent() {
		t.Error("a Write does not count")
	}
	line.Reset()
	send(t, server, "y")
	receive(t, client, 1)
	if _, err := client.Write(nil); err != nil || line.Sent() {
		t.Errorf("a Read or an empty Write counts as sent, %v", err)
	}
	send(t, client, "x")
	if !line.Sent() {
		t.Error("a Write after Reset does not count")
	}
}

func TestAnAnswerIsWhatComesAfterAWrite(t *testing.T) {
	line, client, server := overTCP(t)
	send(t, server, "greeting")
	receive(t, client, 8)
	if line.Answered() {
		t.Error("what comes before a Write counts as an answer")
	}
	send(t, client, "x")
	if line.Answered() {
		t.Error("a Write alone counts as answered")
	}
	send(t, server, "y")
	receive(t, client, 1)
	if !line.Answered() {
		t.Error("the answer does not count")
	}
	line.Reset()
	if line.Answered() {
		t.Error("an answer outlives Reset")
	}
}

// TestAWriteCountsWhileItWaits looks from another goroutine, before a byte is
// known to have left.
func TestAWriteCountsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, _ := overPipe(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = client.Write([]byte("x"))
		}()
		synctest.Wait()
		if !line.Sent() {
			t.Error("a Write under way does not count as sent")
		}
		line.Cut()
		<-done
		if line.Sent() {
			t.Error("a Write that moved no byte still counts")
		}
	})
}

func TestAFailedWriteTakesBackOnlyItself(t *testing.T) {
	line, client, _ := overTCP(t)
	send(t, client, "x")
	_ = client.SetWriteDeadline(past)
	if _, err := client.Write([]byte("y")); err == nil {
		t.Fatal("Write after its deadline succeeded")
	}
	if !line.Sent() {
		t.Error("a failed Write took back an earlier one")
	}
	token, first := line.markSent()
	line.Reset()
	if _, again := line.markSent(); first || !again {
		t.Errorf("first: %v then %v, want false then true", first, again)
	}
	line.unmark(token)
	if !line.Sent() {
		t.Error("a Write took back one of another call")
	}
}

func TestALineBreaksForGood(t *testing.T) {
	for name, tt := range map[string]struct {
		hurt func(line *Line, client net.Conn, server *net.TCPConn)
		want error // of the next Read
	}{
		"end of stream": {func(_ *Line, _ net.Conn, s *net.TCPConn) { _ = s.Close() }, io.EOF},
		"reset":         {func(_ *Line, _ net.Conn, s *net.TCPConn) { _ = s.SetLinger(0); _ = s.Close() }, syscall.ECONNRESET},
		"cut":           {func(l *Line, _ net.Conn, _ *net.TCPConn) { l.Cut(); l.Cut() }, os.ErrDeadlineExceeded},
		"driver closes": {func(_ *Line, c net.Conn, _ *net.TCPConn) { _ = c.Close() }, net.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			line, client, server := overTCP(t)
			if line.Broken() {
				t.Error("a new line is broken")
			}
			tt.hurt(line, client, server)
			_ = client.SetDeadline(time.Now().Add(time.Hour))
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, tt.want) {
				t.Errorf("Read: %v, want %v", err, tt.want)
			}
			line.Reset()
			if !line.Broken() || line.Expired() != nil {
				t.Errorf("broken %v, expired %v", line.Broken(), line.Expired())
			}
			if err := line.Peek(nil); err != ErrBroken {
				t.Errorf("Peek: %v, want %v", err, ErrBroken)
			}
		})
	}
}

func TestTheLatestDialCounts(t *testing.T) {
	line := NewLine()
	var none *Line
	if line.Attached() || none.Attached() || line.Broken() || line.Peek(nil) != nil {
		t.Error("a line without a connection is attached or broken")
	}
	var far []net.Conn
	dial := Dialer(func(context.Context, string, string) (net.Conn, error) {
		n, f := net.Pipe()
		far = append(far, f)
		return n, nil
	})
	ctx := WithLine(t.Context(), line)
	first, _ := dial(ctx, "pipe", "")
	second, _ := dial(ctx, "pipe", "")
	_ = first.Close()
	if !line.Attached() || line.Broken() {
		t.Errorf("attached %v, broken %v after the first of two closed", line.Attached(), line.Broken())
	}
	_ = far[1].Close()
	if _, err := second.Read(make([]byte, 1)); err == nil || !line.Broken() {
		t.Errorf("Read: %v, broken %v after the second failed", err, line.Broken())
	}
	_ = second.Close()
}

func TestACutHoldsForALaterDial(t *testing.T) {
	line := NewLine()
	line.Cut()
	near, far := net.Pipe()
	dial := Dialer(func(context.Context, string, string) (net.Conn, error) { return near, nil })
	client, _ := dial(WithLine(t.Context(), line), "pipe", "")
	defer func() { _, _ = client.Close(), far.Close() }()
	if _, err := client.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Write: %v, want a timeout", err)
	}
}

func TestADialErrorIsTheDialersOwn(t *testing.T) {
	want := errors.New("no route")
	dial := Dialer(func(context.Context, string, string) (net.Conn, error) { return nil, want })
	for _, ctx := range []context.Context{t.Context(), WithLine(t.Context(), NewLine())} {
		if c, err := dial(ctx, "tcp", "x:1"); c != nil || err != want {
			t.Errorf("dial: %v, %v; want %v", c, err, want)
		}
	}
}

// TestADriverFindsTheSocket holds the promises drivers test for: go-sql-driver
// asks for syscall.Conn and takes a failing one for a dead connection.
func TestADriverFindsTheSocket(t *testing.T) {
	for name, tt := range map[string]struct{ network, addr string }{
		"tcp":  {"tcp", "127.0.0.1:0"},
		"unix": {"unix", t.TempDir() + "/s"},
	} {
		t.Run(name, func(t *testing.T) {
			l, client, _ := over(t, tt.network, tt.addr)
			sc, ok := client.(syscall.Conn)
			if !ok {
				t.Fatal("no syscall.Conn over a socket")
			}
			if raw, err := sc.SyscallConn(); raw == nil || err != nil {
				t.Errorf("SyscallConn: %v, %v", raw, err)
			}
			if n := l.Looks(); n != 1 {
				t.Errorf("%d looks, want 1", n)
			}
			if got := client.RemoteAddr().Network(); got != tt.network {
				t.Errorf("RemoteAddr: %s, want %s", got, tt.network)
			}
		})
	}
	_, pipe, _ := overPipe(t)
	if _, ok := pipe.(syscall.Conn); ok {
		t.Error("syscall.Conn promised over a pipe")
	}
}
