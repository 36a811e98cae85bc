// This file is the handler: its endpoints, and what it answers to everything else.

// Package admin serves what is known of a program's connectors over HTTP: a page
// for people, the present state as one JSON document, the same as a stream of
// events, and the health pages of health/handler.
//
//	connector, err := fluxor.FromDB(db)
//	...
//	h := admin.New(admin.Named{Name: "orders", Source: connector})
//	mux.Handle("/debug/fluxor/", http.StripPrefix("/debug/fluxor", h))
//	server.RegisterOnShutdown(h.Close)
//
// Nothing here dials or asks the database, and no document holds a password or an
// argument. Nothing is changed unless the program offers actions. But statements,
// callers' files and errors are nobody else's business: who may read them is
// decided by the program that mounts the handler, with [Options.Authorize] or a
// middleware around it. docs/ADMIN.md has an example and the meaning of each
// field.
package admin

import (
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/health/handler"
	"github.com/fluxor-db/fluxor/metrics"
)

var _ http.Handler = (*Handler)(nil)

// Source is a connector to be shown; a *fluxor.Connector is one, and fluxor.FromDB
// finds that of a *sql.DB. Its methods may be called from several goroutines, and
// neither dial nor wait. A handler asks it for each document, and keeps it until the
// handler is gone.
type Source interface {
	// Diagnostics is all that is known, without a password.
	Diagnostics() health.Diagnostics
	// Snapshot is what was counted since the start.
	Snapshot() metrics.Snapshot
}

// Named is a source and the name under which it is shown; "" is shown as
// "default".
type Named struct {
	// Name tells the connector from the others: of two of the same name an action
	// reaches the first. Source may not be nil.
	Name   string
	Source Source
	// Actions are what the page offers to do to the connector; none by default.
	// See [Actions].
	Actions []Action
}

// Handler serves the connectors given to [New]. It may be used from any number of
// goroutines, and has none of its own; [Handler.Record] is for one of the program's.
type Handler struct {
	options Options
	shown   []*shown
	health  http.Handler
	foreign *http.CrossOriginProtection
	streams chan struct{} // a place for each stream
	events  atomic.Uint64 // the number of the last event
	closed  chan struct{}
	once    sync.Once // closes closed
}

// Options are what a handler does beside showing connectors. The zero value lets
// everybody who reaches the handler read, and nobody change anything.
type Options struct {
	// Authorize, if not nil, says whether a request may go on, and answers it itself
	// where it may not. It is asked for everything but /livez and /readyz, from many
	// goroutines. A request that would change something has the method POST.
	// [Password] is such a function.
	Authorize func(w http.ResponseWriter, r *http.Request) bool
	// Clients, if not nil, returns who is served through the connectors at the
	// moment, in the order in which they are to be shown. It is called for each
	// document, from many goroutines, and neither dials nor waits.
	Clients func() []Client
	// History is where [Handler.Record] keeps its samples and the page has them
	// from; nil is one of the handler's own. A program that replaces its handler gives
	// the same one to the next.
	History *History
}

// New returns a handler over connectors, any number of them. It panics where one has
// no source. Close ends its streams; without one http.Server.Shutdown waits for their
// readers to leave. Everybody who reaches the handler may read: see [NewWith].
func New(connectors ...Named) *Handler { return NewWith(Options{}, connectors...) }

// NewWith returns a handler over connectors as New does, with options.
func NewWith(o Options, connectors ...Named) *Handler {
	if o.History == nil {
		o.History = new(History)
	}
	h := &Handler{
		options: o, foreign: http.NewCrossOriginProtection(),
		streams: make(chan struct{}, MaxStreams), closed: make(chan struct{}),
	}
	for _, c := range connectors {
		if c.Source == nil {
			panic("admin: connector " + c.Name + " has no source")
		}
		if c.Name == "" {
			c.Name = "default"
		}
		h.shown = append(h.shown, &shown{name: c.Name, source: c.Source, actions: c.Actions})
	}
	h.health = handler.New(h.status)
	return h
}

// Close ends all streams and Record, and lets no new streams begin; the other
// endpoints go on.
// It may be called more than once.
func (h *Handler) Close() { h.once.Do(func() { close(h.closed) }) }

// The endpoints, beside those of the page and of its views.
const (
	pathState  = "/api/state"
	pathEvents = "/api/events"
	pathAction = "/api/action"
	pathLive   = "/livez"
	pathReady  = "/readyz"
)

// ServeHTTP answers GET and HEAD, and where the program allows actions POST to
// /api/action. Errors are JSON with a member "error" and the status: 404 for what
// there is not, 405 for another method, 503 for one stream too many. It never panics
// with what a client sent.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	harden(w.Header())
	path := r.URL.Path
	if path == pathLive || path == pathReady {
		readOnly(h.health.ServeHTTP)(w, r)
		return
	}
	if h.options.Authorize != nil && !h.options.Authorize(w, r) {
		return
	}
	if serve := h.endpoint(path); serve != nil {
		serve(w, r)
		return
	}
	answer(w, http.StatusNotFound, unknown{
		Error:     "no such page: " + shorten(path) + "; a handler mounted below a prefix needs http.StripPrefix",
		Endpoints: append([]string{"/", pathState, pathEvents, pathAction, pathLive, pathReady}, viewPaths()...),
	})
}

// harden forbids browsers what no answer here needs.
func harden(head http.Header) {
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
}

// readOnly lets GET and HEAD through.
func readOnly(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			answer(w, http.StatusMethodNotAllowed, refusal{"this page is only read: use GET"})
			return
		}
		serve(w, r)
	}
}

// endpoint is what serves a path; nil where nothing does.
func (h *Handler) endpoint(path string) http.HandlerFunc {
	switch path {
	case pathState:
		return readOnly(h.serveState)
	case pathEvents:
		return readOnly(h.serveEvents)
	case pathAction:
		return h.serveAction
	case "":
		return readOnly(toSlash)
	}
	if f, ok := page()[path]; ok {
		return readOnly(f.serve)
	}
	if v, ok := views[path]; ok {
		return readOnly(h.serveView(v))
	}
	return nil
}

func (h *Handler) serveState(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, h.Document())
}

// unknown is the answer to a path that does not exist.
type unknown struct {
	Error     string   `json:"error"`
	Endpoints []string `json:"endpoints"`
}

// refusal is the answer to a request that is not carried out.
type refusal struct {
	Error string `json:"error"`
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the client left
}
