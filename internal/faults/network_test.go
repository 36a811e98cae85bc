// This file is the stage of the drivers that talk to a server: a real one, and a proxy before each side's database.

package faults

import (
	"bytes"
	"database/sql"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// granted is how many connections a server of a play's own grants.
const granted = 30

// network is a real server.
type network struct {
	*dbtest.Server
	proxy func(target string) (*faultproxy.Proxy, error)
}

func ownPostgres(t testing.TB) *dbtest.Server {
	t.Helper()
	return dbtest.StartPostgres(t, dbtest.Options{MaxConnections: granted})
}

func ownMariaDB(t testing.TB) *dbtest.Server {
	t.Helper()
	return dbtest.StartMariaDB(t, dbtest.Options{MaxConnections: granted})
}

// networkServer finds or starts a server that serves all plays of a chain.
func networkServer(start func(testing.TB) *dbtest.Server, proxy func(string) (*faultproxy.Proxy, error)) func(*testing.T) func() server {
	return func(t *testing.T) func() server {
		s := &network{start(t), proxy}
		return func() server { return s }
	}
}

func (n *network) freeze(t testing.TB) { n.Freeze(t) }
func (n *network) thaw(testing.TB)     { n.Thaw() }
func (n *network) down(t testing.TB)   { n.Kill(t) }
func (n *network) up(t testing.TB)     { n.Restart(t) }

func (n *network) place(t testing.TB, d dialect, s side) place {
	t.Helper()
	target := n.NewDatabase(t)
	proxy, err := n.proxy(target.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	return &networkPlace{n, d, s, target, proxy, n.Admin(t)}
}

// networkPlace is a database behind a proxy of its own.
type networkPlace struct {
	on *network
	dialect
	side   side
	target dbtest.Target
	proxy  *faultproxy.Proxy
	admin  *sql.DB
}

func (p *networkPlace) driver() string { return p.names[bare] }

func (p *networkPlace) dsn(options ...string) string {
	return p.target.At(p.proxy.Addr()).DSN(options...)
}

func (p *networkPlace) open(t testing.TB, options ...string) *sql.DB {
	t.Helper()
	return p.openAt(t, p.target.At(p.proxy.Addr()), options)
}

func (p *networkPlace) near(t testing.TB, options ...string) *sql.DB {
	t.Helper()
	return p.openAt(t, p.target, options)
}

func (p *networkPlace) openAt(t testing.TB, target dbtest.Target, options []string) *sql.DB {
	t.Helper()
	if p.side == bare {
		options = nil
	}
	return openName(t, p.names[p.side], target.DSN(options...))
}

func (p *networkPlace) locked(t testing.TB) *sql.DB {
	t.Helper()
	return p.openAt(t, p.target.At(p.proxy.Addr()).As(p.target.User, "wrong"), nil)
}

func (p *networkPlace) direct(t testing.TB) *sql.DB {
	t.Helper()
	return p.on.Open(t, p.target)
}

func (p *networkPlace) dials(testing.TB) int { return int(p.proxy.Counters().Accepted) }

func (p *networkPlace) endSessions(t testing.TB) { p.on.EndSessions(t, p.target.Database) }

func (p *networkPlace) delay(_ testing.TB, d time.Duration) { p.proxy.Latency(faultproxy.ToClient, d) }

// crowd takes what the server gives, and gives a few back.
func (p *networkPlace) crowd(t testing.TB, left int) (leave func()) {
	t.Helper()
	neighbour := p.on.Open(t, p.target)
	var held []*sql.Conn
	for range granted {
		c, err := neighbour.Conn(t.Context())
		if err != nil {
			break
		}
		held = append(held, c)
	}
	if len(held) <= left {
		t.Fatalf("the neighbour got %d connections", len(held))
	}
	neighbour.SetMaxIdleConns(-1)
	for _, c := range held[:left] {
		_ = c.Close()
	}
	return func() {
		for _, c := range held[left:] {
			_ = c.Close()
		}
		_ = neighbour.Close()
	}
}

func (p *networkPlace) loseReply(_ testing.TB, end faultproxy.End, text string) {
	p.proxy.CutOnReply(1, end, func(request []byte) bool {
		return bytes.Contains(bytes.ToLower(request), []byte(text))
	})
}

func openName(t testing.TB, name, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
