// This file plays the steps that change something: texts, transactions, prepared statements, uploads, the driver's own connection.

package difffuzz

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/fluxor-db/fluxor"
)

// errMeaningless is a step that has nothing to act upon, as it happens where
// others before it were left out.
var errMeaningless = errors.New("nothing to act upon")

// change does what a step says.
func (p *player) change(ctx context.Context, on runner, s step) error {
	switch s.do {
	case exec:
		_, err := on.ExecContext(ctx, s.text, s.args...)
		return err
	case run:
		rows, err := on.QueryContext(ctx, s.text, s.args...)
		return answerOf(rows, err, false).err
	case peek:
		return glance(ctx, on, s)
	case begin, commit, rollback:
		return p.transact(s)
	case prepare, execStmt, closeStmt:
		return p.prepared(ctx, on, s)
	case raw:
		return p.raw(ctx, s)
	case upload:
		return p.upload(ctx, on, s)
	case settle:
		p.settle(ctx)
		return nil
	case evict:
		p.connector.Evict()
		return nil
	case reset:
		return p.reset(ctx, s)
	}
	return fmt.Errorf("no such verb: %s", s.do)
}

// glance reads one row, as QueryRow does.
func glance(ctx context.Context, on runner, s step) error {
	rows, err := on.QueryContext(ctx, s.text, s.args...)
	if err != nil {
		return err
	}
	rows.Next()
	return rows.Close()
}

// transact begins and ends a *sql.Tx. Its context is not the step's: it ends
// with the transaction.
func (p *player) transact(s step) (err error) {
	h := p.held[s.on]
	switch {
	case h == nil, (h.tx == nil) != (s.do == begin):
		return errMeaningless
	case s.do == begin:
		h.tx, err = h.conn.BeginTx(context.Background(), isolation[s.text])
		return err
	}
	tx := h.tx
	h.tx = nil
	if s.do == commit {
		return tx.Commit()
	}
	return tx.Rollback()
}

// isolation is what begin's texts mean.
var isolation = map[string]*sql.TxOptions{
	"serializable":    {Isolation: sql.LevelSerializable},
	"repeatable read": {Isolation: sql.LevelRepeatableRead},
	"read only":       {ReadOnly: true},
}

// prepared makes, runs and ends a *sql.Stmt.
func (p *player) prepared(ctx context.Context, on runner, s step) error {
	if s.do == prepare {
		st, err := on.PrepareContext(ctx, s.text)
		if err != nil {
			return err
		}
		p.forget(s.name)
		p.stmts[s.name] = &prepared{stmt: st, on: s.on, text: s.text}
		return nil
	}
	if s.do == closeStmt {
		p.forget(s.name)
		return nil
	}
	st, err := p.statement(ctx, on, s.name)
	if err == nil {
		_, err = st.ExecContext(ctx, s.args...)
	}
	return err
}

func (p *player) forget(name string) {
	if old := p.stmts[name]; old != nil {
		_ = old.stmt.Close()
		delete(p.stmts, name)
	}
}

// statement is a prepared statement as it is to be used on a connection.
func (p *player) statement(ctx context.Context, on runner, name string) (*sql.Stmt, error) {
	st := p.stmts[name]
	if st == nil {
		return nil, errMeaningless
	}
	if tx, ok := on.(*sql.Tx); ok {
		return tx.StmtContext(ctx, st.stmt), nil
	}
	return st.stmt, nil
}

// raw runs a text on the driver's own connection under a held one.
func (p *player) raw(ctx context.Context, s step) error {
	h := p.held[s.on]
	if h == nil {
		return errMeaningless
	}
	return fluxor.Raw(ctx, h.conn, func(dc any) error {
		_, err := dc.(driver.ExecerContext).ExecContext(ctx, s.text, nil)
		return err
	})
}

// upload sends rows of id, n, s into the table that the text names.
func (p *player) upload(ctx context.Context, on runner, s step) error {
	switch h := p.held[s.on]; {
	case p.d.driver == "mysql":
		return load(ctx, on, s)
	case h == nil:
		return errMeaningless
	case p.d.driver == "pgx":
		return copyPgx(ctx, h.conn, s)
	case p.d.driver == "postgres":
		return copyPq(ctx, h, s)
	}
	return errMeaningless
}

func load(ctx context.Context, on runner, s step) error {
	name := fmt.Sprintf("%p", &s)
	var b strings.Builder
	for i, arg := range s.args {
		fmt.Fprintf(&b, "%v%s", arg, []string{"\t", "\t", "\n"}[i%3])
	}
	mysql.RegisterReaderHandler(name, func() io.Reader { return strings.NewReader(b.String()) })
	defer mysql.DeregisterReaderHandler(name)
	_, err := on.ExecContext(ctx, "load data local infile 'Reader::"+name+"' into table "+s.text+" (id, n, s)")
	return err
}

func copyPgx(ctx context.Context, conn *sql.Conn, s step) error {
	return fluxor.Raw(ctx, conn, func(dc any) error {
		var rows [][]any
		for i := 0; i < len(s.args); i += 3 {
			rows = append(rows, s.args[i:i+3])
		}
		_, err := dc.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{s.text}, []string{"id", "n", "s"}, pgx.CopyFromRows(rows))
		return err
	})
}

// copyPq runs in the transaction that is there, or in one of its own.
func copyPq(ctx context.Context, h *holder, s step) (err error) {
	tx := h.tx
	if tx == nil {
		if tx, err = h.conn.BeginTx(ctx, nil); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, tx.Commit()) }()
	}
	st, err := tx.PrepareContext(ctx, "copy "+s.text+" (id, n, s) from stdin")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	for i := 0; i < len(s.args); i += 3 {
		if _, err := st.ExecContext(ctx, s.args[i:i+3]...); err != nil {
			return err
		}
	}
	_, err = st.ExecContext(ctx)
	return err
}

// reset gives a held connection back without a trace of its session: cleaned,
// or as a broken one.
func (p *player) reset(ctx context.Context, s step) error {
	h := p.take(s.on)
	if h == nil {
		return errMeaningless
	}
	defer h.conn.Close()
	_, _ = h.conn.ExecContext(ctx, "rollback")
	if p.d.cleans != "" {
		if _, err := h.conn.ExecContext(ctx, p.d.cleans); err == nil {
			return nil
		}
	}
	err := fluxor.Raw(ctx, h.conn, func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) {
		return nil
	}
	return err
}

// take takes a held connection out of the player's hands, without statements or a
// transaction; nil where there is none.
func (p *player) take(on string) *holder {
	h := p.held[on]
	if h == nil {
		return nil
	}
	for name, st := range p.stmts {
		if st.on == on {
			p.forget(name)
		}
	}
	if h.tx != nil {
		_ = h.tx.Rollback()
	}
	delete(p.held, on)
	return h
}
