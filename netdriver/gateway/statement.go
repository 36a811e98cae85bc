// This file runs queries, statements without rows, and what is prepared.

package gateway

import (
	"database/sql/driver"
	"errors"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// statementOf is the text of a statement, and what was prepared where it names
// that.
func (s *session) statementOf(m *wire.Statement) (text string, p *prepared, err error) {
	if m.Tx && s.lease.tx == nil {
		return "", nil, refused{wire.ErrorProtocol, "the statement belongs to a transaction, and there is none"}
	}
	if m.SID == 0 {
		return m.SQL, nil, nil
	}
	if p = s.statements.byID[m.SID]; p == nil {
		return "", nil, refused{wire.ErrorProtocol, "no statement has this number"}
	}
	return p.text, p, nil
}

// query runs a statement and answers with its rows.
func (s *session) query(c *call, m *wire.Statement) error {
	text, p, err := s.statementOf(m)
	if err != nil {
		return err
	}
	args, outs, err := arguments(m.Args)
	if err != nil {
		return err
	}
	if outs.wantCursors() {
		return refused{wire.ErrorProtocol, "a cursor is an out parameter of exec, not of query"}
	}
	if err := s.start(c, m.TimeoutMS); err != nil {
		return err
	}
	defer s.finish(c)
	if m.MaxStaleMS > 0 {
		c.ctx = fluxor.NoCache(c.ctx) // how old an answer is, the cache does not tell before it gives it
	}
	if err := s.enter(c, text); err != nil {
		return err
	}
	if err := s.lease.renumberOwn(c.ctx, text); err != nil {
		s.lease.conclude(err)
		return err
	}
	c.sent = true
	rows, err := s.rowsFor(c, text, p, args)
	if err == nil && c.recalls && !s.lease.continues() {
		_ = rows.Close()
		c.sent, err = false, errRecall
	}
	if err == nil {
		c.rows = true
		err = s.rows.run(s, c, rows, m.MaxRows)
		if stopped(err) && !s.lease.own() {
			c.cancel(err) // nobody takes the rest; to cancel may end the connection, and what the session has there
		}
		if closed := s.closeRows(c, rows, err == nil); err == nil {
			err = closed
		}
	}
	if c.kept() {
		s.lease.conclude(err) // it ran nowhere
	} else {
		s.lease.drew(text, args, nil, err)
		s.lease.settle(text, err)
	}
	if err != nil {
		return err
	}
	c.done = true
	return s.answer(c, &wire.End{Out: outs.values()})
}

// restLimit is how long the rest of a result may take of which the client has all
// that it asked for: to read a little is cheaper than a new connection.
const restLimit = 100 * time.Millisecond

// closeRows closes rows, for which a driver may read them to their end. Where they
// were cut off by max_rows that is ended after a while, if it is safe: the text is
// proven to read, and the connection has nothing of the session's.
func (s *session) closeRows(c *call, rows driver.Rows, whole bool) error {
	if !whole || !s.rows.cut() || s.lease.own() || !s.lease.onlyReads(c.text) {
		return rows.Close()
	}
	canceled := make(chan struct{})
	limit := time.AfterFunc(restLimit, func() {
		c.cancel(errRest)
		close(canceled)
	})
	err := rows.Close()
	if limit.Stop() {
		return err
	}
	<-canceled
	if errors.Is(c.cause(), errRest) {
		return nil // the answer is complete
	}
	return err
}

// errRest ends a result whose rest nobody wants.
var errRest = errors.New("the client has all the rows that it asked for")

// rowsFor runs a text, or what was prepared of it.
func (s *session) rowsFor(c *call, text string, p *prepared, args []driver.NamedValue) (rows driver.Rows, err error) {
	if p == nil {
		return s.lease.query(c.ctx, text, args)
	}
	err = s.withStmt(c, p, func(st driver.Stmt) error {
		rows, err = queryStmt(c.ctx, st, args)
		return err
	})
	return rows, err
}

// withStmt has do use what the driver made of a prepared text.
func (s *session) withStmt(c *call, p *prepared, do func(driver.Stmt) error) error {
	return s.lease.again(c.ctx, func(driver.Conn) error {
		st, err := s.statements.ready(c.ctx, &s.lease, p)
		if err != nil {
			return err
		}
		return do(st)
	})
}

// exec runs a statement and answers with what it changed.
func (s *session) exec(c *call, m *wire.Statement) error {
	text, p, err := s.statementOf(m)
	if err != nil {
		return err
	}
	args, outs, err := arguments(m.Args)
	if err != nil {
		return err
	}
	if err := s.start(c, m.TimeoutMS); err != nil {
		return err
	}
	defer s.finish(c)
	if err := s.enter(c, text); err != nil {
		return err
	}
	if s.lease.answers(text) {
		if err := s.lease.renumberOwn(c.ctx, text); err != nil {
			s.lease.conclude(err)
			return err
		}
	}
	c.sent = true
	res, err := s.resultOf(c, text, p, args, outs.wantCursors())
	if err == nil && c.recalls && !s.lease.continues() {
		c.sent, res, err = false, nil, errRecall
	}
	end := wire.End{Out: outs.values()}
	if res != nil {
		c.done = true
		end.Affected, end.LastID = counted(res.RowsAffected()), counted(res.LastInsertId())
		s.lease.disown(text, &end)
		c.count = end.Affected.N
	}
	if err == nil {
		err = s.follow(c, &end, outs.cursors())
	}
	s.lease.drew(text, args, res, err)
	s.lease.settle(text, err)
	if err != nil {
		return err
	}
	return s.answer(c, &end)
}

// follow sends the rows of cursors behind an end, and leaves what is still to be
// said in it.
func (s *session) follow(c *call, end *wire.End, cursors []driver.Rows) error {
	if len(cursors) == 0 {
		return nil
	}
	if err := fits(end.Out); err != nil {
		return err
	}
	first := *end
	*end = wire.End{}
	return s.rows.follow(s, c, first, cursors)
}

// resultOf runs a text, or what was prepared of it. Cursors end with their
// statement, which for them is there as long as the call.
func (s *session) resultOf(c *call, text string, p *prepared, args []driver.NamedValue, cursors bool) (res driver.Result, err error) {
	if p == nil && cursors {
		if c.st, err = s.lease.prepare(c.ctx, text); err != nil {
			return nil, err
		}
		return execStmt(c.ctx, c.st, args)
	}
	if p == nil {
		return s.lease.exec(c.ctx, text, args)
	}
	err = s.withStmt(c, p, func(st driver.Stmt) error {
		res, err = execStmt(c.ctx, st, args)
		return err
	})
	return res, err
}

// counted is a number that the driver may not tell.
func counted(n int64, err error) wire.Count {
	if err != nil {
		return wire.Count{Err: err.Error()}
	}
	return wire.Count{Known: true, N: n}
}

// fits says what of out parameters cannot go to the client.
func fits(values []driver.NamedValue) error {
	for _, v := range values {
		if err := wire.CheckArg(v.Value); err != nil {
			return unfit(err)
		}
	}
	return nil
}

// answer ends a request. Where the answer does not fit, or a value in it, that is
// the answer; one without out values always fits: what was done must not be told
// as an error.
func (s *session) answer(c *call, end *wire.End) error {
	end.Tx, end.Pin, end.MS, end.Cache = s.lease.state(), s.lease.pin, c.ms(), c.origin()
	if len(end.Out) == 0 {
		s.out.add(wire.TypeEnd, c.id, end)
		return nil
	}
	if err := fits(end.Out); err != nil {
		return err
	}
	return s.out.put(wire.TypeEnd, c.id, end)
}

// prepare prepares a statement, which shows what is wrong with its text.
func (s *session) prepare(c *call, m *wire.Prepare) error {
	if err := s.start(c, m.TimeoutMS); err != nil {
		return err
	}
	defer s.finish(c)
	s.doing.about(c, m.SQL)
	if s.lease.over {
		return errOver
	}
	if err := s.mayRun(m.SQL); err != nil {
		return err
	}
	if err := s.admitWork(c); err != nil {
		return err
	}
	p := &prepared{text: m.SQL}
	if err := s.statements.reserve(m.SID, p); err != nil {
		return err
	}
	defer func() {
		if p.st == nil {
			s.statements.refund(p)
		}
	}()
	st, err := s.lease.prepare(c.ctx, m.SQL)
	c.sent = err == nil
	s.lease.keep(m.SQL, err)
	s.lease.notice() // it did not run: nothing of it is there to be read
	s.lease.conclude(err)
	if err != nil {
		return err
	}
	p.st, p.turn = st, s.lease.turn
	s.statements.put(m.SID, p)
	s.out.add(wire.TypePrepared, c.id, &wire.Prepared{Inputs: int64(st.NumInput()), Tx: s.lease.state(), Pin: s.lease.pin})
	return nil
}

func (s *session) closeStmt(_ *call, m *wire.CloseStmt) error {
	s.statements.remove(m.SID)
	return nil
}
