// This file tests names that have several addresses, of which some are at fault.

package netdriver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// answersName answers questions for a name on a connection, as RFC 1035 has it over
// TCP: with these addresses in their order.
func answersName(conn net.Conn, all ...[4]byte) {
	defer conn.Close() //nolint:errcheck // the resolver has gone
	var size [2]byte
	for {
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		end := 12 // of the question: labels, and four bytes behind them
		for question[end] != 0 {
			end += 1 + int(question[end])
		}
		reply := append([]byte{}, question[:end+5]...)
		clear(reply[6:12])
		reply[2], reply[3] = 0x81, 0x80
		if binary.BigEndian.Uint16(question[end+1:]) == 1 {
			reply[7] = byte(len(all))
			for _, a := range all {
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				reply = append(reply, a[:]...)
			}
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil { //nolint:gosec // some 100 bytes
			return
		}
	}
}

// twoAddresses is a connector to a name of which one address is frozen and one is well,
// both at one port, and whom it met.
func twoAddresses(t *testing.T, timeout time.Duration) (c *Connector, froze <-chan struct{}) {
	t.Helper()
	addr := fake(t, func(g *gateway) {
		g.greet()
		scramLogin(g, scramServer(g.t, "token", nil))
		g.drain()
	})
	_, port, _ := net.SplitHostPort(addr)
	l, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Fatal(err)
	}
	met := make(chan struct{}, 10)
	done := make(chan struct{})
	go func() { // ends with the listener
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			met <- struct{}{}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	c, err = NewConnector(Config{
		User: "app", Token: "token", Database: "erp", Hosts: []string{"gateway.test.:" + port}, TLS: TLSDisable, ConnectTimeout: timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go answersName(far, [4]byte{127, 0, 0, 2}, [4]byte{127, 0, 0, 1})
		return near, nil
	}}
	return c, met
}

// comes connects, and says how often the frozen address was met and what came of it.
func comes(t *testing.T, c *Connector, met <-chan struct{}, limit time.Duration) (times int, err error) {
	t.Helper()
	cn, err := c.Connect(within(t, limit))
	if err == nil {
		_ = cn.Close()
	}
	for len(met) > 0 {
		<-met
		times++
	}
	return times, err
}

func TestAFrozenAddressOfANameIsPassedOverForTheOthers(t *testing.T) {
	t.Parallel()
	c, met := twoAddresses(t, 3*time.Second)
	for i, want := range []int{1, 0, 0} {
		if times, err := comes(t, c, met, 20*time.Second); err != nil || times != want {
			t.Errorf("connection %d met the frozen address %d times, want %d; %v", i, times, want, err)
		}
	}
}

func TestThoseWhoComeToAFrozenAddressTogetherAllFindTheOther(t *testing.T) {
	t.Parallel()
	c, met := twoAddresses(t, 3*time.Second)
	const many = 2
	ends := make(chan error, many)
	for range many {
		go func() { // ends with what the test waits for
			cn, err := c.Connect(within(t, 20*time.Second))
			if err == nil {
				_ = cn.Close()
			}
			ends <- err
		}()
	}
	for range many {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	if len(met) == 0 {
		t.Error("nobody met the frozen address")
	}
}

// shunnedBoth is twoAddresses where somebody did not wait for the address that is well.
func shunnedBoth(t *testing.T) (c *Connector, froze <-chan struct{}) {
	t.Helper()
	c, met := twoAddresses(t, 3*time.Second)
	_, port, _ := net.SplitHostPort(c.cfg.Hosts[0])
	c.shunned.add("127.0.0.2:" + port)
	c.shunned.add("127.0.0.1:" + port)
	return c, met
}

func TestAnAddressThatSomebodyDidNotWaitForIsFoundBehindAFrozenOne(t *testing.T) {
	t.Parallel()
	c, met := shunnedBoth(t)
	for i, want := range []int{1, 0} {
		if times, err := comes(t, c, met, 20*time.Second); err != nil || times != want {
			t.Errorf("connection %d met the frozen address %d times, want %d; %v", i, times, want, err)
		}
	}
}

func TestAFrozenAddressCostsOneCallerWithoutTimeItsConnectionWhereAllWereAtFault(t *testing.T) {
	t.Parallel()
	c, met := shunnedBoth(t)
	if times, err := comes(t, c, met, 300*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) || times != 1 {
		t.Errorf("met the frozen address %d times, %v", times, err)
	}
	if times, err := comes(t, c, met, 20*time.Second); err != nil || times != 0 {
		t.Errorf("the next met it %d times, %v", times, err)
	}
}

func TestACallerWithoutTimeForTwoAddressesLeavesTheNextTheOther(t *testing.T) {
	t.Parallel()
	c, met := twoAddresses(t, 20*time.Second)
	if times, err := comes(t, c, met, 300*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) || times != 1 {
		t.Errorf("met the frozen address %d times, %v", times, err)
	}
	if times, err := comes(t, c, met, 20*time.Second); err != nil || times != 0 {
		t.Errorf("the next met it %d times, %v", times, err)
	}
}

func TestANameOfWhichEveryAddressIsAtFaultIsTriedAllTheSame(t *testing.T) {
	t.Parallel()
	c, met := twoAddresses(t, time.Second)
	c.resolver.Dial = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go answersName(far, [4]byte{127, 0, 0, 2})
		return near, nil
	}
	for range 2 {
		if times, err := comes(t, c, met, 20*time.Second); !errors.Is(err, context.DeadlineExceeded) || times != 1 {
			t.Errorf("met the address %d times, %v", times, err)
		}
	}
}

func TestAnAddressIsShunnedForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s shunned
		if s.add("a"); !s.has("a") || s.has("b") || !s.some() {
			t.Errorf("got %v", s.all)
		}
		<-time.After(shunnedFor / 2)
		s.add("a")
		<-time.After(shunnedFor / 2)
		if s.has("a") || s.some() {
			t.Error("it is shunned for longer")
		}
		if s.add("a"); !s.has("a") {
			t.Error("it is not shunned again")
		}
		s.remove("a")
		for i := range 10 * mostShunned {
			s.add(strconv.Itoa(i))
		}
		if s.has("a") || len(s.all) > mostShunned {
			t.Errorf("%d are remembered", len(s.all))
		}
	})
}

// faulty has the name stand for these addresses, of which none answers anybody who
// connects.
func faulty(t *testing.T, c *Connector, forget func(), last ...byte) {
	t.Helper()
	_, port, _ := net.SplitHostPort(c.cfg.Hosts[0])
	all := make([][4]byte, len(last))
	for i, n := range last {
		all[i] = [4]byte{127, 0, 0, n}
		if n == 2 {
			continue // which there is
		}
		l, err := net.Listen("tcp", netip.AddrFrom4(all[i]).String()+":"+port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	}
	c.resolver.Dial = func(context.Context, string, string) (net.Conn, error) {
		forget()
		near, far := net.Pipe()
		go answersName(far, all...)
		return near, nil
	}
}

func TestEachAddressOfANameIsTriedOnceAlsoWhereThatTakesLongerThanTheyAreShunned(t *testing.T) {
	t.Parallel()
	c, met := twoAddresses(t, 50*time.Millisecond)
	faulty(t, c, func() {
		c.shunned.mu.Lock()
		defer c.shunned.mu.Unlock()
		clear(c.shunned.all) // as when the minute of each is over
	}, 2, 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // ends with the test
		for times := 0; ; times++ {
			select {
			case <-met:
			case <-t.Context().Done():
				return
			}
			if times > 0 {
				cancel()
			}
		}
	}()
	if _, err := c.Connect(ctx); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		t.Errorf("an address was tried again: %v; %v", ctx.Err() != nil, err)
	}
}

func TestANameWhoseAddressesAreFrozenLeavesTheNextHostItsTime(t *testing.T) {
	t.Parallel()
	c, _ := twoAddresses(t, 20*time.Second)
	other := fake(t, func(g *gateway) {
		g.greet()
		scramLogin(g, scramServer(g.t, "token", nil))
		g.drain()
	})
	c.cfg.Hosts = append(c.cfg.Hosts, other)
	c.failures.of = make([]atomic.Uint64, 2)
	faulty(t, c, func() {}, 2, 3, 4)
	cn, err := c.Connect(within(t, 4*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	_ = cn.Close()
}

func TestAFrozenAddressIsPassedOverAlsoWhileSomebodyTriesItAgain(t *testing.T) {
	t.Parallel()
	c, met := twoAddresses(t, 20*time.Second)
	_, port, _ := net.SplitHostPort(c.cfg.Hosts[0])
	c.shunned.add("127.0.0.2:" + port)
	var other atomic.Uint32
	other.Store(9) // where nobody listens
	c.resolver.Dial = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go answersName(far, [4]byte{127, 0, 0, 2}, [4]byte{127, 0, 0, byte(other.Load())})
		return near, nil
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { // ends with the wait for it
		_, err := c.Connect(ctx)
		ended <- err
	}()
	select {
	case <-met:
	case err := <-ended:
		t.Fatalf("it ended before it met the frozen address: %v", err)
	}
	other.Store(1)
	if times, err := comes(t, c, met, 10*time.Second); err != nil || times != 0 {
		t.Errorf("another one met the frozen address %d times, %v", times, err)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The address that is dialed, ":port", is not the one that answers.
func TestAHostWithoutANameIsTriedOnceMoreAtMost(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it has done its part
	var times atomic.Int32
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if _ = conn.Close(); times.Add(1) > 5 {
				stop()
			}
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c, err := NewConnector(Config{User: "app", Token: "token", Database: "erp", Hosts: []string{":" + port}, TLS: TLSDisable})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Connect(ctx); err == nil || times.Load() < 1 || times.Load() > 2 {
		t.Errorf("it was tried %d times, %v", times.Load(), err)
	}
}
