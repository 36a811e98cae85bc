// This file tests that an address which was shunned is used where nobody answers at the others.

package netdriver

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// dead is an address of this machine at which nobody answers, not even the kernel: its
// queue is full.
func dead(t *testing.T, addr [4]byte, port string) {
	t.Helper()
	n, _ := strconv.Atoi(port)
	at := &unix.SockaddrInet4{Addr: addr, Port: n}
	socket := func() int {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		return fd
	}
	fd := socket()
	if err := unix.Bind(fd, at); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		_ = unix.Connect(socket(), at) // it goes on in the background
	}
}

// besideDead is a name of which one address was shunned, and nobody answers at the other.
func besideDead(t *testing.T) (c *Connector, other string) {
	t.Helper()
	c, _ = twoAddresses(t, 3*time.Second)
	_, port, _ := net.SplitHostPort(c.cfg.Hosts[0])
	dead(t, [4]byte{127, 0, 0, 3}, port)
	c.resolver.Dial = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go answersName(far, [4]byte{127, 0, 0, 1}, [4]byte{127, 0, 0, 3})
		return near, nil
	}
	c.shunned.add("127.0.0.1:" + port) // it was at fault, and is well again
	return c, "127.0.0.1:" + port
}

func TestAnAddressThatWasShunnedIsUsedWhereNobodyAnswersAtTheOthers(t *testing.T) {
	t.Parallel()
	c, other := besideDead(t)
	cn, err := c.Connect(within(t, 20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	_ = cn.Close()
	if c.shunned.has(other) {
		t.Error("it is shunned after it let us in")
	}
}

func TestACallerWhoGoesWhileAnAddressIsShunnedHearsThatOfTheContext(t *testing.T) {
	t.Parallel()
	c, _ := besideDead(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := c.Connect(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
