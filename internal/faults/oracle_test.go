// This file is Oracle's stage: the double of its client library, which answers with Oracle's codes or not at all.

package faults

import (
	"database/sql"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// oracle has a database of the double for each side. There is no network: what
// a frozen server is to others is a call here that does not return.
type oracle struct {
	places []*oraclePlace
}

// oracleServer has a double for each play.
func oracleServer(*testing.T) func() server { return func() server { return &oracle{} } }

func (o *oracle) place(t testing.TB, d dialect, s side) place {
	t.Helper()
	db := dbtest.Oracle(t)
	p := &oraclePlace{d, s, db, db.Trips(t), 0}
	o.places = append(o.places, p)
	return p
}

func (o *oracle) rules(t testing.TB, rules ...string) {
	t.Helper()
	for _, p := range o.places {
		p.Faults(t, rules...)
	}
}

func (o *oracle) freeze(t testing.TB) { o.rules(t, "any hang=60000") }
func (o *oracle) thaw(t testing.TB)   { o.rules(t) }
func (o *oracle) down(t testing.TB)   { o.rules(t, "kill", "connect error=12541") }
func (o *oracle) up(t testing.TB)     { o.rules(t) }

// oraclePlace is one database of the double.
type oraclePlace struct {
	dialect
	side side
	*dbtest.OracleDatabase
	trips    func() []dbtest.Trip
	connects int
}

func (p *oraclePlace) driver() string { return p.names[bare] }

// dsn has no pool of OCI's below database/sql's on either side.
func (p *oraclePlace) dsn(options ...string) string {
	return p.Logfmt(append(options, "standaloneConnection=1")...)
}

func (p *oraclePlace) open(t testing.TB, options ...string) *sql.DB {
	t.Helper()
	if p.side == bare {
		options = nil
	}
	return openName(t, p.names[p.side], p.dsn(options...))
}

func (p *oraclePlace) near(t testing.TB, options ...string) *sql.DB {
	t.Helper()
	return p.open(t, options...)
}

func (p *oraclePlace) locked(t testing.TB) *sql.DB {
	t.Helper()
	right := p.Password
	defer func() { p.Password = right }()
	p.Password = "wrong"
	return p.open(t)
}

func (p *oraclePlace) direct(t testing.TB) *sql.DB {
	t.Helper()
	return openName(t, p.driver(), p.dsn())
}

func (p *oraclePlace) dials(t testing.TB) int {
	t.Helper()
	for _, trip := range p.trips() {
		if trip.Op == "connect" {
			p.connects++
		}
	}
	return p.connects
}

func (p *oraclePlace) endSessions(t testing.TB) { p.Faults(t, "kill") }

func (p *oraclePlace) crowd(t testing.TB, left int) (leave func()) {
	t.Helper()
	p.Faults(t, "limit sessions="+strconv.Itoa(left))
	return func() { p.Faults(t) }
}

func (p *oraclePlace) loseReply(t testing.TB, _ faultproxy.End, text string) {
	t.Helper()
	if text == "commit" {
		p.Faults(t, "commit error=3113 after count=1")
		return
	}
	word, _, _ := strings.Cut(text, " ")
	p.Faults(t, "execute error=3113 after count=1 match="+word)
}

func (p *oraclePlace) delay(t testing.TB, d time.Duration) {
	t.Helper()
	if d == 0 {
		p.Faults(t)
		return
	}
	p.Faults(t, "execute delay="+strconv.Itoa(int(d/time.Millisecond)))
}
