// This file is the handler: its endpoints, and what it answers to everything else.

// Package admin serves what is known of a program's connectors over HTTP: the
// present state as one JSON document, the same as a stream of events, and the
// health pages of health/handler.
//
//	connector, err := fluxor.FromDB(db)
//	...
//	h := admin.New(admin.Named{Name: "orders", Source: connector})
//	mux.Handle("/debug/fluxor/", http.StripPrefix("/debug/fluxor", h))
//	server.RegisterOnShutdown(h.Close)
//
// Nothing here dials, asks the database or changes anything, and no document
// holds a password or an argument. But statements, callers' files and errors
// are nobody else's business: who may read them is decided by the program that
// mounts the handler, with a middleware around it. docs/ADMIN.md has an example
// and the meaning of each field.
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

// Source is a connector to be shown; a *fluxor.Connector is one. Its methods may
// be called from several goroutines, and neither dial nor wait.
type Source interface {
	// Diagnostics is all that is known, without a password.
	Diagnostics() health.Diagnostics
	// Snapshot is what was counted since the start.
	Snapshot() metrics.Snapshot
}

// Named is a source and the name under which it is shown; "" is shown as
// "default".
type Named struct {
	// Name tells the connector from the others; Source may not be nil.
	Name   string
	Source Source
}

// Handler serves the connectors given to [New]. It may be used from any number of
// goroutines, and has none of its own.
type Handler struct {
	shown   []*shown
	health  http.Handler
	streams chan struct{} // a place for each stream
	events  atomic.Uint64 // the number of the last event
	closed  chan struct{}
	once    sync.Once // closes closed
}

// New returns a handler over connectors. Close ends its streams; without one
// http.Server.Shutdown waits for their readers to leave.
func New(connectors ...Named) *Handler {
	h := &Handler{streams: make(chan struct{}, MaxStreams), closed: make(chan struct{})}
	for _, c := range connectors {
		if c.Source == nil {
			panic("admin: connector " + c.Name + " has no source")
		}
		if c.Name == "" {
			c.Name = "default"
		}
		h.shown = append(h.shown, &shown{name: c.Name, source: c.Source})
	}
	h.health = handler.New(h.status)
	return h
}

// Close ends all streams, and lets no new ones begin; the other endpoints go on.
// It may be called more than once.
func (h *Handler) Close() { h.once.Do(func() { close(h.closed) }) }

// The endpoints.
const (
	pathState  = "/api/state"
	pathEvents = "/api/events"
	pathLive   = "/livez"
	pathReady  = "/readyz"
)

// ServeHTTP answers GET and HEAD. It never panics with what a client sent.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	serve := h.endpoint(r.URL.Path)
	if serve == nil {
		answer(w, http.StatusNotFound, unknown{
			Error:     "no such page: " + shorten(r.URL.Path) + "; a handler mounted below a prefix needs http.StripPrefix",
			Endpoints: []string{pathState, pathEvents, pathLive, pathReady},
		})
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, refusal{"this page is only read: use GET"})
		return
	}
	serve(w, r)
}

// endpoint is what serves a path; nil where nothing does.
func (h *Handler) endpoint(path string) http.HandlerFunc {
	switch path {
	case pathState:
		return h.serveState
	case pathEvents:
		return h.serveEvents
	case pathLive, pathReady:
		return h.health.ServeHTTP
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
