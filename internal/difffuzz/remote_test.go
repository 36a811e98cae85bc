// This file plays programs with the bare driver on one database and through a gateway on another, and compares all that both tell.

package difffuzz

import (
	"context"
	"database/sql"
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
type twins struct{ bare, remote *player }

// open opens two databases that are alike.
func (f *far) open() (w *twins, remove func(), err error) {
	name, dsn, removeBare, err := f.m.fresh()
	if err != nil {
		return nil, nil, err
	}
	bare, err := sql.Open(f.d.driver, patient(dsn))
	if err != nil {
		return nil, nil, err
	}
	bare.SetMaxIdleConns(-1)
	other, dsn, removeRemote, err := f.m.fresh()
	if err != nil {
		return nil, nil, err
	}
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{Driver: f.d.driver, DSN: patient(dsn)})
	if err != nil {
		return nil, nil, err
	}
	address, stop := gatewaytest.ServeAt(f.t, "127.0.0.1:0", gatewaytest.Config(c))
	remote, err := sql.Open(netdriver.Name, gatewaytest.DSN(address, f.options))
	if err != nil {
		return nil, nil, err
	}
	w = &twins{twin(f.d, name, bare), twin(f.d, other, remote)}
	return w, func() {
		w.bare.close()
		w.remote.close()
		stop()
		_ = c.Close()
		removeBare()
		removeRemote()
	}, nil
}

// patient has SQLite wait for those who open and close files meanwhile.
func patient(dsn string) string {
	base, options, _ := strings.Cut(strings.Replace(dsn, "&_pragma=busy_timeout(0)", "", 1), "?_pragma=journal")
	if options == "" {
		return dsn
	}
	return base + "?_pragma=busy_timeout(20)&_pragma=journal" + options
}

func twin(d *database, name string, db *sql.DB) *player {
	return &player{d: d, name: name, db: db, bare: db, held: map[string]*holder{}, stmts: map[string]*prepared{}, books: newBooks()}
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
	if h := p.take(s.on); h != nil {
		return h.conn.Close()
	}
	return errMeaningless
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

// passing reports whether an error is of the moment, of what SQLite knows on a
// connection since before another one changed the schema, or of the other twin's XA
// transaction on the same server.
func (w *twins) passing(err error) bool {
	switch code(err) {
	case "sqlite 1":
		return strings.Contains(err.Error(), "already exists")
	case "1440":
		return true
	}
	return w.bare.d.passing(err)
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
		if denied(other.err) {
			if s.do == exec || s.do == execStmt {
				return i, "", true
			}
			continue
		}
		one, other = w.bare.leveled(s, one), w.remote.leveled(s, other)
		if w.bare.d.differs(other, one) {
			return i, fmt.Sprintf("through the gateway\n%s\nthe bare driver\n%s", other, one), false
		}
	}
	return len(steps), "", false
}

// leveled is an answer without what is each database's own, and without what MariaDB
// tells of a column only when a prepared statement runs again: through a gateway it may
// have run on that connection before.
func (p *player) leveled(s step, a answer) answer {
	a.text = own.ReplaceAllString(strings.ReplaceAll(a.text, p.name, "diffdb"), "own type")
	if p.tellsLate(s) && p.d.name == "mysql" {
		a.text = nullable.ReplaceAllString(a.text, "")
	}
	return a
}

// nullable is what is told of a column's nulls.
var nullable = regexp.MustCompile(` nullable \w+ \w+| scan \S+`)

// denied reports whether the gateway refused to show what may be another client's.
func denied(err error) bool {
	e, ok := errors.AsType[*netdriver.Error](err)
	return ok && e.Kind == "denied"
}

// own are numbers of types that a database has made itself.
var own = regexp.MustCompile(`type "\d{5,}"`)

// The programs through a gateway: seed 1, and others for a part of the run's time,
// each shorter than those of the cache.
const (
	remotePart   = 6
	remoteRounds = rounds / 3
)

func TestDifferentialFuzzTellsNoGatewayFromTheBareDriver(t *testing.T) {
	duration, from := settings(t)
	t.Logf("programs for %v; the same ones again: %s=%d", duration/remotePart, seedVariable, from)
	for i, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			f := &far{t: t, d: d, m: d.start(t, "far_"+d.name), options: "codec=" + []string{"binary", "json"}[i%2]}
			end := time.Now().Add(duration / remotePart)
			f.seed(1)
			for seed := from; time.Now().Before(end); seed++ {
				f.seed(seed)
			}
			t.Logf("%d programs, %d steps, %d programs left early", f.programs, f.steps, f.left)
		})
	}
}

// far is where programs are played through a gateway.
type far struct {
	t                     *testing.T
	d                     *database
	m                     maker
	options               string
	programs, steps, left int
}

// seed plays one program, and cuts one that finds something down.
func (f *far) seed(seed uint64) {
	f.t.Helper()
	steps := generate(f.d.dialect, seed, remoteRounds)
	at, found, err := f.play(steps)
	if err == nil && found != "" {
		steps, found, err = shrink(f.play, steps, at, found, shrinking)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	if found != "" {
		f.t.Fatal(f.d.report(seed, steps, found))
	}
}

// play plays a program on two databases of its own.
func (f *far) play(steps []step) (at int, found string, err error) {
	w, remove, err := f.open()
	if err != nil {
		return 0, "", err
	}
	defer remove()
	at, found, over := w.play(steps)
	f.programs++
	f.steps += at
	if over {
		f.left++
	}
	return at, found, nil
}
