// This file reads from the driver's DSN where the server is and how TLS is used, and opens the driver's connector.

package doctor

import (
	"context"
	"database/sql/driver"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	godror "github.com/godror/godror/dsn"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
	fluxormysql "github.com/fluxor-db/fluxor/drivers/mysql"
	"github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

// endpoint is where the driver goes and how.
type endpoint struct {
	address   string // host:port or a socket's path, for people
	local     bool   // the machine itself
	tls       tlsMode
	connector driver.Connector
	wire      wire

	mysql  *mysql.Config            // of MySQL alone
	oracle *godror.ConnectionParams // of Oracle alone
	advice string                   // what this driver needs behind a pooler
	keeps  bool                     // the statement cache finds something to keep, once it is on
}

// tlsMode is what the DSN asks of TLS.
type tlsMode string

const (
	tlsOff        tlsMode = "off"
	tlsOptional   tlsMode = "used if the server offers it, unverified"
	tlsUnverified tlsMode = "required, unverified"
	tlsAuthority  tlsMode = "required, the certificate's authority verified"
	tlsFull       tlsMode = "required, the certificate and its name verified"
)

func (m tlsMode) verified() bool { return m == tlsAuthority || m == tlsFull }

// wire remembers the connection that was dialed last.
type wire struct {
	mu   sync.Mutex // protects last; nothing is dialed under it
	last way
}

// way is a connection as this machine sees it. Its addresses are nil where it
// is none of TCP, or was not dialed through a wire.
type way struct {
	took          time.Duration
	local, remote *net.TCPAddr
}

// dial measures and remembers.
func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	began := time.Now()
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	made := way{took: time.Since(began)}
	made.local, _ = c.LocalAddr().(*net.TCPAddr)
	made.remote, _ = c.RemoteAddr().(*net.TCPAddr)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = made
	return c, nil
}

// now returns the connection that was dialed last.
func (w *wire) now() way {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// stays reports whether a connection stays on this machine.
func (w way) stays() bool {
	return w.remote.IP.IsLoopback() || w.remote.IP.Equal(w.local.IP)
}

// open reads text, which u is the understanding of, as the chosen driver does.
// An error is the driver's refusal, its secrets concealed.
func open(u *fluxor.Understanding, text string) (*endpoint, error) {
	plain, err := dsn.Translate(u.Form, text)
	if err != nil {
		return nil, err
	}
	native, _, err := dsn.Split(dsn.Grammar{Form: u.Form, Driver: u.Driver}, plain)
	if err != nil {
		return nil, err
	}
	e := &endpoint{}
	switch u.Backend {
	case "postgres":
		err = e.openPQ(native)
	case "pgx":
		err = e.openPGX(native)
	case "mysql":
		err = e.openMySQL(native)
	case "oracle":
		err = e.openOracle(u, native)
	default:
		err = e.openOther(u, native)
	}
	if err != nil {
		return nil, dsn.Conceal(err, u.Form, native)
	}
	return e, nil
}

func (e *endpoint) openPQ(native string) error {
	cfg, err := pq.NewConfig(native)
	if err != nil {
		return err
	}
	c, err := pq.NewConnector(native)
	if err != nil {
		return err
	}
	c.Dialer(&postgres.Dialer{Base: e.wire.dial})
	e.connector = c
	host := cfg.Host
	if cfg.Hostaddr.IsValid() {
		host = cfg.Hostaddr.String()
	}
	e.at(host, int(cfg.Port))
	switch cfg.SSLMode {
	case pq.SSLModeDisable:
		e.tls = tlsOff
	case pq.SSLModeAllow, pq.SSLModePrefer:
		e.tls = tlsOptional
	case pq.SSLModeVerifyCA:
		e.tls = tlsAuthority
	case pq.SSLModeVerifyFull:
		e.tls = tlsFull
	default:
		e.tls = tlsUnverified
		if cfg.SSLRootCert != "" {
			e.tls = tlsAuthority
		}
	}
	if e.keeps = !cfg.BinaryParameters; e.keeps {
		e.advice = "lib/pq sends a statement with arguments in two steps, which a pooler may give to two sessions: add binary_parameters=yes"
	}
	return nil
}

// openPGX makes a connector that prepares nothing: what is prepared would stay
// on a pooler's server session.
func (e *endpoint) openPGX(native string) error {
	cfg, err := pgx.ParseConfig(native)
	if err != nil {
		return err
	}
	e.at(cfg.Host, int(cfg.Port))
	e.tls = tlsOfPGX(cfg)
	if m := cfg.DefaultQueryExecMode; m == pgx.QueryExecModeCacheStatement || m == pgx.QueryExecModeCacheDescribe {
		e.advice = "pgx prepares statements: add default_query_exec_mode=exec"
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	cfg.DialFunc = pgconn.DialFunc(fluxor.WatchDial(e.wire.dial))
	e.connector = stdlib.GetConnector(*cfg)
	return nil
}

// tlsOfPGX reads what pgx made of sslmode: a fallback is another way to try.
func tlsOfPGX(cfg *pgx.ConnConfig) tlsMode {
	plain := cfg.TLSConfig == nil
	for _, f := range cfg.Fallbacks {
		if f.Host == cfg.Host && f.Port == cfg.Port && (f.TLSConfig == nil) != plain {
			return tlsOptional
		}
	}
	switch {
	case plain:
		return tlsOff
	case !cfg.TLSConfig.InsecureSkipVerify:
		return tlsFull
	case cfg.TLSConfig.VerifyPeerCertificate != nil:
		return tlsAuthority
	}
	return tlsUnverified
}

func (e *endpoint) openMySQL(native string) error {
	cfg, err := mysql.ParseDSN(native)
	if err != nil {
		return err
	}
	e.address, e.local = cfg.Addr, cfg.Net == "unix"
	if host, _, err := net.SplitHostPort(cfg.Addr); err == nil {
		e.local = isLocal(host)
	}
	switch cfg.TLSConfig {
	case "", "false":
		e.tls = tlsOff
	case "preferred":
		e.tls = tlsOptional
	case "skip-verify":
		e.tls = tlsUnverified
	default:
		e.tls = tlsFull
	}
	e.mysql, e.keeps = cfg.Clone(), !cfg.InterpolateParams
	cfg.DialFunc = fluxormysql.DialFunc(e.wire.dial)
	e.connector, err = mysql.NewConnector(cfg)
	return err
}

// openOther serves the drivers without a network.
func (e *endpoint) openOther(u *fluxor.Understanding, native string) (err error) {
	e.address, e.local = u.Native, true
	for _, b := range backend.All() {
		if b.Name == u.Backend && b.DriverName == u.Driver {
			e.connector, err = b.Open(native)
			return err
		}
	}
	e.connector, err = backend.Registered(u.Driver, native)
	return err
}

// at notes PostgreSQL's address; a host that is a path is a socket's directory.
func (e *endpoint) at(host string, port int) {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
		e.address, e.local = host, true
		return
	}
	e.address, e.local = net.JoinHostPort(host, strconv.Itoa(port)), isLocal(host)
}

// isLocal reports whether a host is this machine.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || host == "" || ip != nil && ip.IsLoopback()
}
