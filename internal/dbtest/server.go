//go:build unix

// This file is the private database server of a test: shared by a test process or made for one test, frozen, killed and restarted at will.

// Package dbtest is the test kit: private PostgreSQL and MariaDB servers, a
// PgBouncer in front of one, SQLite files, and a fake driver that takes the
// shape of others.
//
// A server comes from the binaries installed on the machine, listens on a free
// port of 127.0.0.1 and on a unix socket, and keeps its data in a temporary
// directory. [Postgres] and [MariaDB] hand out one server per test process;
// [StartPostgres] and [StartMariaDB] make one for a test that freezes, kills or
// exhausts it. However the test process ends, the server ends with it and its
// directory is removed. The servers need /proc, so the tests run on Linux.
package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The accounts that every server has. The administrator is not bound by the
// connection limit.
const (
	adminUser = "admin"
	appUser   = "fluxor"
	password  = "fluxor"
)

// Options shape a server of a test's own. The zero value is a server without
// TLS that grants 100 connections.
type Options struct {
	// MaxConnections is how many connections the server grants to accounts
	// other than the administrator's, which has more; 0 means 100. MariaDB
	// takes no less than 10.
	MaxConnections int
	// TLS makes the server offer TLS beside plain connections, with a
	// certificate of an authority made for it.
	TLS bool
	// Settings are further settings, "name=value", as the server's
	// configuration spells them.
	Settings []string
}

// engine is what differs between PostgreSQL and MariaDB.
type engine interface {
	label() string                                // for messages and directory names
	kind() kind                                   // the form of its DSNs
	accounts() []string                           // system users to run as when the tests run as root
	socket(dir string, port int) string           // file of the unix socket
	initialize(s *Server) error                   // fills the empty data directory
	command(s *Server) []string                   // runs the server in the foreground
	prepare(ctx context.Context, s *Server) error // makes the accounts, once
	admin(s *Server) Target                       // the administrator's way in
	open(t Target) (*sql.DB, error)               // the bare driver
	create(name string) []string                  // statements that make a database
	drop(name string) string
	orderly() syscall.Signal // ends the server in good order, clients told
	end(ctx context.Context, db *sql.DB, database string) (left int, err error)
}

// Server is a running database server; its Target is a database of its own
// name. Methods that make databases and read may be called from many
// goroutines; Freeze, Thaw, Kill, Stop and Restart from one at a time.
type Server struct {
	Target
	// Authority signed the server's certificate; nil without TLS.
	Authority *Authority

	engine  engine
	options Options
	dir     string // the server's own; data/ and the log are in it
	side    int    // a second port, where an engine lets the administrator in
	account *syscall.Credential
	guard   *guard
	process *process
	shared  bool
}

// start makes a server and returns when it answers.
func start(e engine, o Options) (_ *Server, err error) {
	if _, err := os.Stat("/proc/self/cwd"); err != nil {
		return nil, fmt.Errorf("private servers are controlled through /proc: run these tests on Linux")
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 100
	}
	s := &Server{engine: e, options: o, Target: Target{kind: e.kind(), Host: "127.0.0.1", User: appUser, Password: password, Database: appUser}}
	defer func() {
		if err != nil {
			err = fmt.Errorf("start %s: %w%s", e.label(), err, s.logTail())
			s.remove()
		}
	}()
	if err := s.makeDirectory(); err != nil {
		return nil, err
	}
	if err := e.initialize(s); err != nil {
		return nil, err
	}
	if err := s.runOnFreePort(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s, e.prepare(ctx, s)
}

// makeDirectory makes the server's directory, its guard and its certificates.
func (s *Server) makeDirectory() (err error) {
	if s.account, err = account(s.engine.accounts()...); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fluxor-"+strings.ToLower(s.engine.label())+"-")
	if err != nil {
		return err
	}
	// The kernel names a working directory by its real path.
	if s.dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	if s.guard, err = newGuard(s.dir); err != nil {
		return err
	}
	if err := os.Mkdir(s.data(), 0o700); err != nil {
		return err
	}
	if s.options.TLS {
		if s.Authority, err = NewAuthority(); err != nil {
			return err
		}
		if err := s.Authority.write(s.dir); err != nil {
			return err
		}
		s.ca = s.Authority.rootFile
	}
	return s.giveAway()
}

// giveAway makes the server's account the owner of all there is.
func (s *Server) giveAway() error {
	if s.account == nil {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(s.dir, "*"))
	for _, file := range append(files, s.dir) {
		if err := os.Chown(file, int(s.account.Uid), int(s.account.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// runOnFreePort tries another port when the server does not come up: between
// finding a free one and listening on it somebody else may take it.
func (s *Server) runOnFreePort() (err error) {
	for range 3 {
		if s.Port, s.side, err = freePorts(); err != nil {
			return err
		}
		s.Target.socket = s.engine.socket(s.dir, s.Port)
		if err = s.run(); err == nil || s.process == nil || !s.process.exited() {
			return err
		}
	}
	return err
}

// run starts the server process and waits until it answers a client.
func (s *Server) run() (err error) {
	if s.process, err = launch(s.engine.command(s), s.data(), s.account, s.log()); err != nil {
		return err
	}
	db, err := s.engine.open(s.engine.admin(s))
	if err != nil {
		return err
	}
	defer db.Close()
	err = await(s.engine.label()+" to answer", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return s.process.exited() || db.PingContext(ctx) == nil
	})
	if err == nil && s.process.exited() {
		s.process.reap()
		err = fmt.Errorf("the server ended while it started")
	}
	return err
}

// remove ends the server and returns when nothing of it is left.
func (s *Server) remove() error {
	if s.guard == nil {
		return nil
	}
	err := s.guard.clear()
	if s.process != nil {
		s.process.reap()
	}
	return err
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) log() string { return filepath.Join(s.dir, "log") }

// logTail is the end of the server's log, for an error text.
func (s *Server) logTail() string {
	if s.dir == "" {
		return ""
	}
	text, err := os.ReadFile(s.log())
	if err != nil || len(text) == 0 {
		return ""
	}
	const most = 2000
	return "\nthe server's log ends:\n" + string(text[max(0, len(text)-most):])
}

// freePorts finds two ports below the range from which the kernel serves
// outgoing connections: such a port stays free while a killed server is down.
func freePorts() (one, two int, err error) {
	for range 100 {
		one = 12000 + rand.IntN(10000)
		two = one + 10000
		if err = errors.Join(free(one), free(two)); err == nil {
			return one, two, nil
		}
	}
	return 0, 0, err
}

func free(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// sharedServer is a server that one test process shares.
type sharedServer struct {
	once   sync.Once
	server *Server
	err    error
}

var (
	sharedPostgres sharedServer
	sharedMariaDB  sharedServer
	databases      atomic.Int64 // numbers the databases of this process
)

// get starts the server the first time.
func (s *sharedServer) get(t testing.TB, find func() (engine, error)) *Server {
	t.Helper()
	s.once.Do(func() {
		var e engine
		if e, s.err = find(); s.err == nil {
			s.server, s.err = start(e, Options{TLS: true})
		}
		if s.err == nil {
			s.server.shared = true
		}
	})
	if s.err != nil {
		t.Fatal("dbtest:", s.err)
	}
	return s.server
}

// private starts a server that ends with the test.
func private(t testing.TB, find func() (engine, error), o Options) *Server {
	t.Helper()
	e, err := find()
	if err != nil {
		t.Fatal("dbtest:", err)
	}
	s, err := start(e, o)
	if err != nil {
		t.Fatal("dbtest:", err)
	}
	t.Cleanup(func() {
		if err := s.remove(); err != nil {
			t.Error("dbtest:", err)
		}
	})
	return s
}
