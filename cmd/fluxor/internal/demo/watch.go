// This file shows the demo's connectors over HTTP while it plays, and keeps a gateway under a light load running afterwards.

package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/adminpage"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

var _ http.Handler = (*Watch)(nil)

// adminPath is where docs/ADMIN.md mounts the handler.
const adminPath = "/debug/fluxor"

// Watch serves package admin at the root and below /debug/fluxor, over those
// connectors of the demo that are open at the moment, and the clients of those
// gateways that serve them. It is safe for concurrent
// use. A nil Watch is not told of any.
type Watch struct {
	page *adminpage.Page

	mu       sync.Mutex // protects what follows
	shown    []admin.Named
	gateways []*gateway.Server
}

// NewWatch returns a Watch without connectors, which Close ends.
func NewWatch() *Watch {
	w := new(Watch)
	w.page = adminpage.New(admin.Options{Clients: w.clients})
	return w
}

// ServeHTTP answers for the connectors of the moment.
func (w *Watch) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.Handle(adminPath+"/", http.StripPrefix(adminPath, w.page))
	mux.Handle("/", w.page)
	mux.ServeHTTP(out, r)
}

// Close ends the streams.
func (w *Watch) Close() { w.page.Close() }

// show has the connector of db shown until hide is called. The streams end, and
// their readers come again.
func (w *Watch) show(name string, db *sql.DB) (hide func()) {
	c, err := fluxor.FromDB(db)
	if w == nil || err != nil {
		return func() {}
	}
	w.change(func() { w.shown = append(w.shown, admin.Named{Name: name, Source: c}) })
	return func() {
		w.change(func() { w.shown = slices.DeleteFunc(w.shown, func(n admin.Named) bool { return n.Source == c }) })
	}
}

// serve has the clients of gateways shown until leave is called.
func (w *Watch) serve(gateways []*gateway.Server) (leave func()) {
	if w == nil {
		return func() {}
	}
	set := func(now []*gateway.Server) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.gateways = now
	}
	set(gateways)
	return func() { set(nil) }
}

// clients are those of the moment.
func (w *Watch) clients() (list []admin.Client) {
	w.mu.Lock()
	gateways := w.gateways
	w.mu.Unlock()
	for _, g := range gateways {
		list = append(list, adminpage.Clients(g)...)
	}
	return list
}

func (w *Watch) change(edit func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	edit()
	w.page.Show(w.shown...)
}

// lightPause lies between two operations of the light load.
const lightPause = 20 * time.Millisecond

// Linger keeps a gateway before a database of its own under a light load, shown by
// w, until ctx ends, which is no error. What it made on disk is gone on return.
func Linger(ctx context.Context, screen *term.Screen, w *Watch) (err error) {
	s := &stage{screen: screen, size: sizes[Quick], watch: w}
	if s.dir, err = os.MkdirTemp("", "fluxor-demo-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	defer s.closeShops()
	err = s.linger(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *stage) linger(ctx context.Context) (err error) {
	options := fmt.Sprintf("&fluxor_max_open_conns=%d&fluxor_max_concurrent_connections=%d", s.size.conns, crowdConns)
	if s.fluxor, err = openShop("Fluxor", "fluxor", s.dsn("light"), options); err != nil {
		return err
	}
	defer s.watch.show("orders", s.fluxor.db)()
	if err := s.fluxor.fill(ctx, s.size, func(int, int) {}); err != nil {
		return err
	}
	c, err := fluxor.FromDB(s.fluxor.db)
	if err != nil {
		return err
	}
	gateways, dsn, err := startGateways(c, 1)
	defer func() { err = errors.Join(err, closeGateways(gateways)) }()
	if err != nil {
		return err
	}
	defer s.watch.serve(gateways)()
	dbs, err := openServices(dsn)
	defer closeServices(dbs)
	if err != nil {
		return err
	}
	s.screen.Heading("A light load through a gateway, until Ctrl-C") // whoever reads this can watch it
	errs := make([]error, s.size.workers)
	var wg sync.WaitGroup
	for i := range errs {
		sd := &side{shop: &shop{label: "service", db: dbs[i%len(dbs)]}, size: s.size}
		wg.Go(func() { errs[i] = sd.light(ctx, uint64(i), len(errs)) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// light does what a worker does, at leisure.
func (sd *side) light(ctx context.Context, worker uint64, of int) error {
	rng := rand.New(rand.NewPCG(seed, worker))
	pause := time.NewTicker(lightPause)
	defer pause.Stop()
	for id := int(worker); ; id += of {
		if err := sd.any(ctx, rng, id); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
	}
}
