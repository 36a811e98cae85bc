// This file is fault 15: closing is slow, the host's name is lost, the password is wrong.

package faults

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// rough is a driver's connector whose connections are slow to close, as over a
// network that loses the farewell, and which finds its host until the name is
// lost.
type rough struct {
	driver   driver.Driver
	dsn      string
	slow     time.Duration
	lost     atomic.Bool
	nameless error // what the driver says of a host without an address
}

func (r *rough) Driver() driver.Driver { return r.driver }

func (r *rough) Connect(context.Context) (driver.Conn, error) {
	if r.lost.Load() {
		return nil, r.nameless
	}
	c, err := r.driver.Open(r.dsn)
	return &roughConn{c, r.slow}, err
}

type roughConn struct {
	driver.Conn
	slow time.Duration
}

func (c *roughConn) Close() error {
	<-time.After(c.slow)
	return c.Conn.Close()
}

// rough opens a side's database over such a connector.
func (p *play) rough(s side, slow time.Duration, cfg fluxor.RuntimeConfig) (*rough, *sql.DB) {
	p.Helper()
	var nameless error = &net.DNSError{Err: "no such host", Name: "db.invalid", IsNotFound: true}
	if p.label != "pgx" { // which looks names up by itself
		nameless = &net.OpError{Op: "dial", Net: "tcp", Err: nameless}
	}
	r := &rough{driver: p.at[s].direct(p).Driver(), dsn: p.at[s].dsn(), slow: slow, nameless: nameless}
	var c driver.Connector = r
	if s == wrapped {
		var err error
		if c, err = fluxor.WrapConnector(r, cfg); err != nil {
			p.Fatal(err)
		}
	}
	db := sql.OpenDB(c)
	p.Cleanup(func() { _ = db.Close() })
	return r, db
}

// closesSlowly has a caller work on while its connections become too old.
func closesSlowly(p *play) {
	const slow = 3 * time.Second
	p.bare("a caller waits %s", seconds(p.worksOn(bare, slow)))
	longest := slow
	for range attempts {
		if longest = min(longest, p.worksOn(wrapped, slow)); longest < slow/2 {
			break
		}
	}
	p.fluxor(longest < slow/2, "a caller waits %s", seconds(longest))
}

// worksOn returns the longest that the caller waited for an answer.
func (p *play) worksOn(s side, slow time.Duration) (longest time.Duration) {
	const lifetime, span = 300 * time.Millisecond, time.Second
	_, db := p.rough(s, slow, fluxor.RuntimeConfig{ConnMaxLifetime: lifetime})
	if s == bare {
		db.SetConnMaxLifetime(lifetime)
	}
	for start := time.Now(); time.Since(start) < span; {
		asked := time.Now()
		var n int
		if err := db.QueryRowContext(p.Context(), fmt.Sprintf(p.number, 1)).Scan(&n); err != nil {
			p.Error(err)
		}
		longest = max(longest, time.Since(asked))
		<-time.After(10 * time.Millisecond)
	}
	return longest
}

// losesTheName has twice as many callers as connections.
func losesTheName(p *play) {
	plain := p.nameless(bare)
	p.bare("%s", plain.words())
	var asked *askers
	for range attempts {
		if asked = p.nameless(wrapped); asked.failed.Load() == 0 {
			break
		}
	}
	p.fluxor(asked.failed.Load() == 0, "%s", asked.words())
	p.holds(asked.failed.Load() == 0 || asked.share() < plain.share()/2)
}

func (p *play) nameless(s side) *askers {
	const open = 4
	r, db := p.rough(s, 0, fluxor.RuntimeConfig{MaxOpenConns: 2 * open})
	db.SetMaxIdleConns(2 * open)
	if s == bare {
		db.SetMaxOpenConns(2 * open)
	}
	dbtest.Fill(p, db, open)
	r.lost.Store(true)
	asked := p.askers(db, 2*open, 5*time.Second)
	<-time.After(time.Second)
	asked.stop()
	return asked
}

func refusesLogins(p *play) {
	const callers = 20
	for _, s := range sides {
		db := p.at[s].locked(p)
		before := p.at[s].dials(p)
		var own atomic.Int64
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				var refusal *fluxor.RefusalError
				if err := db.PingContext(p.Context()); err != nil && !errors.As(err, &refusal) {
					own.Add(1)
				}
			})
		}
		all.Wait()
		dials := p.at[s].dials(p) - before
		if s == bare {
			p.bare("%d logins", dials)
			continue
		}
		p.fluxor(dials == 1 && own.Load() == callers, "%d login, %d errors of the driver's", dials, own.Load())
	}
}
