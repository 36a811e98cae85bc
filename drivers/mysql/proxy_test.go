//go:build unix

// This file tests that nothing is ended through a proxy that gives connections numbers of its own.

package mysql

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/netshim"
)

// renumber stands before a server and greets each client with a number of its own,
// as ProxySQL and MaxScale do. It returns its address.
func renumber(t *testing.T, server string, number uint32) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	t.Cleanup(func() { _ = l.Close() })
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { pass(client, server, number) })
		}
	})
	return l.Addr().String()
}

// pass carries one connection until either side ends it.
func pass(client net.Conn, server string, number uint32) {
	defer client.Close() //nolint:errcheck // it is over
	up, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer up.Close() //nolint:errcheck // it is over
	greeting := make([]byte, 4096)
	n, err := up.Read(greeting)
	if err != nil {
		return
	}
	at := 5 + bytes.IndexByte(greeting[5:n], 0) + 1
	binary.LittleEndian.PutUint32(greeting[at:], number)
	if _, err := client.Write(greeting[:n]); err != nil {
		return
	}
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(client, up)
		_ = client.Close()
	}()
	_, _ = io.Copy(up, client)
	_ = up.Close()
	<-back
}

func TestAConnectionThroughAProxyWithNumbersOfItsOwnHasNoName(t *testing.T) {
	target := dbtest.MariaDB(t).NewDatabase(t)
	for name, row := range map[string]struct {
		at    string
		named bool
	}{
		"direct":  {target.Addr(), true},
		"a proxy": {renumber(t, target.Addr(), 4711), false},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := open(target.At(row.at).DSN())
			if err != nil {
				t.Fatal(err)
			}
			ctx := netshim.WithLine(t.Context(), netshim.NewLine())
			ci, err := c.Connect(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer ci.Close() //nolint:errcheck // what it is called is what counts
			if got, err := identify(ctx, ci); (got != "") != row.named || (err == nil) != row.named {
				t.Errorf("it is called %q, %v", got, err)
			}
		})
	}
}

func TestOnlyAGreetingHasANumber(t *testing.T) {
	for packet, want := range map[string]uint32{
		"\x4a\x00\x00\x00\x0a10.11\x00\x07\x01\x00\x00salt": 263,
		"\x4a\x00\x00\x00\x0a10.11\x00\x07\x01":             0,
		"\x4a\x00\x00\x00\x0a10.11":                         0,
		"\x17\x00\x00\x00\xff\x10\x04Too many connections":  0,
		"\x4a": 0,
	} {
		if got := greeted([]byte(packet)); got != want {
			t.Errorf("%q: %d, want %d", packet, got, want)
		}
	}
}
