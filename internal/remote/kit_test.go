// This file is the kit of these tests: a gateway on loopback before a database, and DSNs that lead to it.

package remote_test

import (
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

const token = "a-long-and-random-token"

func remoteDSN(address, options string) string {
	return "tcp://app:" + token + "@" + address + "/erp?auth=token&" + options
}

func open(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// connector is Fluxor's over a database.
func connector(t testing.TB, d conform.Database, dsn string) *fluxor.Connector {
	t.Helper()
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{Driver: d.Driver, DSN: dsn, Logger: silent()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// serve runs a gateway before db until the test ends, and tells its address.
func serve(t testing.TB, db gateway.Database) string {
	t.Helper()
	at, _ := serveAt(t, "127.0.0.1:0", db)
	return at
}

// serveAt runs a gateway at an address until stop is called or the test ends.
func serveAt(t testing.TB, address string, db gateway.Database) (at string, stop func()) {
	t.Helper()
	s, err := gateway.New(gateway.Config{
		Databases: map[string]gateway.Database{"erp": db},
		Users:     []gateway.User{{Name: "app", Tokens: []gateway.Token{gateway.HashToken(token)}}},
		Logger:    silent(),
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	stop = sync.OnceFunc(func() {
		_ = s.Close()
		if err := <-ended; !errors.Is(err, gateway.ErrServerClosed) {
			t.Errorf("Serve ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}
