// This file is the proxy: its listener, its counters and its end.

// Package faultproxy stands between a client and a database server and breaks
// the connection in chosen ways, for tests.
//
//	p, err := faultproxy.StartPostgres("127.0.0.1:5432")
//	...
//	defer p.Close()
//	p.CutOnReply(1, faultproxy.RST, func(request []byte) bool {
//		return bytes.Contains(request, []byte("INSERT"))
//	})
//	// The next INSERT through p.Addr() is executed, and its reply is lost.
//
// A new proxy passes everything on. Each fault stays until another call
// changes it or [Proxy.Pass] ends them all, and holds for the connections that
// exist as for new ones. All methods may be called from any goroutine.
package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
)

// Proxy passes connections on to one server. Its goroutines end with
// [Proxy.Close].
type Proxy struct {
	addr       string
	newTracker func() tracker
	ctx        context.Context // ends with Close
	cancel     context.CancelFunc
	running    sync.WaitGroup
	count      counters

	mu     sync.Mutex         // protects the fields below; a leaf lock
	target string             // where new connections lead
	ln     net.Listener       // nil while new connections are refused
	links  map[*link]struct{} // every connection that is open
	faults faults
	closed bool
}

type counters struct {
	accepted, cuts, killed   atomic.Int64
	bytesServer, bytesClient atomic.Int64
}

// Counters is what a proxy has done since its start.
type Counters struct {
	Accepted      int64 // connections taken from clients
	Cuts          int64 // replies lost by CutOnReply; counted before the client can notice
	Killed        int64 // connections ended by KillAll
	BytesToServer int64 // bytes passed on to the server
	BytesToClient int64 // bytes passed on to clients
}

// Start starts a proxy for target: "host:port", or the path of a Unix socket.
// Clients reach it by TCP at [Proxy.Addr]. It knows no protocol: for
// CutOnReply a request is what the client sends in one piece, and a reply what
// the server sends next.
func Start(target string) (*Proxy, error) {
	return start(target, func() tracker { return &pieces{} })
}

// StartPostgres starts a proxy that follows the PostgreSQL protocol: for
// CutOnReply a request is one execution of a statement (never a Parse alone),
// and its reply is complete with the ReadyForQuery that follows, when an
// autocommit statement is committed. The request is the statement's text; with
// the extended protocol a zero byte and the Bind message's body follow. A
// connection that turns to TLS is followed in pieces, as [Start] does.
func StartPostgres(target string) (*Proxy, error) {
	return start(target, func() tracker { return newPostgres() })
}

// StartMySQL starts a proxy that follows the MySQL protocol: for CutOnReply a
// request is a query or the execution of a prepared statement (never its
// preparation), and its reply is complete with the first packet of the answer.
// The request is the statement's text; for a prepared statement a zero byte
// and the packet's body follow. A connection that turns to TLS is followed in
// pieces, as [Start] does; compression is not understood.
func StartMySQL(target string) (*Proxy, error) {
	return start(target, func() tracker { return newMySQL() })
}

func start(target string, newTracker func() tracker) (*Proxy, error) {
	p := &Proxy{target: target, newTracker: newTracker, links: map[*link]struct{}{}}
	p.faults.changed = make(chan struct{})
	p.ctx, p.cancel = context.WithCancel(context.Background())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.cancel()
		return nil, fmt.Errorf("faultproxy: %w", err)
	}
	p.addr = ln.Addr().String()
	p.serveLocked(ln) // nobody else knows p yet
	return p, nil
}

// Addr returns the address for clients, "127.0.0.1:port". It never changes.
func (p *Proxy) Addr() string { return p.addr }

// Port returns the port of [Proxy.Addr] alone.
func (p *Proxy) Port() string { return p.addr[strings.LastIndexByte(p.addr, ':')+1:] }

// Counters returns what the proxy has done so far.
func (p *Proxy) Counters() Counters {
	return Counters{
		Accepted:      p.count.accepted.Load(),
		Cuts:          p.count.cuts.Load(),
		Killed:        p.count.killed.Load(),
		BytesToServer: p.count.bytesServer.Load(),
		BytesToClient: p.count.bytesClient.Load(),
	}
}

// RefuseNew makes the proxy's address refuse connections, as a server that is
// not running does. Open connections go on.
func (p *Proxy) RefuseNew() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuseLocked()
}

func (p *Proxy) refuseLocked() {
	if p.ln != nil {
		_ = p.ln.Close()
		p.ln = nil
	}
}

// AcceptNew ends RefuseNew. It fails if another program took the port
// meanwhile; calling it again can help.
func (p *Proxy) AcceptNew() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ln != nil || p.closed {
		return nil
	}
	ln, err := net.Listen("tcp", p.addr)
	if err != nil {
		return fmt.Errorf("faultproxy: accept again: %w", err)
	}
	p.serveLocked(ln)
	return nil
}

// KillAll ends every open connection: the client sees end, the server a close.
// It returns how many there were.
func (p *Proxy) KillAll(end End) int {
	killed := 0
	for _, l := range p.open() {
		if l.kill(end, &p.count.killed, nil) {
			killed++
		}
	}
	return killed
}

// Close ends every connection and waits for the proxy's goroutines. It is
// idempotent.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.refuseLocked()
	p.mu.Unlock()
	p.cancel()
	for _, l := range p.open() {
		l.close()
	}
	p.running.Wait()
	return nil
}

func (p *Proxy) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	links := make([]*link, 0, len(p.links))
	for l := range p.links {
		links = append(links, l)
	}
	return links
}

// serveLocked accepts connections until ln is closed.
func (p *Proxy) serveLocked(ln net.Listener) {
	p.ln = ln
	p.running.Go(func() {
		for {
			c, err := ln.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue // of this one client alone
			}
			p.count.accepted.Add(1)
			p.running.Go(func() { p.connect(c.(*net.TCPConn)) }) //nolint:forcetypeassert // of a TCP listener
		}
	})
}

// LeadTo has new connections lead to another server, as when one takes over behind an
// address. Those that are open go on to the one before: see [Proxy.KillAll].
func (p *Proxy) LeadTo(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// dial opens the server's end of a connection.
func (p *Proxy) dial() (net.Conn, error) {
	p.mu.Lock()
	network, target := "tcp", p.target
	p.mu.Unlock()
	if strings.HasPrefix(target, "/") {
		network = "unix"
	}
	var d net.Dialer
	return d.DialContext(p.ctx, network, target)
}

// connect runs one client's connection to its end.
func (p *Proxy) connect(client *net.TCPConn) {
	server, err := p.dial()
	if err != nil {
		reset(client)
		return
	}
	l := &link{proxy: p, client: client, server: server, tracker: p.newTracker(), ended: make(chan struct{})}
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.links[l] = struct{}{}
	}
	p.mu.Unlock()
	if !closed {
		l.run()
	}
	l.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}
