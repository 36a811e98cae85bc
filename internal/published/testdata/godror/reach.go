// This file lets the way of godror.Raw be set. The package is the same with and without Fluxor, so it is compiled once.

package godror

import "context"

// Rawer is a *sql.Conn, or what stands for one.
type Rawer interface{ Raw(func(driverConn any) error) error }

// Reach is how godror.Raw, and what stands on it, gets at godror's own
// connection.
var Reach = func(_ context.Context, c Rawer, f func(driverConn any) error) error { return c.Raw(f) }
