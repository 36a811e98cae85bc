// This file tests each fault over real connections to an echo server.

package faultproxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ends are the two ends with the error each gives a client.
var ends = map[string]struct {
	end  End
	want error
}{"FIN": {FIN, io.EOF}, "RST": {RST, syscall.ECONNRESET}}

func contains(word string) func([]byte) bool {
	return func(b []byte) bool { return bytes.Contains(b, []byte(word)) }
}

func TestANewProxyPassesEverythingOn(t *testing.T) {
	p, e := overEcho(t)
	c := dial(t, p)
	mustAsk(t, c, strings.Repeat("x", 1<<20))
	if got, want := p.Counters(), (Counters{Accepted: 1, BytesToServer: 1 << 20, BytesToClient: 1 << 20}); got != want {
		t.Errorf("counters: %+v, want %+v", got, want)
	}
	_ = c.CloseWrite()
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the server's end of stream: %d, %v", n, err)
	}
	if e.read.Load() != 1<<20 || !strings.HasSuffix(p.Addr(), ":"+p.Port()) {
		t.Errorf("server read %d; address %s, port %s", e.read.Load(), p.Addr(), p.Port())
	}
}

func TestAUnixSocketCanBeTheTarget(t *testing.T) {
	e := newEcho(t, "unix", t.TempDir()+"/s")
	mustAsk(t, dial(t, started(t, Start, e.Addr().String())), "hello")
}

// TestAReplyIsLostAfterTheServerActed cuts the chosen request only, as often as
// asked, and on connections that exist already.
func TestAReplyIsLostAfterTheServerActed(t *testing.T) {
	for name, tt := range ends {
		t.Run(name, func(t *testing.T) {
			p, e := overEcho(t)
			c, other := dial(t, p), dial(t, p)
			mustAsk(t, c, "insert before")
			p.CutOnReply(1, tt.end, contains("insert"))
			mustAsk(t, c, "begin")
			before := e.read.Load()
			if got, err := ask(c, "insert"); got != "" || !errors.Is(err, tt.want) {
				t.Errorf("lost reply: %q, %v; want %v", got, err, tt.want)
			}
			if got := e.read.Load() - before; got != 6 {
				t.Errorf("the server read %d bytes of the request, want 6", got)
			}
			if got := p.Counters().Cuts; got != 1 {
				t.Errorf("cuts: %d, want 1", got)
			}
			mustAsk(t, other, "insert after")
		})
	}
}

func TestTheClientSeesWhatIsKeptOfALostReply(t *testing.T) {
	p, e := overEcho(t)
	c := dial(t, p)
	mustAsk(t, c, "before")
	before := e.read.Load()
	p.CutInReply(1, FIN, nil, func(reply []byte) []byte { return reply[:2] })
	if got, err := ask(c, "insert"); got != "in" || err != io.ErrUnexpectedEOF {
		t.Errorf("cut reply: %q, %v; want the first two bytes and the end", got, err)
	}
	if got := e.read.Load() - before; got != 6 || p.Counters().Cuts != 1 {
		t.Errorf("the server read %d bytes, %d cuts; want 6 and 1", got, p.Counters().Cuts)
	}
}

func TestEveryHitIsCountedOnce(t *testing.T) {
	const clients, times = 8, 25
	p, e := overEcho(t)
	p.CutOnReply(clients*times, FIN, nil)
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for i := range times {
				c, err := net.Dial("tcp", p.Addr())
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := ask(c, "x"); err != io.EOF {
					t.Errorf("request %d: %q, %v", i, got, err)
				}
				_ = c.Close()
			}
		})
	}
	wg.Wait()
	if got := p.Counters(); got.Cuts != clients*times || got.BytesToClient != 0 || e.read.Load() != clients*times {
		t.Errorf("%+v, server read %d; want %d cuts", got, e.read.Load(), clients*times)
	}
	mustAsk(t, dial(t, p), "whole again")
}

func TestARequestWithoutAReplyGivesItsPlaceBack(t *testing.T) {
	p, _ := overEcho(t)
	p.Blackhole(ToServer)
	p.CutOnReply(1, RST, nil)
	c := dial(t, p)
	_, _ = io.WriteString(c, "never arrives")
	until(t, "the request to be taken", func() bool { return left(p) == 0 })
	p.KillAll(FIN)
	_ = c.Close()
	until(t, "the place to be free", func() bool { return left(p) == 1 })
	p.Blackhole(0)
	if _, err := ask(dial(t, p), "x"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the next request: %v", err)
	}
	if got := p.Counters(); got.Cuts != 1 || got.Killed != 1 {
		t.Errorf("%+v, want 1 cut and 1 killed", got)
	}
}

func left(p *Proxy) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults.order.left
}

func TestABlackholeSwallowsAndStaysOpen(t *testing.T) {
	for name, d := range map[string]Direction{"to server": ToServer, "to client": ToClient, "both": Both} {
		t.Run(name, func(t *testing.T) {
			p, e := overEcho(t)
			before := dial(t, p)
			mustAsk(t, before, "hello")
			p.Blackhole(d)
			after := dial(t, p)
			for _, c := range []net.Conn{before, after} {
				_, _ = io.WriteString(c, "x")
				silent(t, c, 50*time.Millisecond)
			}
			want := int64(5)
			if d == ToClient {
				want += 2
			}
			until(t, "what passes to pass", func() bool { return e.read.Load() == want })
			p.Pass()
			for _, c := range []net.Conn{before, after} {
				_, _ = io.WriteString(c, "y")
				if n, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%d bytes behind a hole, %v", n, err)
				}
			}
			mustAsk(t, dial(t, p), "again")
		})
	}
}

func TestABlackholeLeavesAConnectionWholeThatWasSilent(t *testing.T) {
	p, _ := overEcho(t)
	c := dial(t, p)
	mustAsk(t, c, "hello")
	p.Blackhole(Both)
	p.Pass()
	mustAsk(t, c, "again")
}

func TestABlackholeHidesTheServersEnd(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	p := started(t, Start, ln.Addr().String())
	c := dial(t, p)
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p.Blackhole(ToClient)
	_ = server.Close()
	silent(t, c, 50*time.Millisecond)
}

func TestRefusedConnectionsAreRefusedByTheSystem(t *testing.T) {
	p, _ := overEcho(t)
	c := dial(t, p)
	mustAsk(t, c, "hello")
	p.RefuseNew()
	p.RefuseNew()
	if _, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v, want %v", err, syscall.ECONNREFUSED)
	}
	mustAsk(t, c, "still here")
	for range 2 {
		if err := p.AcceptNew(); err != nil {
			t.Fatal(err)
		}
	}
	mustAsk(t, dial(t, p), "hello")
}

func TestAServerThatIsGoneResetsItsClients(t *testing.T) {
	e := newEcho(t, "tcp", "127.0.0.1:0")
	_ = e.Close()
	c, err := net.Dial("tcp", started(t, Start, e.Addr().String()).Addr())
	if err == nil { // else the reset was faster
		defer func() { _ = c.Close() }()
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("dial or Read: %v, want %v", err, syscall.ECONNRESET)
	}
}

func TestKillAllEndsWhatIsOpen(t *testing.T) {
	for name, tt := range ends {
		t.Run(name, func(t *testing.T) {
			p, _ := overEcho(t)
			open := []net.Conn{dial(t, p), dial(t, p), dial(t, p)}
			for _, c := range open {
				mustAsk(t, c, "hello")
			}
			if got := p.KillAll(tt.end); got != 3 || p.Counters().Killed != 3 {
				t.Errorf("killed %d, counted %d; want 3", got, p.Counters().Killed)
			}
			for _, c := range open {
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, tt.want) {
					t.Errorf("Read: %v, want %v", err, tt.want)
				}
			}
			if got := p.KillAll(RST); got != 0 {
				t.Errorf("killed %d again", got)
			}
			mustAsk(t, dial(t, p), "hello")
		})
	}
}

func TestLatencyDelaysEachPiece(t *testing.T) {
	p, _ := overEcho(t)
	c := dial(t, p)
	p.Latency(Both, 20*time.Millisecond)
	start := time.Now()
	mustAsk(t, c, "x")
	if took := time.Since(start); took < 40*time.Millisecond {
		t.Errorf("there and back took %v, want at least 40ms", took)
	}
	p.Latency(ToServer, time.Hour)
	p.Latency(ToClient, 0)
	_, _ = io.WriteString(c, "x")
	silent(t, c, 50*time.Millisecond)
	p.Pass() // frees what waits
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Errorf("after Pass: %v", err)
	}
}

func TestThrottleHoldsTheRate(t *testing.T) {
	p, _ := overEcho(t)
	c := dial(t, p)
	p.Throttle(ToServer, 10_000)
	start := time.Now()
	mustAsk(t, c, strings.Repeat("x", 2000))
	if took := time.Since(start); took < 150*time.Millisecond {
		t.Errorf("2000 bytes at 10000 per second took %v", took)
	}
	p.Throttle(ToServer, 1)
	_, _ = io.WriteString(c, "slow!")
	p.Throttle(ToServer, 0)
	if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
		t.Errorf("after the throttle: %v", err)
	}
}

func TestCloseEndsWhatWaits(t *testing.T) {
	p, _ := overEcho(t)
	p.Latency(Both, time.Hour)
	c := dial(t, p)
	_, _ = io.WriteString(c, "x")
	until(t, "the connection", func() bool { return p.Counters().Accepted == 1 })
	if err := errors.Join(p.Close(), p.Close(), p.AcceptNew()); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection survived Close")
	}
	if _, err := net.Dial("tcp", p.Addr()); err == nil {
		t.Error("the address survived Close")
	}
}
