// This file tests the look at an idle socket, plain and under real TLS, and the socket's options.

//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package netshim

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPeekSeesWhatHappenedToAnIdleSocket(t *testing.T) {
	notice := func(b []byte) bool { return bytes.HasPrefix(b, []byte("N")) }
	for name, tt := range map[string]struct {
		happens func(t *testing.T, s *net.TCPConn)
		ok      func([]byte) bool
		want    error
		broken  bool
	}{
		"nothing":           {happens: func(*testing.T, *net.TCPConn) {}},
		"end of stream":     {happens: func(_ *testing.T, s *net.TCPConn) { _ = s.CloseWrite() }, want: io.EOF, broken: true},
		"reset":             {happens: func(_ *testing.T, s *net.TCPConn) { _ = s.SetLinger(0); _ = s.Close() }, want: syscall.ECONNRESET, broken: true},
		"bytes, none asked": {happens: func(t *testing.T, s *net.TCPConn) { send(t, s, "N") }, want: ErrPending},
		"bytes refused":     {happens: func(t *testing.T, s *net.TCPConn) { send(t, s, "E") }, ok: notice, want: ErrPending},
		"bytes accepted":    {happens: func(t *testing.T, s *net.TCPConn) { send(t, s, "N") }, ok: notice},
	} {
		t.Run(name, func(t *testing.T) {
			line, client, server := overTCP(t)
			_ = client.SetReadDeadline(past) // must not hide anything
			tt.happens(t, server)
			if tt.want != nil {
				until(t, "the event to arrive", func() bool { return errors.Is(line.Peek(tt.ok), tt.want) || line.Broken() })
			}
			if line.Broken() != tt.broken {
				t.Errorf("broken: %v, want %v", line.Broken(), tt.broken)
			}
			if err := line.Peek(tt.ok); !tt.broken && !errors.Is(err, tt.want) {
				t.Errorf("Peek: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestPeekTakesNothingAway(t *testing.T) {
	line, client, server := overTCP(t)
	send(t, server, "notice")
	var seen string
	until(t, "bytes to wait", func() bool {
		return line.Peek(func(b []byte) bool { seen = string(b); return true }) == nil && seen != ""
	})
	b := make([]byte, 100)
	n, err := client.Read(b)
	if got := string(b[:n]); got != seen || err != nil {
		t.Errorf("Read after Peek: %q, %v; want %q", got, err, seen)
	}
}

// TestAnEndBehindHarmlessBytesIsSeen is PostgreSQL after the crash of another
// session: a notice, and then the end.
func TestAnEndBehindHarmlessBytesIsSeen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("the system does not tell; the next read does")
		return
	}
	line, _, server := overTCP(t)
	keep := func([]byte) bool { return true }
	send(t, server, "N")
	if err := line.Peek(keep); err != nil || line.HungUp() {
		t.Errorf("before the end: %v, hung up %t", err, line.HungUp())
	}
	_ = server.Close()
	until(t, "the end to be seen", func() bool { return line.Peek(keep) == io.EOF })
	if !line.HungUp() {
		t.Error("the line has not hung up")
	}
}

// TestBytesThatLeaveTheSendQueueAreNotSilence: a Write is done when the system
// has the bytes, long before a slow network has taken them.
func TestBytesThatLeaveTheSendQueueAreNotSilence(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("the system does not tell what has left")
		return
	}
	const size, piece, limit = 1 << 20, 64 << 10, 500 * time.Millisecond
	line, client, server := overTCP(t)
	_ = server.SetReadBuffer(piece)
	raw, _ := client.(syscall.Conn).SyscallConn()
	_ = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, size) })
	defer line.Guard(t.Context(), 0, limit).Stop()
	send(t, client, strings.Repeat("x", size))
	go func() {
		pace := time.NewTicker(limit / 6)
		defer pace.Stop()
		for range size / piece {
			<-pace.C
			_, _ = io.ReadFull(server, make([]byte, piece))
		}
		_, _ = server.Write([]byte("y"))
	}()
	start := time.Now()
	if _, err := client.Read(make([]byte, 1)); err != nil {
		t.Errorf("Read after %v: %v", time.Since(start), err)
	}
	if took := time.Since(start); took < 2*limit {
		t.Fatalf("all was sent within %v: the test proves nothing", took)
	}
}

// TestPeekDoesNotWaitForABackgroundReader is pgx, whose reader may sit on an
// idle connection.
func TestPeekDoesNotWaitForABackgroundReader(t *testing.T) {
	line, client, server := overTCP(t)
	done := readOne(client)
	until(t, "the reader to wait", func() bool { return line.wire.in.busy.Load() == 1 })
	if err := line.Peek(nil); err != nil {
		t.Errorf("Peek beside a reader: %v", err)
	}
	_ = server.Close()
	if err := <-done; err != io.EOF {
		t.Errorf("Read: %v", err)
	}
	if err := line.Peek(nil); err != ErrBroken {
		t.Errorf("Peek after the reader met the end: %v", err)
	}
}

func TestPeekOverAUnixSocket(t *testing.T) {
	line, _, server := over(t, "unix", t.TempDir()+"/s")
	if err := line.Peek(nil); err != nil {
		t.Errorf("Peek: %v", err)
	}
	send(t, server, "x")
	until(t, "bytes to wait", func() bool { return line.Peek(nil) == ErrPending })
	_ = server.Close()
	_, _ = line.wire.Read(make([]byte, 1))
	if err := line.Peek(nil); !errors.Is(err, io.EOF) {
		t.Errorf("Peek: %v, want %v", err, io.EOF)
	}
}

// TestPeekOverTLS makes a real TLS 1.3 connection, after a plaintext
// negotiation as PostgreSQL's and at once, and one exchange over it. Then
// nothing may wait, with session tickets or without; what comes later is
// refused although the backend would keep it.
func TestPeekOverTLS(t *testing.T) {
	for name, tt := range map[string]struct{ tickets, negotiated bool }{
		"tickets":             {tickets: true},
		"no tickets":          {},
		"negotiated, tickets": {tickets: true, negotiated: true},
		"negotiated":          {negotiated: true},
	} {
		t.Run(name, func(t *testing.T) {
			line, client, server := overTCP(t)
			if tt.negotiated {
				send(t, client, "\x00\x00\x00\x08\x04\xd2\x16\x2f")
				receive(t, server, 8)
				send(t, server, "S")
				receive(t, client, 1)
				if line.wire.tls.Load() {
					t.Fatal("the negotiation itself passes for TLS")
				}
			}
			cs, ss := overTLS(t, client, server, tt.tickets)
			for range 3 {
				if err := line.Peek(nil); err != nil {
					t.Fatalf("Peek of an idle TLS connection: %v", err)
				}
				send(t, cs, "query")
				receive(t, ss, 5)
				send(t, ss, "answer")
				receive(t, cs, 6)
			}
			send(t, ss, "N")
			until(t, "a record to wait", func() bool { return line.Peek(func([]byte) bool { return true }) == ErrPending })
			receive(t, cs, 1)
			if err := line.Peek(nil); err != nil {
				t.Errorf("Peek after the record was read: %v", err)
			}
			_ = ss.CloseWrite()
			until(t, "close_notify to wait", func() bool { return line.Peek(nil) != nil })
		})
	}
}

// overTLS returns both ends of a TLS connection after its first exchange.
func overTLS(t *testing.T, client, server net.Conn, tickets bool) (cs, ss *tls.Conn) {
	t.Helper()
	ss = tls.Server(server, &tls.Config{Certificates: []tls.Certificate{certificate(t)}, SessionTicketsDisabled: !tickets})
	cs = tls.Client(client, &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)})
	shaken := make(chan error, 1)
	go func() { shaken <- ss.Handshake() }()
	if err := errors.Join(cs.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	if v := cs.ConnectionState().Version; v != tls.VersionTLS13 {
		t.Fatalf("TLS version %x", v)
	}
	send(t, cs, "hello")
	receive(t, ss, 5)
	send(t, ss, "ready")
	receive(t, cs, 5)
	return cs, ss
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestKeepaliveIsOn proves that the shim keeps what net.Dialer sets.
func TestKeepaliveIsOn(t *testing.T) {
	_, client, _ := overTCP(t)
	raw, err := client.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		for name, opt := range map[string][2]int{
			"SO_KEEPALIVE": {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE},
			"TCP_NODELAY":  {syscall.IPPROTO_TCP, syscall.TCP_NODELAY},
		} {
			if v, err := syscall.GetsockoptInt(int(fd), opt[0], opt[1]); v == 0 || err != nil {
				t.Errorf("%s: %d, %v", name, v, err)
			}
		}
	})
}
