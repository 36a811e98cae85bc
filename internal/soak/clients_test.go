// This file is the clients of a run: they move money, add rows and read, and note each answer.

package soak_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/soak"
)

// The texts of the clients; database.statement fills the marks in.
const (
	withdraw = "update accounts set balance = balance - ? where id = ?"
	deposit  = "update accounts set balance = balance + ? where id = ?"
	enter    = "insert into entries values (?, ?, ?, ?)"
	total    = "select sum(balance) from accounts"
	between  = "select id from entries where id between ? and ?"
)

// margin is how long after its bound a call may return on a machine that is
// never late.
const margin = 500 * time.Millisecond

// unbounded is the longest that a call takes which no context bounds: admission,
// a connection, and the query timeout or silence, the repetitions included.
const unbounded = 4*(time.Second+acquireTimeout) + queryTimeout + networkTimeout

// client is one goroutine of the application.
type client struct {
	*world
	rng *rand.Rand
}

// work makes one call after the other until ctx ends.
func (c *client) work(ctx context.Context) {
	steps := []func(patience){c.transfer, c.transferByRunTx, c.add, c.add, c.sum, c.read, c.read}
	for ctx.Err() == nil {
		p := c.draw()
		steps[c.rng.IntN(len(steps))](p)
		p.cancel()
		pause(ctx, time.Duration(c.rng.IntN(int(20*time.Millisecond))))
	}
}

// patience is how long a client waits for its operation.
type patience struct {
	ctx    context.Context
	cancel context.CancelFunc
	end    time.Time // zero where nothing but the policies ends the wait
}

// draw makes a context: mostly with a deadline, sometimes cancelled, sometimes
// without an end.
func (c *client) draw() patience {
	d := time.Duration(20+c.rng.IntN(1200)) * time.Millisecond
	end := time.Now().Add(d)
	switch c.rng.IntN(8) {
	case 0:
		return patience{context.Background(), func() {}, time.Time{}}
	case 1:
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(d, cancel)
		return patience{ctx, func() { timer.Stop(); cancel() }, end}
	}
	ctx, cancel := context.WithDeadline(context.Background(), end)
	return patience{ctx, cancel, end}
}

// call makes one call and holds it to its bound: the end of the patience or of
// what the policies allow, and extra from then or from the call on.
func (c *client) call(what string, p patience, extra time.Duration, f func() error) error {
	began, stalled := time.Now(), c.late.sofar()
	err := f()
	now := time.Now()
	end := p.end
	switch {
	case end.IsZero():
		end = began.Add(unbounded)
	case end.Before(began):
		end = began
	}
	over := now.Sub(end) - extra
	if over > 0 {
		over -= c.late.settled() - stalled
	}
	c.tally.Answer(what, began, err)
	c.tally.Overshoot(what, over)
	if over > margin {
		c.t.Errorf("%s returned %v too late: %v", what, over, err)
	}
	return err
}

// alone is call for an operation outside of a transaction, which never hears
// driver.ErrBadConn: there is no session whose loss it would have to hear of.
func (c *client) alone(what string, p patience, f func() error) error {
	err := c.call(what, p, 0, f)
	if errors.Is(err, driver.ErrBadConn) {
		c.t.Errorf("%s: %v reached the caller", what, err)
	}
	return err
}

// heard is what a call was answered, with the types of the errors, and when.
func heard(what string, err error) string {
	var types []string
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		types = append(types, fmt.Sprintf("%T", cause))
	}
	return fmt.Sprintf("%s at %s: %v (%s)", what, time.Now().Format("15:04:05.000"), err, strings.Join(types, " of "))
}

// add adds a row in autocommit, with and without arguments.
func (c *client) add(p patience) {
	asArgs := c.rng.IntN(2) == 0
	what := "insert"
	if asArgs {
		what = "insert with arguments"
	}
	id := c.history.Begin()
	text, args := c.statement(enter, asArgs, id, 0, 0, 0)
	err := c.alone(what, p, func() error {
		_, err := c.db.ExecContext(p.ctx, text, args...)
		return err
	})
	c.history.End(id, soak.OutcomeOf(err), heard(what, err))
}

// exec runs a statement of a transaction.
type exec func(text string, args ...any) error

// move is the statements of one transfer, in a random order of accounts so that
// transfers block each other now and then.
func (c *client) move(id int64) func(exec) error {
	from := 1 + c.rng.Int64N(bank.Accounts)
	to := 1 + (from+c.rng.Int64N(bank.Accounts-1))%bank.Accounts
	amount := 1 + c.rng.Int64N(50)
	type step struct {
		text string
		args []any
	}
	var steps []step
	for _, s := range []struct {
		text   string
		values []int64
	}{{withdraw, []int64{amount, from}}, {deposit, []int64{amount, to}}, {enter, []int64{id, from, to, amount}}} {
		text, args := c.statement(s.text, c.rng.IntN(2) == 0, s.values...)
		steps = append(steps, step{text, args})
	}
	c.rng.Shuffle(len(steps), func(i, k int) { steps[i], steps[k] = steps[k], steps[i] })
	return func(run exec) error {
		for _, s := range steps {
			if err := run(s.text, s.args...); err != nil {
				return err
			}
		}
		return nil
	}
}

// transfer moves money as a program does that begins, commits and rolls back by
// itself.
func (c *client) transfer(p patience) {
	id := c.history.Begin()
	move := c.move(id)
	var tx *sql.Tx
	err := c.alone("begin", p, func() (err error) {
		tx, err = c.db.BeginTx(p.ctx, nil)
		return err
	})
	if err != nil {
		c.history.End(id, soak.Failed, heard("begin", err)) // nobody sent the row
		return
	}
	err = move(func(text string, args ...any) error {
		return c.call("statement of a tx", p, 0, func() error {
			_, err := tx.ExecContext(p.ctx, text, args...)
			return err
		})
	})
	if err != nil || c.rng.IntN(10) == 0 {
		_ = c.call("rollback", p, closeTimeout, tx.Rollback)
		c.history.End(id, soak.Failed, heard("rollback", err)) // nobody sent a commit
		return
	}
	err = c.call("commit", p, 0, tx.Commit)
	c.history.End(id, soak.OutcomeOfTransaction(err), heard("commit", err))
}

// transferByRunTx moves money in a transaction that Fluxor begins anew after a
// deadlock.
func (c *client) transferByRunTx(p patience) {
	if p.end.IsZero() {
		p.end = time.Now().Add(unbounded)
		p.ctx, p.cancel = context.WithDeadline(p.ctx, p.end)
		defer p.cancel()
	}
	id := c.history.Begin()
	move := c.move(id)
	err := c.call("RunTx", p, closeTimeout, func() error {
		return fluxor.RunTx(p.ctx, c.db, nil, func(tx *sql.Tx) error {
			return move(func(text string, args ...any) error {
				_, err := tx.ExecContext(p.ctx, text, args...)
				return err
			})
		})
	})
	c.history.End(id, soak.OutcomeOfTransaction(err), heard("RunTx", err))
}

// sum reads all accounts at one moment.
func (c *client) sum(p patience) {
	var sum int64
	err := c.alone("sum", p, func() error { return c.db.QueryRowContext(p.ctx, total).Scan(&sum) })
	if err != nil {
		return
	}
	if err := bank.CheckSum(sum); err != nil {
		c.t.Error(err)
	}
}

// read reads some rows back: the latest, which are being written, or others.
func (c *client) read(p patience) {
	const most = 100
	last := c.history.Latest()
	if c.rng.IntN(3) == 0 && last > 0 {
		last = 1 + c.rng.Int64N(last)
	}
	r := c.history.BeginRead(max(1, last-most), last)
	text, args := c.statement(between, c.rng.IntN(2) == 0, r.First, r.Last)
	var seen []int64
	err := c.alone("read", p, func() (err error) {
		seen, err = c.ids(p.ctx, text, args)
		return err
	})
	if err == nil {
		c.history.EndRead(r, seen)
	}
}

func (c *client) ids(ctx context.Context, text string, args []any) (ids []int64, err error) {
	rows, err := c.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
