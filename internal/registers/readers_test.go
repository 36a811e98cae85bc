// This file is the readers: each asks in all manners, and notes what it saw and when.

package registers_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fluxor-db/fluxor/internal/registers"
)

// manner is how a question is asked.
type manner int

// The manners: the first may be answered by a cache, the others not.
const (
	plain manner = iota
	literal
	prepared
	onConn
	inTx
	uncached
	bare
)

// reader is one goroutine of the application.
type reader struct {
	*world
	rng *rand.Rand
	log *registers.Log
}

// work asks until ctx ends. One context in fifty ends at random.
func (r *reader) work(ctx context.Context) {
	for ctx.Err() == nil {
		patience, cancel := r.patience(r.rng, 50)
		err := r.read(patience, r.draw(), questions[min(r.rng.IntN(len(questions)), r.rng.IntN(len(questions)))])
		cancel()
		if err != nil {
			r.count.unread.Add(1)
		} else if r.count.reads.Add(1) >= r.load.reads {
			r.last.Do(func() { close(r.enough) })
		}
	}
}

// draw draws a manner: a quarter of the reads pass the cache by, and so do those
// in a transaction.
func (r *reader) draw() manner {
	switch n := r.rng.IntN(200); {
	case n < 25:
		return bare
	case n < 50:
		return uncached
	case n < 53:
		return inTx
	case n < 65:
		return onConn
	case n < 90:
		return literal
	case n < 130:
		return prepared
	}
	return plain
}

// patience is a context that ends long after all bounds, or one time in n soon.
func (w *world) patience(rng *rand.Rand, n int) (context.Context, context.CancelFunc) {
	if rng.IntN(n) == 0 {
		return context.WithTimeout(context.Background(), time.Duration(rng.IntN(int(3*time.Millisecond))))
	}
	return context.WithTimeout(context.Background(), 30*time.Second)
}

// read asks a question and notes the answer.
func (r *reader) read(ctx context.Context, m manner, q question) error {
	ctx, hit := r.watch(ctx, m)
	begin := r.history.Now()
	values, err := r.answer(ctx, m, q)
	end := r.history.Now()
	if err != nil {
		return err
	}
	if hit() {
		r.count.hits.Add(1)
	}
	note := registers.Read{Begin: begin, End: end}
	if q.whole {
		last := len(values) - 1
		note.Missing = bank.Accounts*bank.Opening - values[last]
		values = values[:last]
	}
	if len(values) != len(q.registers) {
		r.t.Errorf("%s: %d values, want %d", q.text, len(values), len(q.registers))
		return nil
	}
	for i, register := range q.registers {
		note.Seen = append(note.Seen, registers.Seen{Register: register, Value: values[i]})
	}
	r.log.Read(note)
	return nil
}

// answer has the application's own cache answer, where there is one, and else
// the database.
func (r *reader) answer(ctx context.Context, m manner, q question) ([]int64, error) {
	ask := func() ([]int64, error) { return r.ask(ctx, m, q) }
	if m > onConn {
		return ask()
	}
	values, hit, err := r.keeper.answer(fmt.Sprint(q.text, q.args), q, ask)
	if hit {
		r.count.hits.Add(1)
	}
	return values, err
}

// ask asks in a manner.
func (r *reader) ask(ctx context.Context, m manner, q question) ([]int64, error) {
	switch m {
	case literal:
		return collect(r.db.QueryContext(ctx, r.literal(q.text, q.args...)))
	case prepared:
		return collect(r.prepared[q.text].QueryContext(ctx, q.args...))
	case onConn:
		c, err := r.db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		return collect(c.QueryContext(ctx, r.marks(q.text), q.args...))
	case inTx:
		tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return nil, err
		}
		defer tx.Rollback() //nolint:errcheck // it only read
		return collect(tx.QueryContext(ctx, r.marks(q.text), q.args...))
	case bare:
		return collect(r.bare.QueryContext(ctx, r.marks(q.text), q.args...))
	default:
		return collect(r.db.QueryContext(ctx, r.marks(q.text), q.args...))
	}
}

// collect is all values of all rows, one after the other.
func collect(rows *sql.Rows, err error) (values []int64, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	row, dest := make([]int64, len(columns)), make([]any, len(columns))
	for i := range row {
		dest[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		values = append(values, row...)
	}
	return values, rows.Err()
}
