// This file holds what the tests of this package share: an echo server, clients, and the leak check.

package faultproxy

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo is a server that answers what it is sent.
type echo struct {
	net.Listener
	read atomic.Int64 // bytes
}

func newEcho(t *testing.T, network, addr string) *echo {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{Listener: ln}
	go e.serve()
	t.Cleanup(func() { _ = ln.Close() })
	return e
}

func (e *echo) serve() {
	for {
		c, err := e.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = c.Close() }()
			buf := make([]byte, 64<<10)
			for {
				n, err := c.Read(buf)
				e.read.Add(int64(n))
				if err != nil {
					return
				}
				if _, err := c.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// overEcho returns a proxy before an echo server.
func overEcho(t *testing.T) (*Proxy, *echo) {
	t.Helper()
	e := newEcho(t, "tcp", "127.0.0.1:0")
	return started(t, Start, e.Addr().String()), e
}

func started(t *testing.T, start func(string) (*Proxy, error), target string) *Proxy {
	t.Helper()
	p, err := start(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func dial(t *testing.T, p *Proxy) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c.(*net.TCPConn)
}

// ask sends text and returns as much of an answer.
func ask(c net.Conn, text string) (string, error) {
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	b := make([]byte, len(text))
	n, err := io.ReadFull(c, b)
	return string(b[:n]), err
}

func mustAsk(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if got, err := ask(c, text); got != text || err != nil {
		t.Fatalf("ask %q: %q, %v", text, got, err)
	}
}

// silent fails the test if c has anything to read within d.
func silent(t *testing.T, c net.Conn, d time.Duration) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(d))
	n, err := c.Read(make([]byte, 1))
	if e, ok := err.(net.Error); n != 0 || !ok || !e.Timeout() {
		t.Errorf("Read: %d bytes, %v; want silence", n, err)
	}
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
}

// until polls for a condition that the network brings about.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for !cond() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited 10s for: %s", what)
		}
	}
}
