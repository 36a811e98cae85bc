// This file shows the databases to operators and to Prometheus.

package gate

import (
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/adminpage"
	"github.com/fluxor-db/fluxor/metrics/prometheus"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// watch shows the databases of the moment. It is safe for concurrent use.
type watch struct {
	*adminpage.Page

	server *gateway.Server
	export *prometheus.Collector

	mu    sync.Mutex // protects what follows
	shown []string   // the names that are exported
}

// newWatch returns one without databases, which Close ends.
func newWatch(server *gateway.Server) *watch {
	w := &watch{server: server, export: prometheus.NewCollector(prometheus.Options{})}
	w.Page = adminpage.New(admin.Options{Clients: func() []admin.Client { return adminpage.Clients(server) }})
	return w
}

// show puts others in the place of the databases. Streams end, and their readers
// come again.
func (w *watch) show(all databases) {
	var named []admin.Named
	for _, name := range slices.Sorted(maps.Keys(all)) {
		named = append(named, admin.Named{Name: name, Source: all[name].Connector})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range w.shown {
		w.export.Remove(name)
	}
	w.shown = nil
	for _, n := range named {
		if w.export.Add(n.Name, all[n.Name].Backend().Type, n.Source) == nil {
			w.shown = append(w.shown, n.Name)
		}
	}
	w.Show(named...)
}

// metrics is the page for Prometheus.
func (w *watch) metrics() http.Handler {
	return prometheus.Handler(w.export,
		prometheus.Gauge{Name: "fluxor_gateway_sessions", Help: "Clients that are logged in.", Read: func() float64 { return float64(w.server.Sessions()) }},
		prometheus.Gauge{Name: "fluxor_gateway_audit_lost", Help: "Records of the audit log that could not be written since the start.", Read: func() float64 { return float64(w.server.AuditLost()) }},
		prometheus.Gauge{Name: "fluxor_gateway_ready", Help: "1 where new clients should come.", Read: func() float64 {
			if w.server.Ready() == nil {
				return 1
			}
			return 0
		}},
	)
}
