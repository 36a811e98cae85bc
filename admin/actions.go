// This file does to a connector what the program offers and somebody asks for.

package admin

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
)

// Action is something that may be done to a connector over HTTP, because the
// program offers it.
type Action struct {
	// Name is what a request says, such as "clear-cache"; Title is on the page's
	// button, such as "Clear the cache", and Warning is what it asks before.
	Name, Title, Warning string
	// Do does it, within the request's context. It may be called from several
	// goroutines at a time. Its error is shown to who asked, who may ask again.
	Do func(ctx context.Context) error
}

// Controls is what an operator turns at a connector; a *fluxor.Connector has
// them. Mode is the type of its breaker's modes, which are "automatic", "forced
// open" and "forced closed".
type Controls[Mode ~string] interface {
	// ForceCircuitBreaker sets the circuit breaker to a mode.
	ForceCircuitBreaker(mode Mode) error
	// InvalidateCache ends all answers of the query cache.
	InvalidateCache()
}

// Actions are all that can be done to a connector: forcing its circuit breaker
// open or closed, letting it judge again, and clearing the query cache. Who
// offers them decides with [Options.Authorize] who may.
//
//	admin.Named{Name: "orders", Source: c, Actions: admin.Actions(c)}
func Actions[Mode ~string](c Controls[Mode]) []Action {
	force := func(mode Mode) func(context.Context) error {
		return func(context.Context) error { return c.ForceCircuitBreaker(mode) }
	}
	return []Action{
		{"force-open", "Force the breaker open", "All calls that need a connection will be refused until somebody sets the breaker to automatic.", force("forced open")},
		{"force-closed", "Force the breaker closed", "Calls will wait for the database however sick it is, until somebody sets the breaker to automatic.", force("forced closed")},
		{"automatic", "Let the breaker judge", "The breaker will judge by itself again, beginning from closed.", force("automatic")},
		{"clear-cache", "Clear the query cache", "All answers in memory will be forgotten, and asked for anew.", func(context.Context) error {
			c.InvalidateCache()
			return nil
		}},
	}
}

// Offer is an [Action] as a [Document] shows it: what is needed to ask for it.
type Offer struct {
	// Name, Title and Warning are those of [Action].
	Name    string `json:"name"`
	Title   string `json:"title"`
	Warning string `json:"warning"`
}

func offerOf(a Action) Offer { return Offer{a.Name, a.Title, a.Warning} }

// order is what a request for an action says.
type order struct {
	Connector string `json:"connector"`
	Action    string `json:"action"`
}

// done is the answer to an action that was done.
type done struct {
	Done string `json:"done"`
}

// mostOrder bounds the body of a request, in bytes.
const mostOrder = 4096

// serveAction does an action. Pages of other origins are refused twice: by what
// browsers say of a request's origin, and because a form cannot send JSON.
func (h *Handler) serveAction(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed, refusal{"an action is asked for with POST"})
		return
	}
	if err := h.foreign.Check(r); err != nil {
		answer(w, http.StatusForbidden, refusal{"the request comes from a page of another origin"})
		return
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		answer(w, http.StatusUnsupportedMediaType, refusal{"an action is asked for with Content-Type: application/json"})
		return
	}
	var o order
	if err := json.NewDecoder(io.LimitReader(r.Body, mostOrder)).Decode(&o); err != nil {
		answer(w, http.StatusBadRequest, refusal{`want {"connector": "...", "action": "..."}`})
		return
	}
	a, ok := h.find(o)
	if !ok {
		answer(w, http.StatusNotFound, refusal{"the program does not offer that action for that connector"})
		return
	}
	if err := a.Do(r.Context()); err != nil {
		answer(w, http.StatusInternalServerError, refusal{shorten(err.Error())})
		return
	}
	answer(w, http.StatusOK, done{a.Title})
}

// find looks for what was ordered.
func (h *Handler) find(o order) (a Action, ok bool) {
	for _, s := range h.shown {
		if i := slices.IndexFunc(s.actions, func(a Action) bool { return a.Name == o.Action }); s.name == o.Connector && i >= 0 {
			return s.actions[i], true
		}
	}
	return Action{}, false
}
