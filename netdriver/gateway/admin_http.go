// This file serves the admin operations over HTTP, beside probes and what a program adds.

package gateway

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// AdminPages is what a program adds to an AdminHandler.
type AdminPages struct {
	// Metrics is served at /metrics to monitors, or to everybody where OpenMetrics
	// is set; it must show no statement. nil is none.
	Metrics     http.Handler
	OpenMetrics bool
	// Page is served to monitors at all other paths; nil is none.
	Page http.Handler
}

// mostForm is how large the body of a request may be, in bytes.
const mostForm = 16 << 10

// AdminHandler serves the admin operations at /admin/NAME, with the arguments as
// parameters: GET for those that look, POST for those that act. The visitor is a
// user of the gateway, by a token: "Authorization: Basic" with name and token, or
// "Bearer" with the token alone. /livez, /readyz and /startupz are for everybody.
// The listener is the caller's business, who gives it TLS where others than this
// machine reach it.
func (s *Server) AdminHandler(p AdminPages) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", probe(func() error { return nil }))
	mux.HandleFunc("GET /readyz", probe(s.Ready))
	mux.HandleFunc("GET /startupz", probe(func() error {
		if s.Started() {
			return nil
		}
		return errNotBegun
	}))
	mux.Handle("/admin/{op}", http.HandlerFunc(s.serveOp))
	if p.Metrics != nil {
		metrics := p.Metrics
		if !p.OpenMetrics {
			metrics = s.forMonitors(metrics)
		}
		mux.Handle("GET /metrics", metrics)
	}
	if p.Page != nil {
		mux.Handle("/", s.forMonitors(p.Page))
	}
	return guarded(mux)
}

// guarded refuses what other sites have a browser send, and large bodies.
func guarded(h http.Handler) http.Handler {
	own := http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		own.ServeHTTP(w, r)
	})
}

// probe answers 200 or 503, with why not.
func probe(well func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := well(); err != nil {
			say(w, http.StatusServiceUnavailable, failure{err.Error()})
			return
		}
		say(w, http.StatusOK, struct {
			OK bool `json:"ok"`
		}{true})
	}
}

// failure is the body of an answer that is none.
type failure struct {
	Error string `json:"error"`
}

func say(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the client left
}

// serveOp carries out an operation.
func (s *Server) serveOp(w http.ResponseWriter, r *http.Request) {
	u := s.visitor(w, r)
	if u == nil {
		return
	}
	name := r.PathValue("op")
	if o := opNamed(name); o != nil && u.Role.may(o.Role) {
		if want := o.method(); r.Method != want {
			w.Header().Set("Allow", want)
			say(w, http.StatusMethodNotAllowed, failure{name + " is asked for by " + want})
			return
		}
	}
	args, err := formOf(r)
	if err != nil {
		say(w, http.StatusBadRequest, failure{err.Error()})
		return
	}
	answer, err := s.visited(r.Context(), u.Name, host(r), name, args)
	if err != nil {
		say(w, codeOf(err), failure{err.Error()})
		return
	}
	say(w, http.StatusOK, answer)
}

// method is how an operation is asked for.
func (o *Op) method() string {
	if o.Acts {
		return http.MethodPost
	}
	return http.MethodGet
}

// formOf are the arguments of a request, each once.
func formOf(r *http.Request) (map[string]string, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	args := map[string]string{}
	for name, values := range r.Form {
		if len(values) > 1 {
			return nil, errors.New("the argument " + name + " stands there twice")
		}
		args[name] = values[0]
	}
	return args, nil
}

// codeOf is the status of an operation's error.
func codeOf(err error) int {
	var own refused
	switch {
	case errors.Is(err, ErrDenied):
		return http.StatusForbidden
	case errors.As(err, new(unknownOp)):
		return http.StatusNotFound
	case errors.As(err, &own) && own.kind == wire.ErrorTimeout:
		return http.StatusGatewayTimeout
	case errors.As(err, &own) && own.kind == wire.ErrorShutdown:
		return http.StatusServiceUnavailable
	case errors.As(err, &own):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// forMonitors serves h to those who may look.
func (s *Server) forMonitors(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch u := s.visitor(w, r); {
		case u == nil:
		case !u.Role.may(RoleMonitor):
			say(w, http.StatusForbidden, failure{ErrDenied.Error()})
		default:
			ctx, end := s.whileMonitor(r)
			defer end()
			h.ServeHTTP(w, r.WithContext(ctx))
		}
	})
}

// credentials are the name that a request gives, and by whom what it shows may be
// shown; nil where it shows nothing.
func credentials(r *http.Request) (name string, find func(*directory, time.Time) *User) {
	name, token, basic := r.BasicAuth()
	if basic {
		return name, func(d *directory, now time.Time) *User { return d.token(name, token, now) }
	}
	if bearer, bears := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); bears {
		return "", func(d *directory, now time.Time) *User { return d.bearer(bearer, now) }
	}
	return "", nil
}

// visitor is the user who asks; where none is known, it has answered and returns
// nil. Who failed too often is not listened to.
func (s *Server) visitor(w http.ResponseWriter, r *http.Request) *User {
	name, find := credentials(r)
	if find != nil {
		if u := s.heard(guesser{host(r), name}, find); u != nil {
			return u
		}
	}
	if r.Header.Get("Authorization") != "" {
		name = shortened(name, mostName)
		s.log.Warn("fluxor: a login failed at the admin listener", slog.String("address", host(r)), slog.String("user", name))
		s.audit.add(&record{Event: "login", User: name, Address: host(r), Outcome: string(wire.ErrorAuth)})
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="fluxor", charset="UTF-8"`)
	say(w, http.StatusUnauthorized, failure{errLogin.Error()})
	return nil
}

// heard is the user whom find finds, unless who asks failed too often.
func (s *Server) heard(who guesser, find func(*directory, time.Time) *User) *User {
	if s.guesses.refuses(who) {
		return nil
	}
	now := time.Now()
	if u := find(s.users.Load(), now); u != nil && u.may(now) {
		s.guesses.worked(who)
		return u
	}
	s.guesses.failed(who)
	return nil
}

// bearer is the user whose token it is, whoever that is. Of several who may log in it
// is the one of the least role, and of those the first by name.
func (d *directory) bearer(token string, now time.Time) (found *User) {
	hash := sha256.Sum256([]byte(token))
	for name := range d.byName {
		u := d.hashed(name, hash, now)
		switch {
		case u == nil || !u.may(now):
		case found == nil || cmp.Or(cmp.Compare(u.Role.rank(), found.Role.rank()), cmp.Compare(u.Name, found.Name)) < 0:
			found = u
		}
	}
	return found
}

// host is where a request comes from, without its port.
func host(r *http.Request) string {
	if h, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return h
	}
	return r.RemoteAddr
}
