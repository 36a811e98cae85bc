// This file is the session's virtual connection, and when what it leases goes back.

package gateway

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
	"github.com/fluxor-db/fluxor/refusal"
)

// mostTries is how often database/sql begins anew upon driver.ErrBadConn, by which
// a driver says that nothing was sent.
const mostTries = 3

// txWords is the reason for texts that begin or end a transaction or a part of
// one.
const txWords = "transaction"

// lease is a virtual connection. It gives what it leased back after each
// statement that is proven to leave the session as it was; else it keeps that for
// the reason pin, until release or drop.
type lease struct {
	db    Database
	about backend.Backend
	whole bool // keep it for the whole session
	conn  driver.Conn
	turn  int // counts connections; a statement knows its own

	tx     driver.Tx
	end    context.CancelCauseFunc // of the transaction's context
	failed bool                    // the transaction can only be rolled back
	gone   bool                    // for it has lost its connection
	over   bool                    // the database has ended it by itself
	steps  bool                    // savepoints and the like were set by texts, which end with it
	ended  bool                    // a text may have ended it: what an error says of it, nobody knows then
	partly bool                    // of what failed last rows are there all the same, with SQLite
	pin    string

	ran      bool       // the last statement on the connection was the session's own
	found    bool       // and so was the last one before it that counted the rows that it found, with MySQL
	counted  bool       // or that was one of the gateway's: how many there were is nobody else's
	cleared  bool       // and so are all warnings there, likewise
	asked    string     // the session's last query there, if it alone may say that; "" for none
	wrote    bool       // and so was one before it that changed something
	drawn    bool       // and one of those that may have made a row, or drawn a number
	acted    bool       // and one before it that may have
	emptied  bool       // and before that the numbers of others were forgotten there, with PostgreSQL
	inserted bool       // and one of them that may have made a row, or drawn a number, whatever came of it
	last     lastID     // the number that its statements drew last, with MySQL
	hidden   bool       // the statement under way may read it without naming it
	under    described  // the statement under way
	noted    bool       // since the last release it was seen whose the connection was before
	leased   bool       // a call was made since the last release
	readied  bool       // and what the statement to come reads was set there, or seen to be the session's own
	reads    bool       // the user only reads
	fencing  driver.Tx  // in which the database refuses changes, for one statement
	wishes   []wish     // what each connection is brought to
	equipped int        // how many of them the one that is leased has
	waits    func(bool) // is told when a call begins and ends to wait for a connection; nil for nobody
}

func (l *lease) dialect() string { return l.about.Type }

// state is where the session stands.
func (l *lease) state() wire.TxState {
	switch {
	case l.tx == nil:
		return wire.TxIdle
	case l.failed || l.over:
		return wire.TxFailed
	}
	return wire.TxOpen
}

// virtual is the connection, made when it is first needed. IsValid tells it that
// its leases are ended by whoever uses it.
func (l *lease) virtual(ctx context.Context) (driver.Conn, error) {
	if l.conn == nil {
		conn, err := l.db.Connect(ctx)
		if err != nil {
			return nil, err
		}
		l.conn = conn
		l.turn++
		if c, ok := undressed(conn).(interface{ OnWait(func(bool)) }); ok && l.waits != nil {
			c.OnWait(l.waits)
		}
		l.release()
	}
	return l.conn, nil
}

// release gives back what is leased, unless something speaks against it.
func (l *lease) release() {
	if l.conn == nil || l.tx != nil || l.pin != "" || l.whole {
		return
	}
	if !l.unequip() {
		l.drop()
		return
	}
	if l.leased {
		l.notice() // a ping and an empty transaction have it, too
	}
	l.leased, l.noted, l.readied = false, false, false
	if v, ok := l.conn.(driver.Validator); ok {
		_ = v.IsValid()
	}
}

// settle ends a statement that ran: what it may have left in the database's
// session keeps the lease.
func (l *lease) settle(text string, err error) {
	l.keep(text, err)
	l.remember(text, err)
	partly := l.leftRows(text, err)
	l.conclude(err)
	l.partly = partly
}

// keep keeps the lease for what a text may have left that ran, or was prepared.
func (l *lease) keep(text string, err error) {
	l.ended = l.ended || l.tx != nil && !untouched(err) && l.commits(text)
	if l.pin == "" && !untouched(err) {
		leaves, why := l.leaves(text)
		switch {
		case leaves:
		case l.tx != nil && why == txWords:
			l.steps, l.ended = true, l.ended || err == nil && l.ends(text)
		default:
			l.pin = why
		}
	}
}

// conclude draws the conclusions of a call: a connection that is gone is not kept,
// nor what pinned it.
func (l *lease) conclude(err error) {
	l.under, l.partly = described{}, false
	gone := l.lost(err) || !l.unfence()
	switch {
	case l.tx != nil:
		if err == nil {
			l.failed = false
		} else if gone || l.poisons(err) {
			l.failed, l.gone = true, l.gone || gone
		} else {
			l.over = l.over || !l.ended && l.endedTx(err)
		}
	case gone:
		l.drop()
	default:
		l.release()
	}
}

// untouched reports whether an error says that the database got nothing.
func untouched(err error) bool {
	var unknown *refusal.IndeterminateError
	return !errors.As(err, &unknown) && (refusedBefore(err) || errors.Is(err, driver.ErrBadConn))
}

// refusedBefore reports whether Fluxor refused the operation before anything was
// sent.
func refusedBefore(err error) bool {
	var no *refusal.Error
	if errors.As(err, &no) {
		return true
	}
	for _, why := range []error{
		refusal.ErrAcquireTimeout, refusal.ErrClosed, refusal.ErrCircuitOpen, refusal.ErrOverloaded, refusal.ErrRateLimited,
	} {
		if errors.Is(err, why) {
			return true
		}
	}
	return false
}

// lost reports whether an error says that the connection to the database is gone.
func (l *lease) lost(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, refusal.ErrNetworkTimeout) {
		return true
	}
	var unknown *refusal.IndeterminateError
	if errors.As(err, &unknown) && len(l.about.Codes(err)) == 0 {
		return true // else the database, or its client library, has words for what came of the connection
	}
	var no *refusal.Error
	if errors.As(err, &no) {
		return l.tx != nil && no.Sentinel == nil // a transaction that lost its connection
	}
	if refusedBefore(err) {
		return false
	}
	class := l.classOf(err)
	return class == backend.ClassDead || class == backend.ClassFatal
}

func (l *lease) classOf(err error) backend.Class {
	if l.about.Classify == nil {
		return backend.Common(err)
	}
	return l.about.Classify(err)
}

// poisons reports whether an error ends all that a transaction can do: with
// PostgreSQL each verdict of the server's does.
func (l *lease) poisons(err error) bool {
	return l.about.Type == "postgres" && len(l.about.Codes(err)) > 0
}

// drop gives the connection up, and with it what is leased and all that was set
// there. An open transaction is over.
func (l *lease) drop() {
	if l.end != nil {
		l.end(nil)
	}
	l.tx, l.end, l.failed, l.gone, l.over, l.steps, l.ended, l.pin = nil, nil, false, false, false, false, false, ""
	l.forget()
	l.noted, l.leased, l.readied, l.fencing, l.equipped = false, false, false, nil, 0
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// close ends the lease for good.
func (l *lease) close() {
	if l.tx != nil {
		err := l.tx.Rollback()
		l.tx = nil
		if err == nil && l.pin == "" && !l.whole && !l.failed {
			l.release()
		}
	}
	l.drop()
}

// again calls do, once more where the driver says that nothing was sent and
// nothing of the session's hangs on the connection. On one that the whole session
// keeps, whatever an earlier call left hangs.
func (l *lease) again(ctx context.Context, do func(driver.Conn) error) error {
	kept := l.whole && l.leased || l.readied
	for try := 1; ; try++ {
		conn, err := l.virtual(ctx)
		if err != nil {
			return err
		}
		l.leased = true
		if err = l.equip(ctx, conn); err == nil {
			err = do(conn)
		}
		if try == mostTries || !errors.Is(err, driver.ErrBadConn) || kept || l.tx != nil || l.pin != "" || l.fencing != nil || ctx.Err() != nil {
			return err
		}
		l.drop()
	}
}

// query runs a text.
func (l *lease) query(ctx context.Context, text string, args []driver.NamedValue) (rows driver.Rows, err error) {
	run := queryConn
	if l.reads {
		run = queryPrepared
	}
	err = l.again(ctx, func(conn driver.Conn) error {
		rows, err = run(ctx, conn, text, args)
		return err
	})
	return rows, err
}

// queryConn runs a text on a connection, prepared where the driver cannot run it
// at once.
func queryConn(ctx context.Context, conn driver.Conn, text string, args []driver.NamedValue) (driver.Rows, error) {
	if q, ok := conn.(driver.QueryerContext); ok {
		rows, err := q.QueryContext(ctx, text, args)
		if err != driver.ErrSkip { //nolint:errorlint // the contract of ErrSkip is identity
			return rows, err
		}
	}
	return queryPrepared(ctx, conn, text, args)
}

func queryPrepared(ctx context.Context, conn driver.Conn, text string, args []driver.NamedValue) (driver.Rows, error) {
	st, err := prepareConn(ctx, conn, text)
	if err != nil {
		return nil, err
	}
	rows, err := queryStmt(ctx, st, args)
	if err != nil {
		_ = st.Close()
		return nil, err
	}
	return &rowsOfStmt{rows, st}, nil
}

// exec runs a text that returns no rows.
func (l *lease) exec(ctx context.Context, text string, args []driver.NamedValue) (res driver.Result, err error) {
	run := execConn
	if l.reads {
		run = execPrepared
	}
	err = l.again(ctx, func(conn driver.Conn) error {
		res, err = run(ctx, conn, text, args)
		return err
	})
	return res, err
}

// execConn is queryConn for a text that returns no rows.
func execConn(ctx context.Context, conn driver.Conn, text string, args []driver.NamedValue) (driver.Result, error) {
	if e, ok := conn.(driver.ExecerContext); ok {
		res, err := e.ExecContext(ctx, text, args)
		if err != driver.ErrSkip { //nolint:errorlint // as above
			return res, err
		}
	}
	return execPrepared(ctx, conn, text, args)
}

func execPrepared(ctx context.Context, conn driver.Conn, text string, args []driver.NamedValue) (driver.Result, error) {
	st, err := prepareConn(ctx, conn, text)
	if err != nil {
		return nil, err
	}
	defer st.Close() //nolint:errcheck // the statement's answer is what counts
	return execStmt(ctx, st, args)
}

// prepare prepares a text.
func (l *lease) prepare(ctx context.Context, text string) (st driver.Stmt, err error) {
	err = l.again(ctx, func(conn driver.Conn) error {
		st, err = prepareConn(ctx, conn, text)
		return err
	})
	return st, err
}

// prepareConn prepares a text on a connection.
func prepareConn(ctx context.Context, conn driver.Conn, text string) (driver.Stmt, error) {
	if p, ok := conn.(driver.ConnPrepareContext); ok {
		return p.PrepareContext(ctx, text)
	}
	return conn.Prepare(text)
}

func queryStmt(ctx context.Context, st driver.Stmt, args []driver.NamedValue) (driver.Rows, error) {
	q, ok := st.(driver.StmtQueryContext)
	if !ok {
		return nil, errNoContext
	}
	return q.QueryContext(ctx, args)
}

func execStmt(ctx context.Context, st driver.Stmt, args []driver.NamedValue) (driver.Result, error) {
	e, ok := st.(driver.StmtExecContext)
	if !ok {
		return nil, errNoContext
	}
	return e.ExecContext(ctx, args)
}

// errNoContext is what a database's own kind of connection is told that no
// request could cancel; Fluxor's connectors have none such.
var errNoContext = errors.New("the database's connections take no context")

// rowsOfStmt are rows whose statement ends with them.
type rowsOfStmt struct {
	driver.Rows
	st driver.Stmt
}

// Close closes both.
func (r *rowsOfStmt) Close() error {
	err := r.Rows.Close()
	_ = r.st.Close()
	return err
}
