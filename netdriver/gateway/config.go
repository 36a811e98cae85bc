// This file is the gateway's configuration, and what is checked of it.

package gateway

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// Database is what the gateway serves under a name: a *fluxor.Connector. Its
// methods must be safe for concurrent use, and its connections must lease what is
// behind them when they are used, keep it while they are, and give it back when
// IsValid is called.
type Database interface {
	// Connect returns a virtual connection, without dialing. It is called when a session
	// first needs one, and again where that was closed; the session closes it.
	Connect(ctx context.Context) (driver.Conn, error)
	// Backend describes the database and what its errors mean.
	Backend() backend.Backend
	// LeavesSession reports whether a statement is proven to leave the session as
	// it was, and else the code of why not.
	LeavesSession(text string) (leaves bool, why string)
}

// Config is what a gateway serves, to whom, and within which bounds. New copies
// it; the databases stay the caller's, who closes them after the Server.
type Config struct {
	// Databases are the databases by the name under which clients ask for them; one
	// at least.
	Databases map[string]Database
	// Users are those who may log in, each by a name of its own. Without any nobody
	// can.
	Users []User
	// Bounds are what all users of a database together may take of it, by its name;
	// one that is not in it has none. Rows and Bytes are those of each result.
	Bounds map[string]Bounds
	// TLS is used from the first byte of each connection, in version 1.3 at least;
	// nil is without. Clients log in by certificate where it asks for one and
	// verifies it (tls.VerifyClientCertIfGiven).
	TLS *tls.Config
	// AllowPlaintext permits connections without TLS also from other machines;
	// else they are served on unix sockets and loopback addresses alone.
	AllowPlaintext bool
	// Limits bound what clients may take, Timeouts how long they may.
	Limits   Limits
	Timeouts Timeouts
	// Operations are what the program lends to the admin operations.
	Operations Operations
	// Name is the gateway's name and version as clients see it. Default: "fluxor/1".
	Name string
	// Logger hears of failed logins, refused connections and faults of the
	// gateway's own. Default: slog.Default().
	Logger *slog.Logger
	// Audit gets the audit log: a JSON object a line for each login, statement and
	// transaction, with who, when, where from, rows, bytes, time and outcome. Of a
	// statement it has the text without literals, and no arguments. Writes come one
	// after the other, from a goroutine of the gateway's; sessions wait where the
	// writer is slow. Close writes the rest. A line that cannot be written is lost and
	// nobody waits for it: Logger hears so once, Server.AuditLost counts it, and the
	// next line that can be written says how many are missing before it. A writer that
	// took a part of a line begins a new one by itself. nil is none.
	Audit io.Writer
	// AuditRequired refuses queries, statements, what is to be prepared and what begins
	// a transaction while lines of Audit cannot be written, as overloaded; transactions
	// may end. Sessions then wait for each of their lines to be written, so that lines
	// are lost only of what ran when writing began to fail. Audit is tried again each
	// second.
	AuditRequired bool
}

// Limits bound what clients may take. 0 is the default.
type Limits struct {
	// Sessions is how many there may be; more are refused with the kind overloaded.
	// Default: 10000.
	Sessions int
	// SessionsPerUser and SessionsPerAddress are how many of those one user and
	// one address may have; all clients of unix sockets have one address, and so have
	// those whom a balancer hides. Default: no bound of their own.
	SessionsPerUser, SessionsPerAddress int
	// Waiting is how many connections may not have logged in yet; more are closed at
	// once. WaitingPerAddress is how many of one address may log in at a time; others
	// from there wait for their turn. Default: 1000 and 64.
	Waiting, WaitingPerAddress int
	// FailedLogins is how many logins of one user from one address may fail in a row
	// before further ones are refused unheard, for a second at first, twice as long
	// after each, a minute at most. Default: 10; negative is any number.
	FailedLogins int
	// Memory is how much all buffers together may take, in bytes; who needs more
	// is refused. Default: 256 MiB.
	Memory int64
	// Frame and Message are the largest frame and message that are accepted, in
	// bytes, from 8 KiB to below 2 GiB. Default: 256 KiB and 64 MiB.
	Frame, Message int
	// Window is the most bytes of rows that may be out without credit, whatever
	// the client would take, 64 KiB at least. Default: 1 MiB.
	Window int64
	// Statements is how many prepared statements of a session the databases' drivers
	// keep; the one that was not used for longest makes room. Default: 200.
	Statements int
	// Texts is how much the texts of all prepared statements of a session may take, in
	// bytes, each with 256 more; a lone one may be larger. Default: 16 MiB.
	Texts int
}

// Timeouts bound how long things may take. 0 is the default; none can be turned off.
type Timeouts struct {
	// Login bounds all from the connection to the welcome. Default: 10 s.
	Login time.Duration
	// Idle ends a session that sends nothing, IdleInTx one that does so within a
	// transaction or while it keeps a connection to the database. Default: 10
	// minutes and 1 minute.
	Idle, IdleInTx time.Duration
	// StreamIdle ends a request whose client gives no credit, not even of 0 bytes,
	// which says that it is there. Default: 30 s.
	StreamIdle time.Duration
	// Write ends a session whose client does not take what is written and gives no
	// credit either. Default: 30 s.
	Write time.Duration
}

// or gives v its default.
func or[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Filled is the configuration with its defaults, as New has it.
func (c Config) Filled() Config {
	or(&c.Name, "fluxor/1")
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	l, t := &c.Limits, &c.Timeouts
	or(&l.Sessions, 10_000)
	or(&l.Waiting, 1000)
	or(&l.WaitingPerAddress, 64)
	or(&l.FailedLogins, 10)
	or(&l.Memory, 256<<20)
	or(&l.Frame, wire.DefaultFrame)
	or(&l.Message, wire.DefaultMessage)
	or(&l.Window, 1<<20)
	or(&l.Statements, 200)
	or(&l.Texts, 16<<20)
	or(&t.Login, 10*time.Second)
	or(&t.Idle, 10*time.Minute)
	or(&t.IdleInTx, time.Minute)
	or(&t.StreamIdle, 30*time.Second)
	or(&t.Write, 30*time.Second)
	if c.TLS != nil {
		c.TLS = c.TLS.Clone()
		c.TLS.MinVersion = max(c.TLS.MinVersion, tls.VersionTLS13)
	}
	return c
}

// validate names all that is wrong.
func (c Config) validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	faults = append(faults, c.databaseFaults()...)
	faults = append(faults, c.boundFaults()...)
	faults = append(faults, c.userFaults()...)
	if t := c.TLS; t != nil && len(t.Certificates) == 0 && t.GetCertificate == nil && t.GetConfigForClient == nil {
		fault("TLS: there is no certificate")
	}
	if c.AuditRequired && c.Audit == nil {
		fault("AuditRequired: there is no Audit")
	}
	c.validateBounds(fault)
	return errors.Join(faults...)
}

// databaseFaults are what is wrong with the databases.
func (c Config) databaseFaults() (faults []error) {
	if len(c.Databases) == 0 {
		faults = append(faults, errors.New("there is no database"))
	}
	for name, db := range c.Databases {
		if name == "" || db == nil {
			faults = append(faults, fmt.Errorf("database %q: a name and a connector are needed", name))
		}
	}
	return faults
}

// boundFaults are what is wrong with the bounds of databases.
func (c Config) boundFaults() (faults []error) {
	for name, b := range c.Bounds {
		if c.Databases[name] == nil {
			faults = append(faults, fmt.Errorf("Bounds: there is no database %s", name))
		}
		b.faults(func(what string) { faults = append(faults, fmt.Errorf("Bounds of %s: %s", name, what)) })
	}
	return faults
}

// userFaults are what is wrong with the users.
func (c Config) userFaults() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	empty := Empties(passwords(c.Users))
	for i, u := range c.Users {
		u.check(c, empty[i], func(what string) { fault("user %d (%s): %s", i+1, u.Name, what) })
	}
	for i, u := range c.Users {
		for _, other := range c.Users[:i] {
			if other.Name == u.Name {
				fault("user %d (%s): the name is taken", i+1, u.Name)
			}
		}
	}
	return faults
}

// validateBounds looks at limits and timeouts.
func (c Config) validateBounds(fault func(format string, args ...any)) {
	l, t := c.Limits, c.Timeouts
	for name, n := range map[string]int64{
		"Sessions": int64(l.Sessions), "SessionsPerUser": int64(l.SessionsPerUser), "SessionsPerAddress": int64(l.SessionsPerAddress),
		"Waiting": int64(l.Waiting), "WaitingPerAddress": int64(l.WaitingPerAddress), "Memory": l.Memory, "Window": l.Window,
		"Statements": int64(l.Statements), "Texts": int64(l.Texts), "Frame": int64(l.Frame), "Message": int64(l.Message),
	} {
		if n < 0 {
			fault("Limits.%s is negative", name)
		}
	}
	for name, n := range map[string]int{"Frame": l.Frame, "Message": l.Message} {
		if n > 0 && (n < wire.LoginLimit || n >= 1<<31) {
			fault("Limits.%s is %d bytes; from %d to 2 GiB are possible", name, n, wire.LoginLimit)
		}
	}
	if l.Window > 0 && l.Window < wire.LeastWindow {
		fault("Limits.Window is %d bytes; %d are the least, since clients give credit for half of that", l.Window, wire.LeastWindow)
	}
	for name, d := range map[string]time.Duration{
		"Login": t.Login, "Idle": t.Idle, "IdleInTx": t.IdleInTx, "StreamIdle": t.StreamIdle, "Write": t.Write,
	} {
		if d < 0 {
			fault("Timeouts.%s is negative", name)
		}
	}
}
