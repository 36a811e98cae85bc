// Package gatewaytest runs gateways within a test, before a database of the test's.
package gatewaytest

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// Token is the token of the user "app".
const Token = "a-long-and-random-token"

// Config serves db as "erp" to the user "app", without a word in the log.
func Config(db gateway.Database) gateway.Config {
	return gateway.Config{
		Databases: map[string]gateway.Database{"erp": db},
		Users:     []gateway.User{{Name: "app", Tokens: []gateway.Token{gateway.HashToken(Token)}}},
		Logger:    slog.New(slog.DiscardHandler),
	}
}

// DSN leads the user of [Config] to its database, at the address of a gateway.
// Options are those of a DSN, as "codec=json&tz=UTC"; "" is none.
func DSN(address, options string) string {
	return "tcp://app:" + Token + "@" + address + "/erp?auth=token&" + options
}

// Serve runs a gateway on a free port of loopback until the test ends, and
// returns its address.
func Serve(t testing.TB, c gateway.Config) (address string) {
	t.Helper()
	address, _ = ServeAt(t, "127.0.0.1:0", c)
	return address
}

// ServeAt runs a gateway at an address until stop is called or the test ends.
func ServeAt(t testing.TB, address string, c gateway.Config) (at string, stop func()) {
	t.Helper()
	s, err := gateway.New(c)
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
