// This file tests that the kernel looks after gateways that vanish, and tells of those that went.

package netdriver

import (
	"database/sql/driver"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestTheKernelLooksAfterGatewaysThatVanish(t *testing.T) {
	addr := fake(t, func(g *gateway) {
		g.enter()
		g.drain()
	})
	c, err := (&Driver{}).OpenConnector("tcp://app:token@" + addr + "/erp")
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.Connect(within(t, 20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()                                        //nolint:errcheck // the test is over
	raw, err := made.(*conn).raw.(syscall.Conn).SyscallConn() //nolint:forcetypeassert // what Connect gives
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct{ level, option, want int }{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 9},
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 150_000}, // nine questions from the fifteenth second on
	} {
		_ = raw.Control(func(fd uintptr) {
			if got, err := unix.GetsockoptInt(int(fd), o.level, o.option); err != nil || got != o.want {
				t.Errorf("option %d of level %d is %d, %v, want %d", o.option, o.level, got, err, o.want)
			}
		})
	}
}

// TestAConnectionThatNobodyUsedYetIsLookedAtBeforeItsFirstRequest is of one that was made
// for somebody who did not wait for it: database/sql resets only what was used.
func TestAConnectionThatNobodyUsedYetIsLookedAtBeforeItsFirstRequest(t *testing.T) {
	left := make(chan struct{})
	c, err := (&Driver{}).OpenConnector("tcp://app:token@" + fake(t, func(g *gateway) {
		g.enter()
		_ = g.conn.Close()
		close(left)
	}) + "/erp")
	if err != nil {
		t.Fatal(err)
	}
	cn, err := c.Connect(within(t, 20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer cn.Close() //nolint:errcheck // it is gone
	<-left
	if _, err := cn.(*conn).ExecContext(t.Context(), "insert", nil); err != driver.ErrBadConn { //nolint:errorlint,forcetypeassert // as database/sql has it
		t.Errorf("got %v, want driver.ErrBadConn", err)
	}
}
