// This file plays a program's steps and compares its reads.

package difffuzz

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor"
)

// patience is what a single step may take.
const patience = 20 * time.Second

// player plays one program on one database.
type player struct {
	d         *database
	name      string            // the database's, for which stands "diffdb" in a text
	db        *sql.DB           // through the cache
	connector *fluxor.Connector // below it
	bare      *sql.DB           // the driver alone
	naive     *naive            // a cache of the test's own in place of Fluxor's; nil: none
	held      map[string]*holder
	stmts     map[string]*prepared
	count     counts
	books     books
}

// holder is a held connection, and the transaction on it.
type holder struct {
	conn *sql.Conn
	tx   *sql.Tx
}

// prepared is a statement and its text, for the bare driver.
type prepared struct {
	stmt *sql.Stmt
	on   string
	text string
}

// runner is a *sql.DB, a *sql.Conn or a *sql.Tx.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// open opens a database through Fluxor and bare.
func (d *database) open(name, dsn string, n *naive) (*player, error) {
	connector, err := fluxor.NewConnector(fluxor.RuntimeConfig{Driver: d.driver, DSN: dsn + options(dsn, n)})
	if err != nil {
		return nil, err
	}
	bare, err := sql.Open(d.driver, dsn)
	if err != nil {
		return nil, err
	}
	bare.SetMaxOpenConns(1)
	return &player{
		d: d, name: name, db: sql.OpenDB(connector), connector: connector, bare: bare, naive: n,
		held: map[string]*holder{}, stmts: map[string]*prepared{},
		books: newBooks(),
	}, nil
}

func (p *player) close() {
	for _, s := range p.stmts {
		_ = s.stmt.Close()
	}
	for _, h := range p.held {
		if h.tx != nil {
			_ = h.tx.Rollback()
		}
		_ = h.conn.Close()
	}
	_ = p.db.Close()
	_ = p.bare.Close()
}

// play plays the steps up to the first difference, and returns what differs;
// "" is nothing. at is the step that found it.
func (p *player) play(steps []step) (at int, found string) {
	for i, s := range steps {
		if found := p.step(s); found != "" {
			return i, found
		}
	}
	return len(steps), ""
}

// named is a step with the database's name in it.
func (p *player) named(s step) step {
	s.text = strings.ReplaceAll(s.text, "diffdb", p.name)
	return s
}

func (p *player) step(s step) (found string) {
	s = p.named(s)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	on, err := p.on(ctx, s)
	if err != nil {
		return fmt.Sprintf("no connection: %v", err)
	}
	switch {
	case s.compares():
		return p.compare(ctx, on, s)
	case s.do == fresh:
		return p.renew(ctx, on, s)
	}
	if s.do != settle && s.do != evict && s.do != peek {
		p.books.wrote()
	}
	if p.naive != nil {
		p.naive.before(p, s)
	}
	err = p.change(ctx, on, s)
	if p.naive != nil {
		p.naive.after(p, s, err)
	}
	p.count.change(err)
	if ctx.Err() != nil {
		return fmt.Sprintf("%s took longer than %v: %v", s, patience, err)
	}
	return ""
}

// on is where a step runs. A held connection comes into being with its first
// step.
func (p *player) on(ctx context.Context, s step) (runner, error) {
	if s.on == pool {
		return p.db, nil
	}
	h := p.held[s.on]
	if h == nil {
		conn, err := p.db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		h = &holder{conn: conn}
		p.held[s.on] = h
	}
	if h.tx != nil {
		return h.tx, nil
	}
	return h.conn, nil
}

// compare reads through the cache, past it, through it again, and from the pool
// past Fluxor as well.
func (p *player) compare(ctx context.Context, on runner, s step) string {
	if p.tellsLate(s) {
		p.query(uncached(ctx), on, s)
	}
	first := p.cached(ctx, on, s)
	own := p.query(uncached(ctx), on, s)
	again := p.cached(ctx, on, s)
	if !errors.Is(own.err, errMeaningless) {
		p.count.read(own.err)
	}
	for _, cached := range []answer{first, again} {
		if p.d.differs(cached, own) {
			return fmt.Sprintf("the cache answers\n%s\nthe database\n%s", cached, own)
		}
	}
	if s.on != pool {
		return ""
	}
	if bare := p.direct(ctx, s); p.d.differs(own, bare) {
		return fmt.Sprintf("past the cache Fluxor answers\n%s\nthe bare driver\n%s", own, bare)
	}
	return ""
}

// tellsLate reports whether the server itself may answer otherwise the second time:
// in a transaction PostgreSQL hears of another session's new function one statement
// late, and MariaDB calls other columns nullable when a prepared statement runs again.
func (p *player) tellsLate(s step) bool {
	if p.d.name == "mysql" {
		return s.do == readStmt
	}
	return s.on != pool && p.d.name != "sqlite"
}

// direct reads without Fluxor.
func (p *player) direct(ctx context.Context, s step) answer {
	if s.do != readStmt {
		return p.query(ctx, p.bare, s)
	}
	known := p.stmts[s.name]
	if known == nil {
		return answer{err: errMeaningless}
	}
	st, err := p.bare.PrepareContext(ctx, known.text)
	if err != nil {
		return answer{err: err}
	}
	defer st.Close()
	rows, err := st.QueryContext(ctx, s.args...)
	if p.tellsLate(s) {
		answerOf(rows, err, false)
		rows, err = st.QueryContext(ctx, s.args...)
	}
	return answerOf(rows, err, false)
}

// renew reads twice what must not be the same twice.
func (p *player) renew(ctx context.Context, on runner, s step) string {
	p.books.wrote()
	first, again := p.cached(ctx, on, s), p.cached(ctx, on, s)
	p.books.wrote()
	if p.naive != nil {
		p.naive.after(p, s, nil)
	}
	if first.err == nil && again.err == nil && again.rows > 0 && first.text == again.text {
		return fmt.Sprintf("twice the same answer of what changes each time:\n%s", first)
	}
	return ""
}

// cached reads as an application does.
func (p *player) cached(ctx context.Context, on runner, s step) answer {
	if p.naive != nil {
		return p.naive.read(p, s, func() answer { return p.query(ctx, on, s) })
	}
	ctx, told := watched(ctx)
	a := p.query(ctx, on, s)
	p.books.read(s, a.err, told())
	return a
}

// query runs the step's query.
func (p *player) query(ctx context.Context, on runner, s step) answer {
	if s.do != readStmt {
		rows, err := on.QueryContext(ctx, s.text, s.args...)
		return answerOf(rows, err, s.do == ordered)
	}
	st, err := p.statement(ctx, on, s.name)
	if err != nil {
		return answer{err: err}
	}
	rows, err := st.QueryContext(ctx, s.args...)
	return answerOf(rows, err, false)
}
