// This file serves what is exported over HTTP, for programs without a registry of their own.

package prometheus

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// Gauge is a number of the program's own beside the connectors'.
type Gauge struct {
	// Name and Help are as Prometheus shows them; Read is called at each scrape, from
	// any goroutine.
	Name, Help string
	Read       func() float64
}

// Handler serves a collector and gauges as Prometheus reads them, by a registry of
// its own. It panics where two names are the same, as the registry does.
func Handler(c *Collector, gauges ...Gauge) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	for _, g := range gauges {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.Name, Help: g.Help}, g.Read))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		families, err := r.Gather()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		format := expfmt.NewFormat(expfmt.TypeTextPlain)
		w.Header().Set("Content-Type", string(format))
		text := expfmt.NewEncoder(w, format)
		for _, f := range families {
			if text.Encode(f) != nil {
				return // the reader left
			}
		}
	})
}
