// This file is the old server's driver: it connects, and tells Fluxor what it is.

package legacy

import (
	"bufio"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"net"
	"sync/atomic"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/netshim"
)

var (
	_ driver.Driver        = Driver{}
	_ driver.DriverContext = Driver{}
	_ driver.Connector     = (*Connector)(nil)
)

func init() {
	backend.Register(backend.Backend{
		Name:           "demo",
		Type:           "demo",
		DriverName:     "demo",
		ImportPath:     "github.com/fluxor-db/fluxor/cmd/fluxor",
		Open:           func(addr string) (driver.Connector, error) { return NewConnector(addr), nil },
		Classify:       classify,
		Owns:           func(d driver.Driver) bool { _, ok := d.(Driver); return ok },
		ErrBadConnLies: true, // conn.go: a lost answer becomes ErrBadConn
	})
}

func classify(err error) backend.Class {
	var verdict *Error
	if errors.As(err, &verdict) {
		return backend.ClassVerdict
	}
	return backend.Common(err)
}

// Driver opens connections to the old server; a DSN is its host:port.
type Driver struct{}

// Open connects to the server at addr.
func (Driver) Open(addr string) (driver.Conn, error) {
	return NewConnector(addr).Connect(context.Background())
}

// OpenConnector returns a connector for the server at addr; it does not dial.
func (Driver) OpenConnector(addr string) (driver.Connector, error) { return NewConnector(addr), nil }

// Connector connects to one server. It is safe for concurrent use.
type Connector struct {
	addr string
	lost atomic.Int64
}

// NewConnector returns a connector for the server at addr; it does not dial.
func NewConnector(addr string) *Connector { return &Connector{addr: addr} }

// Lost is how many statements were sent and never answered.
func (c *Connector) Lost() int64 { return c.lost.Load() }

// Connect dials within ctx.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	nc, err := netshim.Dialer(new(net.Dialer).DialContext)(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	in := json.NewDecoder(bufio.NewReader(nc))
	in.UseNumber()
	return &conn{of: c, nc: nc, in: in, out: json.NewEncoder(nc)}, nil
}

// Driver returns the driver that the connector belongs to.
func (c *Connector) Driver() driver.Driver { return Driver{} }
