// This file is a gateway's configuration as an operator writes it.

// Package config reads the file of a gateway: what it serves, to whom, where and
// within which bounds. It is YAML, read strictly: all that is wrong is named at
// once, with line and column. docs/GATEWAY.md explains the keys, and
// deploy/gateway.yaml is an example with all of them.
package config

import (
	"encoding/hex"
	"log/slog"
	"os"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// File is a configuration that was read, with its defaults. It does not change.
type File struct {
	// Listen are addresses: host:port, or unix:PATH.
	Listen []string
	// TLS are the files of the gateway's certificate; without them it speaks no TLS.
	TLS TLS
	// AllowPlaintext permits clients of other machines without TLS.
	AllowPlaintext bool
	// Databases are those that are served, by name.
	Databases map[string]*Database
	// Users are those who may log in.
	Users []User
	// Limits and Timeouts are the gateway's, with its defaults.
	Limits   gateway.Limits
	Timeouts gateway.Timeouts
	// Drain is how the gateway ends, Admin where operators reach it, Audit where it
	// says who did what, Log what it says else.
	Drain Drain
	Admin Admin
	Audit Audit
	Log   Log
}

// TLS are files in PEM.
type TLS struct {
	// Certificate has the gateway's certificate and those that lead to its root, Key
	// its key.
	Certificate, Key string
	// ClientCA has the roots of clients' certificates; "" is none, and no login by
	// certificate.
	ClientCA string
}

// Database is a database behind the gateway.
type Database struct {
	// DSN is what sql.Open("fluxor", DSN) takes.
	DSN Secret
	// Options are Fluxor's by name, as text.
	Options []Option
	// Bounds are what all its users together may take.
	Bounds gateway.Bounds
}

// Option is one of Fluxor's options by the name of docs/CONFIG.md, without fluxor_,
// and its value as text. Parse has checked both.
type Option struct{ Name, Value string }

// User is somebody who may log in; see gateway.User.
type User struct {
	// Name is what the client says who it is.
	Name string
	// Databases are the names of those that the user may use; none is all.
	Databases []string
	// Tokens, SCRAM and Certificates are the ways to log in, one at least: the hashes
	// of tokens, what gateway.ParseSCRAM reads of a password, and names in clients'
	// certificates.
	Tokens       []Token
	SCRAM        Secret
	Certificates []string
	// Role is which admin operations the user may ask for; "" is none.
	Role gateway.Role
	// Sessions is how many sessions the user may have; 0 is what
	// Limits.SessionsPerUser says.
	Sessions int
	// Bounds are what else the user may take; its Sessions stays 0.
	Bounds gateway.Bounds
	// ReadOnly holds the user to reading, ReadOnlyByGrants says that the accounts of
	// Oracle's databases can do nothing else.
	ReadOnly, ReadOnlyByGrants bool
	// Disabled refuses the user, Expires does so from then on; zero is never.
	Disabled bool
	Expires  time.Time
}

// Token is a token by which a user may log in.
type Token struct {
	// SHA256 is its hash in 64 hexadecimal digits.
	SHA256 Secret
	// Expires is when it ends; zero is never.
	Expires time.Time
}

// Drain is how the gateway ends.
type Drain struct {
	// Delay is for how long it is not ready any more and still serves all, Timeout how
	// long clients may take then to finish. Default: 0 and 30 s.
	Delay, Timeout time.Duration
}

// Admin is the listener of operators.
type Admin struct {
	// Listen is its address, host:port or unix:PATH; "" is none.
	Listen string
	// TLS has it speak TLS, with the gateway's certificate.
	TLS bool
	// OpenMetrics shows /metrics to everybody who reaches the listener.
	OpenMetrics bool
}

// Audit is the audit log.
type Audit struct {
	// File is the path of the file where it goes; "" is nowhere.
	File string
	// Required refuses statements while it cannot be written.
	Required bool
}

// Log is what the gateway writes to standard error.
type Log struct {
	// Level is debug, info, warn or error. Default: info.
	Level string
	// Format is text or json. Default: text.
	Format string
}

// Load reads a file, and the files of secrets and certificates that it names. The
// environment is asked by getenv for what the file leaves to it. It dials nothing and
// opens no database. The error is of type Faults, unless the file cannot be read;
// retrying does not help until either is mended.
func Load(path string, getenv func(string) string) (*File, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	return Parse(path, text, getenv)
}

// Parse is Load for a text; name stands for it in errors.
func Parse(name string, text []byte, getenv func(string) string) (*File, error) {
	r := &reader{file: name, places: map[string]place{}, secret: fetch(getenv)}
	f := &File{Drain: Drain{Timeout: 30 * time.Second}, Log: Log{Level: "info", Format: "text"}}
	root := r.tree(text)
	if root == nil {
		return nil, r.faults
	}
	object(r, root, keys, f)
	f.check(r)
	if len(r.faults) > 0 {
		return nil, r.sorted()
	}
	full := gateway.Config{Limits: f.Limits, Timeouts: f.Timeouts}.Filled()
	f.Limits, f.Timeouts = full.Limits, full.Timeouts
	return f, nil
}

// Shown is the configuration without secrets.
func (f *File) Shown() Shown { return shown(keys, f) }

// Runtime is a database as Fluxor's connectors take it, with its options in effect. log
// is the connector's logger; nil is slog.Default(). The error is of an option that does
// not exist or whose value does not fit, which Parse lets nobody have.
func (d *Database) Runtime(log *slog.Logger) (fluxor.RuntimeConfig, error) {
	c := fluxor.RuntimeConfig{DSN: d.DSN.Value(), Logger: log}
	for _, o := range d.Options {
		if err := c.SetOption(o.Name, o.Value); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Same reports whether two databases are the same for a client, but for their
// bounds.
func (d *Database) Same(other *Database) bool {
	if other == nil || d.DSN.value != other.DSN.value || len(d.Options) != len(other.Options) {
		return false
	}
	for i, o := range d.Options {
		if o != other.Options[i] {
			return false
		}
	}
	return true
}

// Gateway is the configuration as a gateway takes it, but for the certificate, the
// audit log and the databases, which are the program's to open.
func (f *File) Gateway() gateway.Config {
	return gateway.Config{
		Users: f.gatewayUsers(), Bounds: f.bounds(), AllowPlaintext: f.AllowPlaintext, Limits: f.Limits, Timeouts: f.Timeouts,
		AuditRequired: f.Audit.Required,
	}
}

// bounds are those of the databases, by name.
func (f *File) bounds() map[string]gateway.Bounds {
	all := map[string]gateway.Bounds{}
	for name, d := range f.Databases {
		all[name] = d.Bounds
	}
	return all
}

func (f *File) gatewayUsers() []gateway.User {
	users := make([]gateway.User, len(f.Users))
	for i, u := range f.Users {
		users[i] = gateway.User{
			Name: u.Name, Databases: u.Databases, Certificates: u.Certificates, Role: u.Role,
			Sessions: u.Sessions, Bounds: u.Bounds, ReadOnly: u.ReadOnly, ReadOnlyByGrants: u.ReadOnlyByGrants,
			Disabled: u.Disabled, Expires: u.Expires,
		}
		for _, t := range u.Tokens {
			hash, _ := hashOf(t.SHA256.Value())
			users[i].Tokens = append(users[i].Tokens, gateway.Token{SHA256: hash, Expires: t.Expires})
		}
		if u.SCRAM.Value() != "" {
			users[i].SCRAM, _ = gateway.ParseSCRAM(u.SCRAM.Value())
		}
	}
	return users
}

// hashOf reads a hash in hexadecimal digits.
func hashOf(text string) (hash [32]byte, ok bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(hash) {
		return hash, false
	}
	return [32]byte(b), true
}
