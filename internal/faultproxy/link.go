// This file is one proxied connection: two pumps and what ends them.

package faultproxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// piece is how much is read at once.
const piece = 64 << 10

// link is one client's connection and the server's end of it.
type link struct {
	proxy  *Proxy
	client *net.TCPConn
	server net.Conn
	ended  chan struct{} // closed when nothing is to be passed on any more

	mu      sync.Mutex // protects the fields below; a leaf lock
	tracker tracker
	lost    *order // whose reply is awaited to be lost
	answer  int    // the number of that reply
	reply   []byte // as much of it as came, where some is kept
	over    bool

	holes [2]bool // by lane: bytes were swallowed; each pump uses its own
}

// run pumps until both directions are done.
func (l *link) run() {
	var pumps sync.WaitGroup
	pumps.Go(func() { l.pump(up, l.server, l.client) })
	pumps.Go(func() { l.pump(down, l.client, l.server) })
	pumps.Wait()
	l.mu.Lock()
	o := l.lost
	l.lost = nil
	l.mu.Unlock()
	if o != nil {
		l.proxy.giveBack(o)
	}
}

// pump passes what it reads from src on to dst until src ends. After a kill it
// goes on reading, so that a client that was sent a FIN is not sent a reset for
// bytes nobody took.
func (l *link) pump(n lane, dst, src net.Conn) {
	buf := make([]byte, piece)
	for {
		k, err := src.Read(buf)
		if k > 0 && l.follow(n, buf[:k]) {
			l.forward(n, dst, buf[:k])
		}
		if err == nil {
			continue
		}
		if !l.proxy.current().swallow.has(n) {
			l.passEnd(dst, err)
		}
		return
	}
}

// follow lets the tracker see b and reports whether it is to be passed on.
func (l *link) follow(n lane, b []byte) bool {
	if n == up {
		l.followRequests(b)
		return true
	}
	l.mu.Lock()
	answers := l.tracker.server(b)
	o := l.lost
	if o != nil && o.keep != nil {
		l.reply = append(l.reply, b...)
	}
	if o == nil || answers < l.answer {
		l.mu.Unlock()
		return o == nil
	}
	reply := l.reply
	l.mu.Unlock()
	if o.keep != nil {
		reply = o.keep(reply)
	}
	if l.kill(o.end, &l.proxy.count.cuts, reply) {
		l.mu.Lock()
		l.lost = nil // it is: the place is not given back
		l.mu.Unlock()
	}
	return false
}

// followRequests looks for the request whose reply is to be lost. It runs
// before b is passed on, so that the reply cannot overtake it.
func (l *link) followRequests(b []byte) {
	l.mu.Lock()
	requests := l.tracker.client(b)
	lost := l.lost != nil || l.over
	l.mu.Unlock()
	for _, r := range requests {
		if lost {
			return
		}
		o := l.proxy.take(r.text)
		if o == nil {
			continue
		}
		lost = true
		l.mu.Lock()
		l.lost, l.answer = o, r.answer
		l.mu.Unlock()
	}
}

// forward writes b to dst under the faults in force.
func (l *link) forward(n lane, dst net.Conn, b []byte) {
	l.delay(n)
	count := &l.proxy.count.bytesServer
	if n == down {
		count = &l.proxy.count.bytesClient
	}
	for len(b) > 0 && !l.isOver() {
		f := l.proxy.current()
		if f.swallow.has(n) {
			l.holes[n] = true
			return
		}
		if l.holes[n] {
			l.kill(RST, nil, nil)
			return
		}
		part, rate := b, f.rate[n]
		if rate > 0 {
			part = b[:min(len(b), max(1, rate/50))]
		}
		count.Add(int64(len(part))) // before anybody can notice
		k, err := dst.Write(part)
		count.Add(int64(k - len(part)))
		if err != nil {
			return // the other pump sees it, too
		}
		b = b[k:]
		if rate > 0 {
			l.wait(time.Duration(k)*time.Second/time.Duration(rate), f.changed)
		}
	}
}

// delay waits as long as the latency says, also if it is changed meanwhile.
func (l *link) delay(n lane) {
	start := time.Now()
	for !l.isOver() {
		f := l.proxy.current()
		left := f.latency[n] - time.Since(start)
		if f.latency[n] <= 0 || left <= 0 {
			return
		}
		l.wait(left, f.changed)
	}
}

// wait waits for d, for other faults or for the end.
func (l *link) wait(d time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-l.ended:
	}
}

// passEnd tells dst that its peer is gone, in the way it went.
func (l *link) passEnd(dst net.Conn, err error) {
	if l.isOver() {
		return
	}
	if errors.Is(err, io.EOF) {
		closeWrite(dst)
		return
	}
	l.kill(RST, nil, nil)
}

// kill ends the connection for both sides, with last words to the client, and
// reports whether this call did; if so it is counted before anybody can notice.
func (l *link) kill(end End, count *atomic.Int64, last []byte) bool {
	if !l.finish() {
		return false
	}
	if count != nil {
		count.Add(1)
	}
	_ = l.server.Close()
	if len(last) > 0 {
		_, _ = l.client.Write(last)
	}
	if end == RST {
		reset(l.client)
		return true
	}
	closeWrite(l.client)
	return true
}

// close gives the sockets back, whatever was told to the client before.
func (l *link) close() {
	l.finish()
	_ = l.server.Close()
	_ = l.client.Close()
}

func (l *link) finish() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return false
	}
	l.over = true
	close(l.ended)
	return true
}

func (l *link) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

func closeWrite(c net.Conn) {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite()
	}
}

func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
