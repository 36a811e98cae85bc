//go:build unix

// This file tests clients that know several gateways, or one by a name, while gateways and the name fail them.

package gateway_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/refusal"
)

// resetting is an address whose connections are reset at once.
func resetting(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends with the listener
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

// refusing is an address where nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // that is its purpose
	return l.Addr().String()
}

// amongFaults is a handle that comes to the gateways behind four others at fault.
func amongFaults(t *testing.T, a *authority, target dbtest.Target, last ...*served) *sql.DB {
	t.Helper()
	cmd, frozen := spawn(t, target.URL(), "127.0.0.1:0")
	freeze(t, cmd)
	forged := sqlite(t, newAuthority(t).overTLS)
	hosts := []string{frozen, refusing(t), resetting(t), forged.address}
	for _, s := range last {
		hosts = append(hosts, s.address)
	}
	c, err := netdriver.NewConnector(netdriver.Config{
		User: "app", Token: token, Database: "erp", Hosts: hosts, ConnectTimeout: time.Second,
		TLSConfig: &tls.Config{RootCAs: a.pool(), MinVersion: tls.VersionTLS13},
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	db.SetMaxIdleConns(8)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestWritesFindTheGatewaysThatWorkAndAreSentOnce(t *testing.T) {
	t.Parallel()
	target := dbtest.Postgres(t).NewDatabase(t)
	bare := dbtest.Postgres(t).Open(t, target)
	_ = must(bare.Exec("create table counters (k text not null)"))(t)
	a, backend := newAuthority(t), connector(t, target.URL(), four)
	secure := func() *served {
		c := config(backend)
		a.overTLS(&c)
		return serve(t, c)
	}
	closes, drains, stays := secure(), secure(), secure()
	db := amongFaults(t, a, target, closes, drains, stays)
	began := time.Now()
	ready(t, db)
	if took := time.Since(began); took > time.Second+busy {
		t.Errorf("the first connection took %v", took)
	}
	results, stop := make([]written, 6), make(chan struct{})
	var sound atomic.Int64
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = writeAnywhere(db, fmt.Sprint("w", i), stop, &sound) })
	}
	working := func(what string) {
		at := sound.Load()
		dbtest.WaitUntil(t, what, func() bool { return sound.Load() > at+50 })
	}
	working("the first gateway is written to")
	_ = closes.Close()
	working("the second is")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := drains.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	working("the third is")
	close(stop)
	all.Wait()
	sentOnce(t, howOften(t, bare), results)
}

// sentOnce checks that all that was acknowledged is there once, nothing else but what
// is in doubt, and that nobody heard that there is no gateway.
func sentOnce(t *testing.T, there map[string]int, results []written) {
	t.Helper()
	for _, w := range results {
		for _, key := range w.acknowledged {
			if there[key] != 1 {
				t.Errorf("%s is there %d times", key, there[key])
			}
			delete(there, key)
		}
		for _, key := range w.doubtful {
			if there[key] > 1 {
				t.Errorf("%s is there %d times", key, there[key])
			}
			delete(there, key)
		}
		if len(w.refused) > 0 {
			t.Errorf("no gateway was found that works: %s", w.refused)
		}
	}
	if len(there) > 0 {
		t.Errorf("there are %v as well", there)
	}
}

// writeAnywhere inserts keys until stop, each once, and notes what it heard of each.
func writeAnywhere(db *sql.DB, name string, stop <-chan struct{}, sound *atomic.Int64) (w written) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return w
		default:
		}
		key := fmt.Sprintf("%s-%d", name, i)
		_, err := db.Exec(insert(key))
		var unknown *refusal.IndeterminateError
		switch {
		case err == nil:
			w.acknowledged = append(w.acknowledged, key)
			sound.Add(1)
		case errors.As(err, &unknown):
			w.doubtful = append(w.doubtful, key)
		default:
			w.refused = append(w.refused, key+": "+err.Error())
		}
	}
}

// names is a server of names that knows one, and may forget it.
type names struct {
	conn  net.PacketConn
	state atomic.Int32
	done  chan struct{}
}

// What the server of names says.
const (
	knows   int32 = iota
	forgets       // there is no such name
	fails         // it has failed itself
	mute          // nothing
)

func newNames(t *testing.T) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{conn: conn, done: make(chan struct{})}
	go n.serve()
	t.Cleanup(func() {
		_ = conn.Close()
		<-n.done
	})
	return n
}

// serve answers until the connection is closed.
func (n *names) serve() {
	defer close(n.done)
	b := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(b)
		if err != nil {
			return
		}
		if reply := n.reply(b[:size]); reply != nil {
			_, _ = n.conn.WriteTo(reply, from)
		}
	}
}

// reply is the answer to a question (RFC 1035): 127.0.0.1 for an address of the first
// kind, and none of the other.
func (n *names) reply(question []byte) []byte {
	end := 12 // of the question: labels, and four bytes behind them
	for question[end] != 0 {
		end += 1 + int(question[end])
	}
	kind := binary.BigEndian.Uint16(question[end+1:])
	reply := append([]byte{}, question[:end+5]...)
	clear(reply[6:12])
	reply[2], reply[3] = 0x81, 0x80
	switch n.state.Load() {
	case mute:
		return nil
	case forgets:
		reply[3] |= 3
	case fails:
		reply[3] |= 2
	case knows:
		if kind == 1 {
			reply[7] = 1
			reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
		}
	}
	return reply
}

// dial is a dialer that asks this server for names. What waits for an answer is ended
// with the test: the resolver would wait on behind its caller's back.
func (n *names) dial(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	var mu sync.Mutex // protects what follows
	var asking []net.Conn
	over := false
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		for _, c := range asking {
			_ = c.Close()
		}
	})
	ask := func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "udp", n.conn.LocalAddr().String())
		mu.Lock()
		defer mu.Unlock()
		if err == nil && over {
			_ = c.Close()
			return nil, net.ErrClosed
		}
		if err == nil {
			asking = append(asking, c)
		}
		return c, err
	}
	return (&net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: ask}}).DialContext
}

func TestAGatewayWhoseNameIsLostGoesOnWithItsSessionsAndSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	a, servers := newAuthority(t), newNames(t)
	s := sqlite(t, a.overTLS, func(c *gateway.Config) { c.Timeouts.Idle = time.Hour })
	_, port, _ := net.SplitHostPort(s.address)
	c, err := netdriver.NewConnector(netdriver.Config{
		User: "app", Token: token, Database: "erp", Hosts: []string{"gateway.test.:" + port}, ConnectTimeout: time.Second, ServerName: "localhost",
		TLSConfig: &tls.Config{RootCAs: a.pool(), MinVersion: tls.VersionTLS13}, Dial: servers.dial(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	live := must(db.Conn(t.Context()))(t)
	defer live.Close() //nolint:errcheck // the test is over
	for state, want := range map[int32]string{forgets: "no such host", fails: "server misbehaving", mute: "i/o timeout"} {
		servers.state.Store(state)
		began := time.Now()
		err := db.PingContext(t.Context()) // it needs a connection
		var lookup *net.DNSError
		if !errors.As(err, &lookup) || lookup.Name != "gateway.test." || !strings.Contains(err.Error(), want) || time.Since(began) > time.Second+busy {
			t.Errorf("%s: after %v got %v", want, time.Since(began), err)
		}
		if err := live.PingContext(t.Context()); err != nil {
			t.Errorf("%s: who is there hears %v", want, err)
		}
		servers.state.Store(knows)
		found := db.PingContext(t.Context())
		for end := time.Now().Add(4 * busy); found != nil && time.Now().Before(end); { // each may take a second, too little now and then
			found = db.PingContext(t.Context())
		}
		if found != nil {
			t.Errorf("after %s: %v", want, found)
		}
		db.SetMaxIdleConns(0) // the next ping needs a connection, too
		db.SetMaxIdleConns(2)
	}
}
