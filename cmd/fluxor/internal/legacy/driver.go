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
		Type:           "sqlite", // what its statements are written in
		DriverName:     "demo",
		ImportPath:     "github.com/fluxor-db/fluxor/cmd/fluxor",
		Open:           open,
		Classify:       classify,
		Owns:           func(d driver.Driver) bool { _, ok := d.(Driver); return ok },
		ErrBadConnLies: true, // conn.go: a lost answer becomes ErrBadConn
	})
}

// open is what Fluxor makes of a DSN: it watches the connections.
func open(addr string) (driver.Connector, error) {
	c := NewConnector(addr)
	c.Dial = netshim.Dialer(c.Dial)
	return c, nil
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
	// Dial opens the sockets, a net.Dialer's method unless it is replaced before
	// the first use. Where Fluxor wraps the connector it must be one of
	// fluxor.WatchDial's, which is for nothing else.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	addr string
	lost atomic.Int64
}

// NewConnector returns a connector for the server at addr; it does not dial.
func NewConnector(addr string) *Connector {
	return &Connector{Dial: new(net.Dialer).DialContext, addr: addr}
}

// Lost is how many statements were sent and never answered.
func (c *Connector) Lost() int64 { return c.lost.Load() }

// Connect dials within ctx.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	nc, err := c.Dial(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	in := json.NewDecoder(bufio.NewReader(nc))
	in.UseNumber()
	return &conn{of: c, nc: nc, in: in, out: json.NewEncoder(nc)}, nil
}

// Driver returns the driver that the connector belongs to.
func (c *Connector) Driver() driver.Driver { return Driver{} }
