//go:build unix

// This file starts Redis, the cache beside which benchmarks put Fluxor's.

package dbtest

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"testing"
)

// StartRedis starts a Redis that keeps nothing on disk and returns its address,
// host:port. The benchmark alone uses it, and it ends with the benchmark.
// `make bench` installs it, `make servers` does not.
func StartRedis(t testing.TB) (addr string) {
	t.Helper()
	return private(t, findRedis, Options{}).Addr()
}

// redis is the engine. What it does not implement is for databases of SQL, and
// nobody has the server to ask for it.
type redis struct {
	engine
	binary string
}

func findRedis() (engine, error) {
	binary, ok := find(places(), "redis-server")
	if !ok {
		return nil, missing("Redis", "redis-server", "make bench", "redis-server")
	}
	return redis{binary: binary}, nil
}

func (redis) label() string      { return "Redis" }
func (redis) kind() kind         { return kindPostgres } // no DSN is ever made of it
func (redis) accounts() []string { return []string{"redis"} }

func (redis) socket(dir string, _ int) string { return filepath.Join(dir, "redis.sock") }

func (redis) initialize(*Server) error { return nil }

func (r redis) command(s *Server) []string {
	return []string{
		r.binary, "--bind", s.Host, "--port", strconv.Itoa(s.Port), "--dir", s.data(),
		"--save", "", "--appendonly", "no", "--daemonize", "no",
	}
}

func (redis) prepare(context.Context, *Server) error { return nil }

func (redis) admin(s *Server) Target { return s.Target }

// open returns what can only be pinged: it connects where Redis answers.
func (redis) open(t Target) (*sql.DB, error) { return sql.OpenDB(greeter{addr: t.Addr()}), nil }

// greeter is a connector that asks Redis whether it answers.
type greeter struct {
	driver.Connector
	addr string
}

func (g greeter) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", g.addr)
	if err != nil {
		return nil, err
	}
	if err := greet(ctx, c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return greeted{socket: c}, nil
}

func greet(ctx context.Context, c net.Conn) error {
	if end, bounded := ctx.Deadline(); bounded {
		_ = c.SetDeadline(end)
	}
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && line != "+PONG\r\n" {
		err = fmt.Errorf("PING is answered %q", line)
	}
	return err
}

// greeted is a connection that was answered.
type greeted struct {
	driver.Conn
	socket net.Conn
}

func (g greeted) Close() error { return g.socket.Close() }
