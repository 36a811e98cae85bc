// This file serves operators over HTTP, and bounds what strangers may hold there: nobody has logged in before he speaks.

package gate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

const (
	// mostGuests is how many connections there are at most; see guests.
	mostGuests = 256
	// mostHead and mostBody bound a request, in bytes; http adds 4 KiB to the former.
	mostHead, mostBody = 16 << 10, 16 << 10
	// partWithin is how long may take the handshake, the head of a request, its body,
	// and each piece of an answer until it is taken.
	partWithin = 10 * time.Second
	// idleFor is how long a connection may wait for its next request.
	idleFor = 2 * time.Minute
)

// listenAdmin begins to serve operators, where the file says so.
func (p *process) listenAdmin(ctx context.Context) error {
	a := p.file.Admin
	if a.Listen == "" {
		return nil
	}
	l, err := listenAt(ctx, a.Listen)
	if err != nil {
		return err
	}
	p.admin = operators(p.server.AdminHandler(gateway.AdminPages{Metrics: p.watch.metrics(), OpenMetrics: a.OpenMetrics, Page: p.watch}), p.log)
	in := newGuests(l, mostGuests)
	serve := func() error { return p.admin.Serve(in) }
	if a.TLS {
		p.admin.TLSConfig = p.certs.Config()
		serve = func() error { return p.admin.ServeTLS(in, "", "") }
	}
	go func() { // ends with close
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			p.log.Error("fluxor: the admin listener failed", slog.Any("error", err))
		}
	}()
	p.log.Info("fluxor: operators are served", slog.String("address", l.Addr().String()))
	return nil
}

// operators is the server of the admin pages.
func operators(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: prompt(h), ReadHeaderTimeout: partWithin, IdleTimeout: idleFor, MaxHeaderBytes: mostHead,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// closeAdmin ends the operators' listener: whoever asked for the end hears that
// it comes.
func (p *process) closeAdmin() {
	if p.admin == nil {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), lastAnswers)
	defer stop()
	if p.admin.Shutdown(ctx) != nil {
		_ = p.admin.Close()
	}
}

// prompt reads the body of a request before h does. The server's own ReadTimeout would
// end long answers, too.
func prompt(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			c := http.NewResponseController(w)
			_ = c.SetReadDeadline(time.Now().Add(partWithin))
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
			if err != nil {
				w.Header().Set("Connection", "close")
				http.Error(w, "the request's body is too long, or did not come in time", http.StatusBadRequest)
				return
			}
			_ = c.SetReadDeadline(time.Time{})
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		h.ServeHTTP(w, r)
	})
}

// guests are the connections to a listener, so many at most. One more takes the place of
// the one that was silent for longest, of the address that has most: so who holds very
// many shuts out nobody, and no probe.
type guests struct {
	net.Listener
	most  int
	began time.Time

	mu  sync.Mutex // protects all; a leaf
	all map[*guest]struct{}
}

func newGuests(l net.Listener, most int) *guests {
	return &guests{Listener: l, most: most, began: time.Now(), all: map[*guest]struct{}{}}
}

// Accept implements net.Listener.
func (g *guests) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	come := &guest{Conn: conn, among: g, address: conn.RemoteAddr().String()}
	if host, _, err := net.SplitHostPort(come.address); err == nil {
		come.address = host
	}
	come.moved()
	if left := g.join(come); left != nil {
		_ = left.Close()
	}
	return come, nil
}

// join adds a guest, and returns who is to leave for that, if anybody.
func (g *guests) join(come *guest) (left *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all[come] = struct{}{}
	if len(g.all) <= g.most {
		return nil
	}
	of := map[string]int{}
	for one := range g.all {
		of[one.address]++
	}
	for one := range g.all {
		switch {
		case one == come:
		case left == nil, of[one.address] > of[left.address], of[one.address] == of[left.address] && one.last.Load() < left.last.Load():
			left = one
		}
	}
	return left
}

// guest is one connection.
type guest struct {
	net.Conn
	among   *guests
	address string
	last    atomic.Int64 // when something went over it, since guests began
}

func (c *guest) moved() { c.last.Store(int64(time.Since(c.among.began))) }

// Read implements net.Conn.
func (c *guest) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.moved()
	}
	return n, err
}

// Write implements net.Conn. Who takes nothing is left.
func (c *guest) Write(b []byte) (int, error) {
	_ = c.SetWriteDeadline(time.Now().Add(partWithin))
	c.moved()
	return c.Conn.Write(b)
}

// Close implements net.Conn.
func (c *guest) Close() error {
	c.among.mu.Lock()
	delete(c.among.all, c)
	c.among.mu.Unlock()
	return c.Conn.Close()
}
