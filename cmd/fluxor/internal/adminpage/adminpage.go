// Package adminpage serves package admin over connectors that come and go.
package adminpage

import (
	"context"
	"net/http"
	"sync"

	"github.com/fluxor-db/fluxor/admin"
)

var _ http.Handler = (*Page)(nil)

// Page is an admin handler whose connectors change. What it recorded stays. It is
// safe for concurrent use.
type Page struct {
	options   admin.Options
	recording sync.WaitGroup
	end       context.CancelFunc // ends recording

	mu      sync.Mutex // protects what follows; no request is served under it
	handler *admin.Handler
}

// New returns a page without connectors. It records what its plots show until
// Close.
func New(o admin.Options) *Page {
	o.History = new(admin.History)
	p := &Page{options: o, handler: admin.NewWith(o)}
	var ctx context.Context
	ctx, p.end = context.WithCancel(context.Background())
	p.recording.Go(func() {
		for ctx.Err() == nil {
			p.current().Record(ctx) // until another takes its place
		}
	})
	return p
}

// Show puts others in the place of the connectors. Streams end, and their readers
// come again.
func (p *Page) Show(connectors ...admin.Named) {
	p.mu.Lock()
	before := p.handler
	p.handler = admin.NewWith(p.options, connectors...)
	p.mu.Unlock()
	before.Close()
}

func (p *Page) current() *admin.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handler
}

// ServeHTTP answers for the connectors of the moment.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.current().ServeHTTP(w, r) }

// Close ends the streams and recording. It may be called more than once.
func (p *Page) Close() {
	p.end()
	p.recording.Wait()
	p.current().Close()
}
