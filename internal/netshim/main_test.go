// This file holds what the tests of this package share: connections over real sockets and pipes, and the leak check.

package netshim

import (
	"context"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// overTCP returns a shimmed client connection, its line, and the server's end.
func overTCP(t testing.TB) (*Line, net.Conn, *net.TCPConn) {
	t.Helper()
	line, client, server := over(t, "tcp", "127.0.0.1:0")
	return line, client, server.(*net.TCPConn)
}

func over(t testing.TB, network, addr string) (*Line, net.Conn, net.Conn) {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	line := NewLine()
	dial := Dialer((&net.Dialer{}).DialContext)
	client, err := dial(WithLine(t.Context(), line), network, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return line, client, server
}

// overPipe returns a shimmed pipe, for tests whose time is synctest's.
func overPipe(t *testing.T) (*Line, net.Conn, net.Conn) {
	t.Helper()
	line := NewLine()
	near, far := net.Pipe()
	dial := Dialer(func(context.Context, string, string) (net.Conn, error) { return near, nil })
	client, err := dial(WithLine(t.Context(), line), "pipe", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), far.Close() })
	return line, client, far
}

// readOne reads one byte in the background and reports how that ended.
func readOne(c net.Conn) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		done <- err
	}()
	return done
}

// until polls for a condition that a real socket brings about.
func until(t testing.TB, what string, cond func() bool) {
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

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func receive(t testing.TB, c net.Conn, n int) {
	t.Helper()
	b := make([]byte, n)
	for got := 0; got < n; {
		k, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		got += k
	}
}
