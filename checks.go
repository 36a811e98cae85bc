// This file offers package health for a runtime: checks, diagnostics and the monitor.

package fluxor

import (
	"context"
	"time"

	"github.com/fluxor-db/fluxor/health"
)

// CheckHealth asks the database of a runtime now, within ctx and 5 seconds, over
// a connection that no caller waits for, and says whether it is fit for use.
func CheckHealth(ctx context.Context, r *DBRuntime) health.Status { return r.HealthCheck(ctx) }

// GetDiagnostics returns what is known of a runtime, without asking the database
// and without a password. String makes it a text to paste in a ticket.
func GetDiagnostics(r *DBRuntime) health.Diagnostics {
	if c := r.Connector(); c != nil {
		return c.Diagnostics()
	}
	return health.Diagnostics{At: time.Now(), Backend: "not connected", State: r.State(), Breaker: r.Breaker()}
}

// NewMonitor returns a monitor that asks a runtime's database at each interval,
// 30 seconds where it is 0, once Start is called. The runtime may be connected
// later, and again.
func NewMonitor(r *DBRuntime, interval time.Duration) *health.Monitor {
	return health.NewMonitor(r, interval)
}

// DefaultLoggingCallback logs what a monitor finds where it changed, with
// [log/slog.Default].
func DefaultLoggingCallback(e health.Event) { health.DefaultLoggingCallback(e) }
