// This file is the readers: each asks in all manners, and notes what it saw and when.

package registers_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/registers"
)

// manner is how a question is asked.
type manner int

// The manners: a cache may answer up to onConn, the others ask the database.
const (
	plain manner = iota
	literal
	prepared
	onConn
	renewed
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

// work asks until ctx ends. One context in fifty ends at random. What the database
// itself has just shown is asked for once more, of the cache. While writes are in
// doubt it takes its time, so that a quick machine does not do all of its reads
// then.
func (r *reader) work(ctx context.Context) {
	for ctx.Err() == nil {
		q, m := drawQuestion(r.rng), r.draw()
		r.try(m, q)
		if m >= uncached {
			r.try(plain, q)
		}
		if r.shaken.Load() {
			pause(ctx, 5*time.Millisecond)
		}
	}
}

// drawQuestion draws the first ones more often.
func drawQuestion(rng *rand.Rand) question {
	n := len(questions)
	return questions[min(rng.IntN(n), rng.IntN(n))]
}

// try asks once.
func (r *reader) try(m manner, q question) {
	ctx, cancel := r.patience(r.rng, 50)
	defer cancel()
	if err := r.read(ctx, m, q); err != nil {
		r.count.unread.Add(1)
		return
	}
	if m >= uncached {
		r.count.bypassing.Add(1)
	}
	if r.count.reads.Add(1) >= r.load.reads {
		r.last.Do(func() { close(r.enough) })
	}
}

// draw draws a manner: a third passes the cache by on purpose, and as each of
// these is followed by one that does not, that is a quarter of all reads.
func (r *reader) draw() manner {
	switch n := r.rng.IntN(60); {
	case n < 10:
		return bare
	case n < 20:
		return uncached
	case n < 21:
		return inTx
	case n < 22:
		return renewed
	case n < 25:
		return onConn
	case n < 32:
		return literal
	case n < 44:
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
	ctx, source := fluxor.CacheInfo(ctx)
	switch m {
	case uncached:
		ctx = fluxor.NoCache(ctx) // a gateway hears of it by the text
	case renewed:
		ctx = fluxor.Refresh(ctx)
	}
	begin := r.history.Now()
	values, err := r.answer(ctx, m, q)
	end := r.history.Now()
	if err != nil {
		return err
	}
	if m != bare && source.Status == "hit" {
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
	case uncached:
		return collect(r.db.QueryContext(ctx, r.marks(q.text)+" /* fluxor:nocache */", q.args...))
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
