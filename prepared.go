// This file is a real prepared statement on one physical connection, and the list of them that the connection keeps.

package fluxor

import (
	"context"
	"database/sql/driver"
	"time"
)

// prepared is a real statement. Where the driver's statements keep nothing
// between executions, the virtual statements of one text share it: a *sql.Stmt
// has a virtual statement on each of database/sql's connections, and each of
// those may run on any physical one.
type prepared struct {
	p    *physical
	text string
	si   driver.Stmt
	told string // what the session had been told when it was prepared, see scope
	kept bool   // the statement cache's: no virtual statement shares it, and it is closed when that is convenient
	open int    // rows not yet closed; only the session that leases p touches it

	since time.Time // the cache keeps it

	// What si implements, looked up once.
	execer  driver.StmtExecContext
	queryer driver.StmtQueryContext
	checker driver.NamedValueChecker // the statement's, else the connection's
	columns driver.ColumnConverter   //lint:ignore SA1019 see converter

	// Protected by p.mu.
	users  int  // virtual statements that refer to it
	doomed bool // nobody does: the connection's next user closes it
}

// describe says what a statement of p can do.
func (p *physical) describe(text string, si driver.Stmt) prepared {
	ps := prepared{p: p, text: text, si: si, told: p.scope.told, checker: p.checker}
	ps.execer, _ = si.(driver.StmtExecContext)
	ps.queryer, _ = si.(driver.StmtQueryContext)
	if own, ok := si.(driver.NamedValueChecker); ok {
		ps.checker = own
	}
	ps.columns, _ = si.(driver.ColumnConverter) //lint:ignore SA1019 see converter
	return ps
}

// convert converts args for the statement.
func (ps *prepared) convert(args []driver.NamedValue) ([]driver.NamedValue, error) {
	return convertArgs(converter{ps.si.NumInput(), ps.checker, ps.columns}, args)
}

// exec and query run the statement as database/sql's ctxutil.go does (Go 1.26):
// a driver without the context form of a call gets the old form, and the
// context is looked at in its place.

func (ps *prepared) exec(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if ps.p.apart != nil {
		return ps.p.execApart(ctx, args, ps.execHere)
	}
	return ps.execHere(ctx, args)
}

func (ps *prepared) execHere(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if ps.execer != nil {
		return ps.execer.ExecContext(ctx, args)
	}
	vals, err := plainValues(ctx, args)
	if err != nil {
		return nil, err
	}
	return ps.si.Exec(vals) //lint:ignore SA1019 drivers without contexts are supported as database/sql does
}

func (ps *prepared) query(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if ps.p.apart != nil {
		return ps.p.queryApart(ctx, args, ps.queryHere)
	}
	return ps.queryHere(ctx, args)
}

func (ps *prepared) queryHere(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if ps.queryer != nil {
		return ps.queryer.QueryContext(ctx, args)
	}
	vals, err := plainValues(ctx, args)
	if err != nil {
		return nil, err
	}
	return ps.si.Query(vals) //lint:ignore SA1019 drivers without contexts are supported as database/sql does
}

// keep adds a statement with one user, which is the statement cache or not.
func (p *physical) keep(text string, si driver.Stmt, byCache bool) *prepared {
	ps := p.describe(text, si)
	ps.users, ps.kept = 1, byCache
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stmts = append(p.stmts, &ps)
	return &ps
}

// share returns a statement of the text that nobody reads from, with one user
// more; nil if there is none. Those of the cache are not shared: they may be
// older than what the user prepared.
func (p *physical) share(text string) *prepared {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ps := range p.stmts {
		if ps.text == text && !ps.kept && !ps.doomed && ps.open == 0 {
			ps.users++
			return ps
		}
	}
	return nil
}

// leave takes one user off and reports whether it was the last; then the
// caller closes the statement, or the connection's next user does.
func (ps *prepared) leave() (last bool) {
	p := ps.p
	p.mu.Lock()
	defer p.mu.Unlock()
	ps.users--
	if ps.users > 0 {
		return false
	}
	ps.doomed = true
	p.dooms.Store(true)
	return true
}

// alone reports whether one virtual statement refers to it.
func (ps *prepared) alone() bool {
	ps.p.mu.Lock()
	defer ps.p.mu.Unlock()
	return ps.users == 1
}

// doom leaves a statement that no virtual one refers to for the connection's
// next user to close.
func (p *physical) doom(si driver.Stmt) { p.keep("", si, false).leave() }

// takeDoomed returns the statements to close now: all that virtual statements
// gave up, and a few of those that the cache did, because each costs a round
// trip with some drivers.
func (p *physical) takeDoomed(few int) []driver.Stmt {
	if !p.dooms.Load() {
		return nil
	}
	p.dooms.Store(false)
	taken := p.take(func(ps *prepared) bool {
		if !ps.doomed || ps.open > 0 {
			return false
		}
		if ps.kept {
			few--
		}
		return !ps.kept || few >= 0
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ps := range p.stmts {
		if ps.doomed {
			p.dooms.Store(true)
		}
	}
	return taken
}

// spares counts the statements that the cache gave up.
func (p *physical) spares() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, ps := range p.stmts {
		if ps.doomed && ps.kept {
			n++
		}
	}
	return n
}

// takeAll returns all statements: the connection is about to be closed.
func (p *physical) takeAll() []driver.Stmt {
	return p.take(func(*prepared) bool { return true })
}

// take removes the statements that fit.
func (p *physical) take(fits func(*prepared) bool) []driver.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	var taken []driver.Stmt
	left := p.stmts[:0]
	for _, ps := range p.stmts {
		if fits(ps) {
			taken = append(taken, ps.si)
			continue
		}
		left = append(left, ps)
	}
	clear(p.stmts[len(left):])
	p.stmts = left
	return taken
}
