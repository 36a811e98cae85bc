// This file declares what Fluxor has to know about one database driver, and the registry of the imported ones.

// Package backend holds what differs between databases: how a driver's
// connector is opened, how its errors are classified, how it is pinged and
// which grammar its DSN follows.
//
// The packages under drivers/ register one [Backend] each from an init
// function; a driver without such a package is used by its database/sql name
// with the conservative rules of [Generic].
package backend

import (
	"context"
	"database/sql/driver"
	"sync"
)

// Form is the grammar of a DSN.
type Form int

// The grammars that Fluxor can take its options out of.
const (
	// FormUnknown is a grammar nobody declared.
	FormUnknown Form = iota
	// FormURL is scheme://user:password@host/path?key=value.
	FormURL
	// FormLibpq is libpq's "key=value key='quoted value'".
	FormLibpq
	// FormMySQL is go-sql-driver's "user:password@net(addr)/db?key=value".
	FormMySQL
	// FormOracle is Oracle's easy connect, "user/password@host:1521/service",
	// or a TNS descriptor after the @.
	FormOracle
	// FormLogfmt is godror's `user="x" connectString="y"`.
	FormLogfmt
	// FormSQLite is a file name or a file: URI with parameters.
	FormSQLite
)

// Backend describes one driver. It is a plain value: nothing changes it after
// [Register], so it may be used from any goroutine.
type Backend struct {
	// Name is the package under drivers/ that registers it: "postgres", "pgx",
	// "mysql", "oracle", "sqlite"; for a driver by name, that name.
	Name string
	// Type is the kind of database: "postgres", "mysql", "oracle", "sqlite";
	// "" when unknown.
	Type string
	// DriverName is the name under which database/sql knows the bare driver.
	DriverName string
	// Alias is the database/sql name under which Fluxor offers this backend
	// alone, for example "postgres-fluxor"; "" for none.
	Alias string
	// ImportPath is the package to import for this backend.
	ImportPath string
	// Forms lists the DSN grammars the bare driver understands.
	Forms []Form
	// Open makes the bare driver's connector for a native DSN. It does not
	// dial. Its connections report to the netshim.Line found in the context of
	// Connect, where the driver lets its dialer be set.
	Open func(dsn string) (driver.Connector, error)
	// Classify says what an error of this driver means for the connection.
	Classify func(error) Class
	// ErrorCodes is what [Backend.Codes] returns for an error of this driver; nil
	// means its SQLSTATE, where it tells one.
	ErrorCodes func(error) []string
	// Brief is the text of an error that a log line or a report shows, for a driver
	// whose own text is mostly its parameters; nil means all of it.
	Brief func(error) string
	// Terse is what a log shows of an error that the server gave, in place of its
	// text, which may quote values of the statement: code and names. "" means that no
	// statement can cause the error, so that the text may be shown. nil means the
	// codes.
	Terse func(error) string
	// Plaintext says what bytes that wait on an idle connection mean; nil
	// means that any byte makes the connection unusable.
	Plaintext func(pending []byte) bool
	// ErrBadConnLies is true for a driver that answers driver.ErrBadConn also
	// after the statement was sent, so that the word of the shim decides, and
	// without a shim every ErrBadConn counts as sent.
	ErrBadConnLies bool
	// SharedStmts is true for a driver whose statements keep nothing between
	// executions, so that several callers may use one in turn.
	SharedStmts bool
	// Keeping is how the statement cache may serve the driver; nil for a driver
	// that it does not serve, such as one with a cache of its own.
	Keeping *Keeping
	// RefusedWhole is for a driver that turns a refusal by the server into
	// driver.ErrBadConn: it reports whether a refused text had no effect
	// whatever, and not only its last part. nil means that ErrBadConn never
	// stands for a refusal. "" is a commit.
	RefusedWhole func(sql string) bool
	// PinMemory reports whether a native DSN names a database that lives only
	// as long as its connection; Fluxor then opens none of its own accord and
	// closes none but on the application's word. nil means never.
	PinMemory func(dsn string) bool
	// GivenUp reports whether the driver will not use a connection of its own any
	// more, for a driver that says so before it closes the wire and has no
	// driver.Validator; nil means that the wire is closed first.
	GivenUp func(driver.Conn) bool
	// Owns reports whether a driver value is this backend's bare driver; used
	// for connectors that the application made itself.
	Owns func(driver.Driver) bool
	// Detached is for a driver whose calls cannot be interrupted; nil for one
	// whose connection is watched or that heeds its context.
	Detached *Detached
	// Dress puts the driver's own methods on a virtual connection, for a driver
	// whose helpers assert an interface on what sql.Conn.Raw hands out. lend
	// gives the driver's own connection, which the virtual one then holds as if
	// an operation had used it. What Dress returns must serve database/sql as v
	// does, and lead back to v by a method Unwrap() driver.Conn. nil means that
	// v goes out as it is.
	Dress func(v Virtual, lend func() (driver.Conn, error)) driver.Conn
	// Killing is how a statement is ended whose connection is given up; nil for a
	// driver whose server learns of that by itself.
	Killing *Killing
	// Refuse says why an operation's context cannot be served: the driver would
	// take a login from it when it opens a connection, and connections are shared.
	// It is asked before each lease; "" and nil mean that the context can.
	Refuse func(context.Context) (reason string)
	// SelfValidates is true for a driver whose ResetSession makes a round trip
	// when the connection was idle, so that Fluxor need not ping as well.
	SelfValidates bool
	// Ping checks an idle connection where the driver has no Pinger and no
	// validation query is set; nil means that such a connection is trusted.
	Ping func(context.Context, driver.Conn) error
}

// Virtual is a virtual connection: all that database/sql may ask of one.
type Virtual interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Execer  //lint:ignore SA1019 callers of sql.Conn.Raw assert it
	driver.Queryer //lint:ignore SA1019 as above
	driver.Pinger
	driver.NamedValueChecker
	driver.SessionResetter
	driver.Validator
}

// Class is what an error means for the connection and for dialing.
type Class int

// The classes that the pool and the write-once rule need.
const (
	// ClassUnknown: the error says nothing about the connection.
	ClassUnknown Class = iota
	// ClassVerdict: the server answered; the statement's outcome is known and
	// the connection is usable.
	ClassVerdict
	// ClassFatal: the server answered and ended the session; the statement's
	// outcome is known, the connection is not usable.
	ClassFatal
	// ClassDead: the connection broke without an answer.
	ClassDead
	// ClassTooMany: the server accepts no further connection now.
	ClassTooMany
	// ClassLogin: the server refused the login; dialing again with the same
	// credentials can lock the account.
	ClassLogin
	// ClassUnavailable: nobody listens, or the server is starting or
	// stopping; dialing again later can help. On an open session it is a
	// refusal, by a server that will not serve this session again.
	ClassUnavailable
	// ClassSick: a verdict over a usable connection that no caller brought about:
	// the server lacks memory or disk, or its data are damaged.
	ClassSick
)

// Answered reports whether the server answered and the session goes on.
func (c Class) Answered() bool { return c == ClassVerdict || c == ClassSick }

var registry = struct {
	sync.Mutex // protects the fields below; observers run under it and must not register
	backends   []Backend
	observers  []func(Backend)
}{}

// Register adds a backend. The packages under drivers/ call it once each from
// init. It panics when the name is taken: two packages claim one driver.
func Register(b Backend) {
	registry.Lock()
	defer registry.Unlock()
	for _, have := range registry.backends {
		if have.Name == b.Name {
			panic("fluxor: backend " + b.Name + " is registered twice")
		}
	}
	registry.backends = append(registry.backends, b)
	for _, observe := range registry.observers {
		observe(b)
	}
}

// Observe calls f for each backend that is registered, now and later. The
// root package uses it to offer each backend's alias to database/sql.
func Observe(f func(Backend)) {
	registry.Lock()
	defer registry.Unlock()
	registry.observers = append(registry.observers, f)
	for _, b := range registry.backends {
		f(b)
	}
}

// All returns the registered backends in order of registration.
func All() []Backend {
	registry.Lock()
	defer registry.Unlock()
	return append([]Backend(nil), registry.backends...)
}
