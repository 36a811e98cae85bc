// This file is the writers' transactions: begun by database/sql or by text, some of them rolled back, in part or whole, some deadlocked.

package registers_test

import (
	"context"
	"database/sql"
	"time"

	"github.com/fluxor-db/fluxor/internal/soak"
)

// session is what runs the statements of a transaction.
type session interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// plan is a transaction: its rows, in the order in which they are written, which
// differs between transactions so that some of them block each other.
type plan struct {
	value    int64
	rows     []int64
	amount   int64 // goes from the first row to the second
	rollback bool  // one in five
}

func (w *writer) plan() plan {
	p := plan{value: w.history.NextValue(), amount: 1 + w.rng.Int64N(20), rollback: w.rng.IntN(5) == 0}
	for _, row := range w.rng.Perm(count)[:2+w.rng.IntN(2)] {
		p.rows = append(p.rows, int64(row))
	}
	return p
}

// transact is a transaction as database/sql knows it.
func (w *writer) transact(ctx context.Context) {
	p := w.plan()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		w.fail(p.value, p.rows)
		return
	}
	if err := w.move(ctx, tx, p); err != nil || p.rollback {
		_ = tx.Rollback()
		w.fail(p.value, p.rows)
		return
	}
	w.publish(p.value, p.rows, soak.OutcomeOfTransaction, tx.Commit)
}

// transactByText is a transaction of which database/sql knows nothing.
func (w *writer) transactByText(ctx context.Context) {
	p := w.plan()
	c, err := w.db.Conn(ctx)
	if err != nil {
		w.fail(p.value, p.rows)
		return
	}
	defer c.Close()
	if _, err = c.ExecContext(ctx, "begin"); err == nil {
		err = w.move(ctx, c, p)
	}
	if err != nil || p.rollback {
		w.rollBack(c)
		w.fail(p.value, p.rows)
		return
	}
	commit := w.commits[w.rng.IntN(len(w.commits))]
	w.publish(p.value, p.rows, func(err error) soak.Outcome {
		if err != nil && commit != "commit" {
			return soak.Unknown // it may have committed, and failed at what it is for
		}
		return soak.OutcomeOf(err)
	}, func() error {
		_, err := c.ExecContext(ctx, commit)
		return err
	})
	w.rollBack(c) // where the commit was not sent, or another transaction began
}

// rollBack ends a transaction by text, if there is one, whatever became of its
// context.
func (w *writer) rollBack(c *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, _ = c.ExecContext(ctx, "rollback")
}

// move writes the rows of a plan.
func (w *writer) move(ctx context.Context, s session, p plan) error {
	amounts := []int64{-p.amount, p.amount, 0}
	for i, row := range p.rows {
		if w.rng.IntN(4) == 0 {
			text, args := w.statement("select version from TABLE where id = ? for update", tableOf(row), row)
			if _, err := collect(s.QueryContext(ctx, text, args...)); err != nil {
				return err
			}
		}
		if w.rng.IntN(8) == 0 {
			if err := w.takeBack(ctx, s, row); err != nil {
				return err
			}
		}
		text, args := w.statement(set, tableOf(row), p.value, amounts[i], row)
		if _, err := s.ExecContext(ctx, text, args...); err != nil {
			return err
		}
	}
	return w.lookBack(ctx, s, p)
}

// takeBack writes a value and rolls back to before it: nobody sees it.
func (w *writer) takeBack(ctx context.Context, s session, row int64) error {
	value := w.history.NextValue()
	w.fail(value, []int64{row})
	text, args := w.statement(set, tableOf(row), value, int64(1), row)
	for _, step := range []struct {
		text string
		args []any
	}{{"savepoint before", nil}, {text, args}, {"rollback to savepoint before", nil}} {
		if _, err := s.ExecContext(ctx, step.text, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// lookBack reads, now and then, what the transaction itself wrote: it sees it,
// and nobody else may have it of a cache.
func (w *writer) lookBack(ctx context.Context, s session, p plan) error {
	if w.rng.IntN(2) == 0 {
		return nil
	}
	q := point(p.rows[w.rng.IntN(len(p.rows))])
	got, err := collect(s.QueryContext(ctx, w.marks(q.text), q.args...))
	if err == nil && (len(got) != 1 || got[0] < p.value) {
		w.t.Errorf("a transaction that wrote %d reads %v", p.value, got)
	}
	return err
}
