// This file plays programs with the bare driver on one database and through a gateway on another, and compares all that both tell.

package difffuzz

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
	"github.com/fluxor-db/fluxor/netdriver"
	_ "github.com/fluxor-db/fluxor/netdriver/mysqlerr"
	_ "github.com/fluxor-db/fluxor/netdriver/pgxerr"
	_ "github.com/fluxor-db/fluxor/netdriver/pqerr"
)

// twins are two players of one program. Each step on the pool has a session of its
// own: with the bare driver because no connection is kept, through the gateway
// because none may ever see another's.
type twins struct {
	t            *testing.T
	bare, remote *player
}

// openTwins opens two databases that are alike.
func openTwins(t *testing.T, d *database, m maker, options string) (w *twins, remove func(), err error) {
	name, dsn, removeBare, err := m.fresh()
	if err != nil {
		return nil, nil, err
	}
	bare, err := sql.Open(d.driver, dsn)
	if err != nil {
		return nil, nil, err
	}
	bare.SetMaxIdleConns(-1)
	other, dsn, removeRemote, err := m.fresh()
	if err != nil {
		return nil, nil, err
	}
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{Driver: d.driver, DSN: dsn})
	if err != nil {
		return nil, nil, err
	}
	address, stop := gatewaytest.ServeAt(t, "127.0.0.1:0", gatewaytest.Config(c))
	far, err := sql.Open(netdriver.Name, gatewaytest.DSN(address, options))
	if err != nil {
		return nil, nil, err
	}
	w = &twins{t, twin(d, name, bare), twin(d, other, far)}
	return w, func() {
		for _, p := range []*player{w.bare, w.remote} {
			p.bare = bare // closes twice what may be closed twice
			p.close()
		}
		stop()
		_ = c.Close()
		removeBare()
		removeRemote()
	}, nil
}

func twin(d *database, name string, db *sql.DB) *player {
	return &player{d: d, name: name, db: db, held: map[string]*holder{}, stmts: map[string]*prepared{}, books: newBooks()}
}

// told is what a step told one of the twins.
func (p *player) told(s step) (answer, error) {
	s = p.named(s)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	on, err := p.on(ctx, s)
	if err != nil {
		return answer{}, fmt.Errorf("no connection: %w", err)
	}
	switch s.do {
	case read, ordered, readStmt, run:
		return p.query(ctx, on, s), nil
	case exec, execStmt:
		return p.affected(ctx, on, s), nil
	case fresh:
		return answer{err: p.query(ctx, on, s).err}, nil
	case reset:
		return answer{err: p.leave(s)}, nil
	default:
		return answer{err: p.change(ctx, on, s)}, nil
	}
}

// affected runs a text, or a prepared statement, and tells how many rows it changed.
func (p *player) affected(ctx context.Context, on runner, s step) answer {
	run := func() (sql.Result, error) { return on.ExecContext(ctx, s.text, s.args...) }
	if s.do == execStmt {
		run = func() (sql.Result, error) {
			st, err := p.statement(ctx, on, s.name)
			if err != nil {
				return nil, err
			}
			return st.ExecContext(ctx, s.args...)
		}
	}
	result, err := run()
	if err != nil {
		return answer{err: err}
	}
	if !changing.MatchString(s.text) {
		return answer{} // the numbers are those of what the connection did before
	}
	n, err := result.RowsAffected()
	return answer{text: fmt.Sprintf("%d rows, %v", n, err)}
}

// changing are texts that count rows.
var changing = regexp.MustCompile(`^(insert|update|delete|replace) [^;]*$`)

// leave gives a held connection back with what its session holds.
func (p *player) leave(s step) error {
	h := p.held[s.on]
	if h == nil {
		return errMeaningless
	}
	for name, st := range p.stmts {
		if st.on == s.on {
			p.forget(name)
		}
	}
	if h.tx != nil {
		_ = h.tx.Rollback()
	}
	delete(p.held, s.on)
	return h.conn.Close()
}

// same is the step as both can play it; false where one cannot.
func same(s step) (step, bool) {
	switch s.do {
	case settle, evict, upload: // of the cache, and of the driver alone
		return s, false
	case raw:
		s.do = exec
	}
	return s, true
}

// passing reports whether an error is of the moment, or of what SQLite knows on a
// connection since before another one changed the schema.
func (w *twins) passing(err error) bool {
	return w.bare.d.passing(err) || code(err) == "sqlite 1" && strings.Contains(err.Error(), "already exists")
}

// play plays the steps up to the first difference.
func (w *twins) play(steps []step) (at int, found string, over bool) {
	for i, s := range steps {
		s, can := same(s)
		if !can {
			continue
		}
		one, err := w.bare.told(s)
		if err != nil {
			return i, "the bare driver: " + err.Error(), false
		}
		other, err := w.remote.told(s)
		if err != nil {
			return i, "through the gateway: " + err.Error(), false
		}
		if w.passing(one.err) != w.passing(other.err) {
			return i, "", true // what happened in one database did not in the other
		}
		one.text, other.text = own.ReplaceAllString(one.text, "own type"), own.ReplaceAllString(other.text, "own type")
		if w.bare.d.differs(other, one) {
			return i, fmt.Sprintf("through the gateway\n%s\nthe bare driver\n%s", other, one), false
		}
	}
	return len(steps), "", false
}

// own are numbers of types that a database has made itself.
var own = regexp.MustCompile(`type "\d{5,}"`)

func TestDifferentialFuzzTellsNoGatewayFromTheBareDriver(t *testing.T) {
	duration, seed := settings(t)
	t.Logf("programs for %v; the same ones again: %s=%d", duration, seedVariable, seed)
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			m := d.start(t, "far_"+d.name)
			end := time.Now().Add(duration)
			programs, steps, cut := 0, 0, 0
			for i := uint64(1); time.Now().Before(end) || i <= fixedSeeds; i++ {
				from := i
				if i > fixedSeeds {
					from = seed + i
				}
				program := generate(d.dialect, from, rounds)
				at, found, over := twinsPlay(t, d, m, program)
				if found != "" {
					t.Fatalf("%s, seed %d, step %d: %s\n%s", d.name, from, at, program[at], found)
				}
				programs++
				steps += at
				if over {
					cut++
				}
			}
			t.Logf("%s: %d programs, %d steps, %d programs left early", d.name, programs, steps, cut)
		})
	}
}

func twinsPlay(t *testing.T, d *database, m maker, program []step) (at int, found string, over bool) {
	w, remove, err := openTwins(t, d, m, "codec=binary")
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	return w.play(program)
}

var _ = driver.ErrBadConn
var _ = errors.Is
