// This file ends contexts before, during and after calls, and uses what is closed already.

package conform

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// withContext lets a case run under another context for a while.
func (r *Recorder) withContext(ctx context.Context, f func()) {
	saved := r.ctx
	r.ctx = ctx
	defer func() { r.ctx = saved }()
	f()
}

// ended returns contexts that are over, by name.
func (r *Recorder) ended() map[string]context.Context {
	canceled, cancel := context.WithCancel(r.ctx)
	cancel()
	late, cancelLate := context.WithDeadline(r.ctx, time.Unix(0, 0))
	r.atEnd(cancelLate)
	why, cancelWhy := context.WithCancelCause(r.ctx)
	cancelWhy(errors.New("a reason of the caller's"))
	return map[string]context.Context{"canceled": canceled, "deadline": late, "cause": why}
}

// slow is a statement that takes d.
func (r *Recorder) slow(d time.Duration) string {
	return fmt.Sprintf(r.in("select pg_sleep(%g)", "select sleep(%g)", "", "begin dbms_session.sleep(%g); end;"), d.Seconds())
}

// moment is how long a slow statement runs before its context ends.
const moment = 100 * time.Millisecond

// briefMoment is for Oracle: godror bounds a call by its deadline in two ways, which race
// where the deadline is 0.1 s away or more. The loser may then read a statement
// that its user closes at that moment, without a lock.
const briefMoment = moment / 5

func (r *Recorder) moment() time.Duration {
	if r.target.Dialect == Oracle {
		return briefMoment
	}
	return moment
}

// long is how long it would run: a server that goes on with it, as MySQL
// does, keeps its locks so long.
const long = time.Second

// interrupted runs f under a context that ends while f runs.
func (r *Recorder) interrupted(deadline bool, f func()) {
	if deadline {
		ctx, cancel := context.WithTimeout(r.ctx, r.moment())
		defer cancel()
		r.withContext(ctx, f)
		return
	}
	ctx, cancel := context.WithCancel(r.ctx)
	timer := time.AfterFunc(r.moment(), cancel)
	defer timer.Stop()
	defer cancel()
	r.withContext(ctx, f)
}

var contextCases = []Case{
	{Name: "context: over before each call", See: (*Recorder).overBefore},
	{Name: "context: over before a call on a session and in a transaction", See: func(r *Recorder) {
		c := r.session()
		r.first(c, "select 1")
		tx := r.begin(r.db, nil)
		for _, name := range []string{"canceled", "deadline", "cause"} {
			r.withContext(r.ended()[name], func() {
				r.note("context", "%s", name)
				if r.target.Dialect != SQLite || !r.is(OneConnection) {
					r.exec(c, "select 1")
					r.query(c, "select "+r.in("?::int", "?", "?"), 1)
				}
				if tx != nil {
					r.exec(tx, "select 1")
				}
			})
		}
		r.err("rollback", tx.Rollback())
		r.first(c, "select 'still here'")
	}, Lacks: []Trait{OneConnection, PQ}, Excused: []string{"ended context"}}, // lib/pq sends and cancels at once: either may win
	{Name: "context: over between rows", See: func(r *Recorder) {
		ctx, cancel := context.WithCancel(r.ctx)
		rows, err := r.db.QueryContext(ctx, r.numbers(5))
		r.err("query", err)
		if err != nil {
			cancel()
			return
		}
		r.note("next", "%t", rows.Next())
		cancel()
		r.awaitEnd(rows)
		r.err("err", rows.Err())
		r.err("close", rows.Close())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "context: over after everything was read", See: func(r *Recorder) {
		ctx, cancel := context.WithCancel(r.ctx)
		r.withContext(ctx, func() { r.query(r.db, r.numbers(3)) })
		cancel()
		r.first(r.db, "select 'still here'")
	}},
	{Name: "context: a transaction's ends", See: (*Recorder).endedTransaction},
	{Name: "context: a waiter for a connection gives up", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		r.db.SetMaxOpenConns(1)
		c := r.session()
		r.first(c, "select 1")
		r.interrupted(true, func() { r.exec(r.db, "select 1") })
		r.interrupted(false, func() { _, err := r.db.Conn(r.ctx); r.err("conn", err) })
		r.err("close", c.Close())
		r.first(r.db, "select 'still here'")
	}},
}

// interruptions are what a context may end.
var interruptions = []struct {
	name string
	see  func(r *Recorder, deadline bool)
}{
	{"an exec", func(r *Recorder, deadline bool) {
		r.interrupted(deadline, func() { r.exec(r.db, r.slow(long)) })
		r.first(r.db, "select 'still here'")
	}},
	{"a query", func(r *Recorder, deadline bool) {
		r.interrupted(deadline, func() { r.query(r.db, r.slow(long)) })
		r.first(r.db, "select 'still here'")
	}},
	{"an exec with an argument", func(r *Recorder, deadline bool) {
		r.interrupted(deadline, func() {
			r.exec(r.db, r.in("select pg_sleep(?)", "select sleep(?)", "", "begin dbms_session.sleep(?); end;"), long.Seconds())
		})
		r.first(r.db, "select 'still here'")
	}},
	{"a prepared statement", func(r *Recorder, deadline bool) {
		st := r.prepare(r.db, r.in("select pg_sleep(?)", "select sleep(?)", "", "begin dbms_session.sleep(?); end;"))
		r.interrupted(deadline, func() {
			res, err := st.ExecContext(r.ctx, long.Seconds())
			r.result("prepared", res, err)
		})
		res, err := st.ExecContext(r.ctx, 0)
		r.result("prepared again", res, err)
	}},
	{"a statement of a session", func(r *Recorder, deadline bool) {
		c := r.session()
		r.exec(c, r.in("set application_name = 'kept'", "set @kept = 1", "", "begin dbms_session.set_identifier('kept'); end;"))
		r.interrupted(deadline, func() { r.exec(c, r.slow(long)) })
		r.first(c, r.in("show application_name", "select @kept", "", "select sys_context('userenv', 'client_identifier')"))
		r.err("close", c.Close())
		r.first(r.db, "select 'still here'")
	}},
	{"a statement of a transaction", func(r *Recorder, deadline bool) {
		r.table("conform_tx", "id int")
		tx := r.begin(r.db, nil)
		r.exec(tx, "insert into conform_tx values (1)")
		r.interrupted(deadline, func() { r.exec(tx, r.slow(long)) })
		r.exec(tx, "insert into conform_tx values (2)")
		r.err("commit", tx.Commit())
		r.first(r.db, "select count(*) from conform_tx")
	}},
}

// interruptionCases end a context in each way during each statement.
func interruptionCases() []Case {
	var cases []Case
	for _, in := range interruptions {
		for _, deadline := range []bool{true, false} {
			how := "cancel"
			if deadline {
				how = "deadline"
			}
			cases = append(cases, sleeping(Case{Name: "context: " + how + " during " + in.name, Excused: []string{"lost reply", "either clock"}, See: func(r *Recorder) {
				r.first(r.db, "select 1") // so that no time goes into dialing
				in.see(r, deadline)
			}}))
		}
	}
	return cases
}

// overBefore makes every kind of call with a context that is over.
func (r *Recorder) overBefore() {
	r.first(r.db, "select 1")
	st := r.prepare(r.db, "select "+r.in("?::int", "?", "?"))
	for _, name := range []string{"canceled", "deadline", "cause"} {
		r.withContext(r.ended()[name], func() {
			r.note("context", "%s", name)
			r.exec(r.db, "select 1")
			r.exec(r.db, "select "+r.in("?::int", "?", "?"), 1)
			r.query(r.db, "select 1")
			r.first(r.db, "select 1")
			r.err("ping", r.db.PingContext(r.ctx))
			r.begin(r.db, nil)
			r.prepare(r.db, "select 1")
			_, err := r.db.Conn(r.ctx)
			r.err("conn", err)
			res, err := st.ExecContext(r.ctx, 1)
			r.result("prepared", res, err)
		})
	}
	r.first(r.db, "select 'still here'")
}

// awaitEnd waits until database/sql has closed rows whose context is over.
func (r *Recorder) awaitEnd(rows *sql.Rows) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for rows.Err() == nil {
		select {
		case <-tick.C:
		case <-r.ctx.Done():
			r.note("rows", "did not end")
			return
		}
	}
}

// endedTransaction lets the context of BeginTx end and uses the transaction.
func (r *Recorder) endedTransaction() {
	r.table("conform_tx", "id int")
	ctx, cancel := context.WithCancel(r.ctx)
	tx, err := r.db.BeginTx(ctx, nil)
	r.err("begin", err)
	if err != nil {
		cancel()
		return
	}
	r.exec(tx, "insert into conform_tx values (1)")
	cancel()
	r.awaitIdle()
	r.exec(tx, "insert into conform_tx values (2)")
	r.err("commit", tx.Commit())
	r.err("rollback", tx.Rollback())
	r.first(r.db, "select count(*) from conform_tx")
}
