// This file lends the handler's connectors to the health pages.

package admin

import "github.com/fluxor-db/fluxor/health"

// status is the health of the first connector that is not well: by its
// database's last answer where that is no older than a minute, as under a
// health.Monitor, and by its breaker.
func (h *Handler) status() health.Status {
	status := health.Status{Healthy: true, Reason: health.ReasonOK}
	for _, s := range h.shown {
		d := s.source.Diagnostics()
		last := d.Health
		if d.At.Sub(last.At) > freshness {
			last = health.Status{}
		}
		if status = last.Beside(d.State); !status.Healthy {
			break
		}
	}
	return status
}
