// This file serves the demo's connectors over HTTP.

package main

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/demo"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/steps"
)

// exhibit is what is served, and where.
type exhibit struct {
	watch  *demo.Watch
	listen net.Listener
	server *http.Server
	done   sync.WaitGroup
}

// serve begins to serve at an address, until close.
func serve(ctx context.Context, address string) (*exhibit, error) {
	if !strings.Contains(address, ":") {
		address = ":" + address
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usage("--serve: want a port or HOST:PORT, such as 6060: %w", err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	listen, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	s := &exhibit{watch: demo.NewWatch(), listen: listen}
	s.server = &http.Server{Handler: s.watch, ReadHeaderTimeout: 5 * time.Second}
	s.done.Go(func() { _ = s.server.Serve(listen) }) // until close, which is what its error says
	return s, nil
}

// command is what shows it in another terminal.
func (s *exhibit) command() string { return "fluxor top " + steps.Quote(s.listen.Addr().String()) }

// page is where a browser shows it.
func (s *exhibit) page() string { return "http://" + s.listen.Addr().String() + "/" }

// close ends the streams and all requests.
func (s *exhibit) close() {
	s.watch.Close()
	_ = s.server.Close()
	s.done.Wait()
}
