// This file holds the configuration and checks it.

package netdriver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// TLSMode says how a connection is protected.
type TLSMode string

// The modes of TLS. TLS begins with the first byte and is 1.3; nothing falls back
// to plaintext.
const (
	// TLSDefault is TLSDisable on loopback without CA, Cert and TLSConfig, else
	// TLSVerifyFull.
	TLSDefault TLSMode = ""
	// TLSDisable is plaintext. A token then goes over the wire on loopback only;
	// SCRAM never sends it.
	TLSDisable TLSMode = "disable"
	// TLSRequire encrypts and does not look at the gateway's certificate.
	TLSRequire TLSMode = "require"
	// TLSVerifyCA checks that the certificate is of a known authority.
	TLSVerifyCA TLSMode = "verify-ca"
	// TLSVerifyFull checks as well that it is the host's.
	TLSVerifyFull TLSMode = "verify-full"
)

// The ways to log in, of Config.Auth.
const (
	// AuthAuto offers the certificate where there is one, SCRAM, which is bound to
	// the channel over TLS, and the token where the wire is safe for it. The gateway
	// takes one that the user has.
	AuthAuto = ""
	// AuthSCRAM is SCRAM-SHA-256, bound to the channel over TLS.
	AuthSCRAM = "scram"
	// AuthToken sends the token.
	AuthToken = "token"
	// AuthMTLS is the client's certificate alone.
	AuthMTLS = "mtls"
)

// What holds where the configuration does not say.
const (
	defaultPort           = "7654"
	defaultConnectTimeout = 10 * time.Second
	defaultNetworkTimeout = time.Minute
	leastWindow           = 4 << 10
	mostWindow            = 1 << 30
)

// Config says which gateways to reach and how. The zero value of a field is its
// default. It is a plain value; a connector keeps a copy of it. However it is
// printed, the token is not shown.
type Config struct {
	// User is who logs in, Token the secret: a token, or the password of SCRAM.
	User, Token string
	// Hosts are the gateways, "host:port"; the port is 7654 where it is missing.
	// They are tried in turn, beginning with the one that let the connector in last.
	Hosts []string
	// Database is the name under which the gateway knows the database.
	Database string
	// TLS is the mode; CA, Cert and Key are files in PEM form, read again for each
	// connection; ServerName is the name in the gateway's certificate where that is
	// not the host's.
	TLS                       TLSMode
	CA, Cert, Key, ServerName string
	// TLSConfig, in code only, is what the TLS connection begins with; the fields
	// above are put into a copy of it.
	TLSConfig *tls.Config
	// Auth is the way to log in: AuthAuto, AuthSCRAM, AuthToken or AuthMTLS.
	Auth string
	// Codec is the form of messages: "auto" or "" (binary where the gateway has it),
	// "binary" or "json".
	Codec string
	// ConnectTimeout bounds dialing and login of one host, and where its name has
	// several addresses, of each that is tried; 10 s where it is 0.
	ConnectTimeout time.Duration
	// NetworkTimeout bounds each write, and the wait for an answer where no context
	// bounds it: commit, rollback, closing rows, and reset, which takes 5 s at most; 1 min
	// where it is 0.
	NetworkTimeout time.Duration
	// Window is how many bytes of rows a query is sent ahead of their use, from 4096
	// to 1 GiB; 256 KiB where it is 0. A gateway may send less.
	Window int
	// App is the application's name, which the gateway shows its operators. TZ is the
	// time zone of the database's session; "" leaves it as the database has it. It
	// costs two to three round trips a statement there, or with Pool "session" once,
	// and SQLite has none.
	App, TZ string
	// Pool is "session" for one connection to the database per connection to the
	// gateway, "" for one per statement or transaction. With "session" as many
	// connections of the database are taken as the sql.DB has open.
	Pool string
	// Labels stand beside the session in the gateway's audit log. It takes 64, each
	// name and text of 128 bytes at most, without control characters. A DSN has no way
	// to write a comma in one.
	Labels map[string]string
	// Dial, in code only, dials in place of a net.Dialer, such as a unix socket: the
	// network is always "tcp", the address one of Hosts. The context is Connect's,
	// bounded by ConnectTimeout. It may be called from any goroutine.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Format prints the configuration as String does, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// clone is a copy that shares nothing that changes, with the defaults filled in.
func (c Config) clone() Config {
	c.Hosts, c.Labels = slices.Clone(c.Hosts), maps.Clone(c.Labels)
	for i, host := range c.Hosts {
		c.Hosts[i] = withPort(host)
	}
	if c.TLSConfig != nil {
		c.TLSConfig = c.TLSConfig.Clone()
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = defaultConnectTimeout
	}
	if c.NetworkTimeout == 0 {
		c.NetworkTimeout = defaultNetworkTimeout
	}
	if c.Window == 0 {
		c.Window = wire.DefaultWindow
	}
	return c
}

// validate says what of the configuration contradicts itself.
func (c *Config) validate() error {
	if len(c.Hosts) == 0 {
		return errors.New("fluxor: the DSN names no host; want tcp://user:token@host:7654/database")
	}
	for _, o := range options {
		if err := o.check(c); err != nil {
			return err
		}
	}
	for _, host := range c.Hosts {
		if _, _, err := net.SplitHostPort(host); err != nil {
			return fmt.Errorf("fluxor: a host of the DSN is not written as host:port: %w", err)
		}
	}
	return c.validateLogin()
}

func (c *Config) validateLogin() error {
	switch {
	case (c.Cert == "") != (c.Key == ""):
		return errors.New("fluxor: the options cert and key go together")
	case c.TLS == TLSDisable && (c.CA != "" || c.Cert != "" || c.TLSConfig != nil):
		return errors.New("fluxor: option tls=disable contradicts a certificate")
	case c.TLS == TLSRequire && c.CA != "":
		return errors.New("fluxor: option tls=require looks at no certificate, and so not at the authority of option ca; use tls=verify-ca or verify-full")
	case c.Auth == AuthMTLS && !c.certified():
		return errors.New("fluxor: option auth=mtls needs the options cert and key")
	case (c.Auth == AuthToken || c.Auth == AuthSCRAM) && c.Token == "":
		return fmt.Errorf("fluxor: option auth=%s needs a token; write tcp://user:token@host", c.Auth)
	}
	for _, host := range c.Hosts {
		if c.Auth == AuthToken && !c.safeForToken(host) {
			return errors.New("fluxor: option auth=token does not go with " + c.exposes(host) + ", or auth=scram")
		}
	}
	return nil
}

// certified says whether the client has a certificate to show.
func (c *Config) certified() bool {
	t := c.TLSConfig
	return c.Cert != "" || t != nil && (len(t.Certificates) > 0 || t.GetClientCertificate != nil)
}

// modeFor is the mode for a host.
func (c *Config) modeFor(host string) TLSMode {
	switch {
	case c.TLS != TLSDefault:
		return c.TLS
	case loopback(host) && c.CA == "" && c.Cert == "" && c.TLSConfig == nil:
		return TLSDisable
	}
	return TLSVerifyFull
}

// safeForToken says whether a token may be sent to a host: nobody can listen, or
// the host has proven itself. That a certificate is of some authority that the
// system trusts proves nothing where its name is not looked at.
func (c *Config) safeForToken(host string) bool {
	mode := c.modeFor(host)
	return loopback(host) || mode == TLSVerifyCA && c.pinned() || mode == TLSVerifyFull
}

// exposes says why a token may not be sent to a host, and what helps.
func (c *Config) exposes(host string) string {
	return "tls=" + string(c.modeFor(host)) + ", which would show the token to others; use tls=verify-full, or tls=verify-ca with an authority of your own"
}

// pinned says whether the configuration itself says which certificates are good.
func (c *Config) pinned() bool {
	t := c.TLSConfig
	return c.CA != "" || t != nil && (t.RootCAs != nil || t.VerifyConnection != nil || t.VerifyPeerCertificate != nil)
}

// loopback says whether host:port is on this machine.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(name, "localhost")
}

// withPort adds the port that a host lacks.
func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), defaultPort)
}
