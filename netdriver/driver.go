// This file registers the driver and makes connectors.

// Package netdriver is the database/sql driver "fluxor+tcp": it reaches a
// database through a Fluxor gateway and needs neither the database's client nor
// its password. Import it for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/netdriver"
//
//	db, err := sql.Open("fluxor+tcp", "tcp://app:token@gateway:7654/erp")
//
// A program that imports Fluxor as well may open the same DSN under "fluxor".
// Several hosts, separated by commas, are tried in turn. What may stand behind
// the question mark, each a field of [Config]:
//
//	tls              disable, require, verify-ca, verify-full; the default is
//	                 verify-full, on loopback without ca and cert disable
//	ca, cert, key    files in PEM form
//	server_name      the name in the gateway's certificate
//	auth             scram, token, mtls; by default what the gateway chooses of
//	                 those that there are and that nobody can listen to
//	codec            auto, json, binary
//	connect_timeout  for dialing and login of one host; 10s
//	network_timeout  for each write, and answers that no context bounds; 1m
//	window           bytes of rows that are sent ahead; 262144, from 4096 to 1 GiB
//	app, tz          the application's name, the time zone of the database's session
//	pool             session: one database connection for the whole session
//	labels           name:value,name:value, for the gateway's audit log
//
// Errors are *[Error]: it says what the database said, and whether what was
// asked for took effect. The packages pqerr, pgxerr and mysqlerr below let
// errors.As find the errors of the direct drivers in it.
//
// [sql.DB.Stats] counts connections to the gateway, each one session there; those
// to the database are the gateway's. [sql.DB.PingContext] asks the database.
// [sql.Conn.Raw] hands out the connection to the gateway, with the interfaces of
// database/sql/driver that take contexts and none of the direct driver's; see
// [Admin] for what else it can be asked. When the database ends a session within
// a [sql.Conn] or a transaction, the error is the database's own, and what follows
// is driver.ErrBadConn: nothing goes on in another session unnoticed.
//
// A NUMBER of Oracle's is a string of its digits. A cursor comes back in an
// [sql.Out] whose Dest is a *driver.Rows; [WrapRows] makes *sql.Rows of it.
//
// One connection carries one request at a time: where rows are still open, up to
// 16 MiB of them are read into memory before the next statement on the same
// connection; more than that, or another result set behind them, is an error.
package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/xdg-go/scram"

	"github.com/fluxor-db/fluxor/refusal"
)

// Name is the name under which database/sql knows the driver.
const Name = "fluxor+tcp"

var (
	_ driver.Driver        = (*Driver)(nil)
	_ driver.DriverContext = (*Driver)(nil)
	_ driver.Connector     = (*Connector)(nil)
)

func init() { sql.Register(Name, &Driver{}) }

// Driver is the driver. It has no state and may be used concurrently.
type Driver struct{}

// Open implements driver.Driver: it dials at once, bounded by connect_timeout.
func (d *Driver) Open(dsn string) (driver.Conn, error) {
	c, err := d.OpenConnector(dsn)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

// OpenConnector implements driver.DriverContext. It dials nothing; its errors
// name the option or the byte of the DSN that is at fault, and quote no token.
func (d *Driver) OpenConnector(dsn string) (driver.Connector, error) {
	cfg, err := ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return NewConnector(cfg)
}

// Connector makes connections to one database behind a gateway. It may be used
// concurrently.
type Connector struct {
	cfg    Config
	first  atomic.Uint32 // the host that answered last, which is tried first
	closed atomic.Bool

	failures failures
	shunned  shunned
	resolver *net.Resolver // nil for the system's

	// byToken: the last login was by token, so that the next one begins with it.
	byToken atomic.Bool

	// scram keeps the keys that were derived from the token, so that only the
	// first login is dear.
	scram func() (*scram.Client, error)
}

// NewConnector makes a connector for sql.OpenDB. It checks the configuration and
// reads the certificates, and dials nothing. The connector keeps a copy of cfg; a Dial
// is called from many goroutines, and what TLSConfig refers to must not change.
//
// An error names the option that is wrong or contradicts another one, or the file that
// cannot be read or holds no certificate. Retrying helps once the file is right, else
// never. It may be called concurrently.
func NewConnector(cfg Config) (*Connector, error) {
	cfg = cfg.clone()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	for _, host := range cfg.Hosts {
		if _, err := cfg.tlsFor(host); err != nil {
			return nil, err
		}
	}
	return &Connector{cfg: cfg, failures: failures{of: make([]atomic.Uint64, len(cfg.Hosts))}, scram: sync.OnceValues(func() (*scram.Client, error) {
		return scram.SHA256.NewClient(cfg.User, cfg.Token, "")
	})}, nil
}

// Driver implements driver.Connector.
func (c *Connector) Driver() driver.Driver { return &Driver{} }

// String is the DSN without its token.
func (c *Connector) String() string { return c.cfg.String() }

// Format prints the connector as String does, whatever the verb.
func (c *Connector) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Close makes further calls of Connect fail with refusal.ErrClosed. Connections
// that are open stay so: database/sql closes them itself.
func (c *Connector) Close() error {
	c.closed.Store(true)
	return nil
}

// Connect implements driver.Connector: it dials the hosts in turn, beginning
// with the one that answered last, and logs in. Those that failed since come last.
// Each host, and each address of its name, may take ConnectTimeout; where ctx has a
// deadline and others are left to try, its share of that, or a second. A login that a
// gateway refuses is not tried at the next one. It may be called concurrently.
//
// Nothing was asked of a database where it fails, and it may be called again. Whether
// that helps:
//
//   - refusal.ErrClosed, after Close: never.
//   - An *[Error] of kind "auth" or "denied": not before the token, or what the gateway
//     knows of the user, has changed. Gateways hear who fails too often only after a while.
//   - Any other *[Error] whose Retryable is true ("shutdown", "overloaded"): later, or at
//     another gateway.
//   - A certificate that is not trusted, a file that cannot be read, a gateway that does
//     not keep to the protocol: not before somebody has mended it.
//   - The end of ctx, and what the network says: perhaps.
//
// errors.Is finds [ErrNoGateway], and with errors.As looks into the errors of all hosts
// that were tried. None is driver.ErrBadConn, so database/sql does not dial again by
// itself.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.closed.Load() {
		return nil, &refusal.Error{Policy: "connector", Reason: "the connector is closed", Sentinel: refusal.ErrClosed}
	}
	return c.connect(ctx)
}
