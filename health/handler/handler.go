// This file answers an orchestrator's probes over HTTP.

// Package handler serves a database's health over HTTP. It stands apart from
// package health so that a program without these pages does not link net/http.
package handler

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/fluxor-db/fluxor/health"
)

// answer is the body of both pages. It holds nothing of what the driver said:
// such pages are often open to all.
type answer struct {
	OK     bool          `json:"ok"`
	Reason health.Reason `json:"reason"`
	Asked  *time.Time    `json:"asked,omitempty"`
}

// Live answers 200 as long as the process serves requests: a sick database is
// no reason to restart the application. It never asks the database.
func Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, answer{OK: true, Reason: health.ReasonOK})
	})
}

// Ready answers 200 while status says that the database is fit for use, and 503
// else. [health.Monitor.Status] is such a function: it knows without asking.
func Ready(status func() health.Status) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s := status()
		code, a := http.StatusOK, answer{OK: s.Healthy, Reason: s.Reason}
		if !s.Healthy {
			code = http.StatusServiceUnavailable
		}
		if !s.At.IsZero() {
			a.Asked = &s.At
		}
		write(w, code, a)
	})
}

// New serves /livez and /readyz.
func New(status func() health.Status) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /livez", Live())
	mux.Handle("GET /readyz", Ready(status))
	return mux
}

func write(w http.ResponseWriter, code int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(a) // the client left
}
