// This file is the writers: single statements outside of a transaction, in all forms that write.

package registers_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/internal/registers"
	"github.com/fluxor-db/fluxor/internal/soak"
)

// set sets the version of a row, unless it is greater already, and moves money.
const set = "update TABLE set version = greatest(version, ?), balance = balance + ? where id = ?"

// writer is one goroutine of the application.
type writer struct {
	*world
	db  *sql.DB
	rng *rand.Rand
	log *registers.Log
}

// work writes until ctx ends. In a storm many contexts end at random.
func (w *writer) work(ctx context.Context) {
	steps := []func(context.Context){w.transact, w.transact, w.transact, w.transactByText, w.setOne, w.setTable, w.setByQuery}
	if w.scripts {
		steps = append(steps, w.setByScript)
	}
	for ctx.Err() == nil {
		patience, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		if w.stormy.Load() {
			cancel()
			patience, cancel = w.patience(w.rng, 4)
		}
		if w.rng.IntN(40) == 0 {
			w.setByFunction(patience)
		} else {
			steps[w.rng.IntN(len(steps))](patience)
		}
		cancel()
		w.rest(ctx)
	}
}

// rest lets readers go on, on a slow machine as much as on a quick one. In a
// storm nobody rests.
func (w *writer) rest(ctx context.Context) {
	due := w.count.reads.Load() + w.rng.Int64N(2*writers*w.load.spacing)
	for w.count.reads.Load() < due && ctx.Err() == nil && !w.stormy.Load() {
		pause(ctx, time.Millisecond)
	}
}

// statement is a text about a table: with its values as arguments, or in it.
func (w *writer) statement(text string, table int, values ...any) (string, []any) {
	text = strings.ReplaceAll(text, "TABLE", tables[table])
	if w.rng.IntN(3) == 0 {
		return w.literal(text, values...), nil
	}
	return w.marks(text), values
}

// setOne writes one row: every second time by a prepared statement.
func (w *writer) setOne(ctx context.Context) {
	row, value := w.rng.Int64N(count), w.history.NextValue()
	text, args := w.statement(set, tableOf(row), value, int64(0), row)
	run := w.db.ExecContext
	if w.rng.IntN(2) == 0 {
		stmt, err := w.db.PrepareContext(ctx, text)
		if err != nil {
			w.fail(value, []int64{row})
			return
		}
		defer stmt.Close()
		run = func(ctx context.Context, _ string, args ...any) (sql.Result, error) {
			return stmt.ExecContext(ctx, args...)
		}
	}
	w.publish(value, []int64{row}, soak.OutcomeOf, func() error {
		_, err := run(ctx, text, args...)
		return err
	})
}

// setTable writes all rows of a table with one statement.
func (w *writer) setTable(ctx context.Context) {
	table, value := w.rng.IntN(len(tables)), w.history.NextValue()
	var rows []int64
	for i := range int64(each) {
		rows = append(rows, int64(table*each)+i)
	}
	text, args := w.statement("update TABLE set version = greatest(version, ?)", table, value)
	w.publish(value, rows, soak.OutcomeOf, func() error {
		_, err := w.db.ExecContext(ctx, text, args...)
		return err
	})
}

// setByScript writes two rows with one text of two statements.
func (w *writer) setByScript(ctx context.Context) {
	value := w.history.NextValue()
	var rows []int64
	var texts []string
	for _, row := range w.rng.Perm(count)[:2] {
		rows = append(rows, int64(row))
		texts = append(texts, w.literal(strings.ReplaceAll(set, "TABLE", tables[tableOf(int64(row))]), value, int64(0), int64(row)))
	}
	w.publish(value, rows, soak.OutcomeOf, func() error {
		_, err := w.db.ExecContext(ctx, strings.Join(texts, "; "))
		return err
	})
}

// setByQuery writes one row with a statement that answers with what is there
// now.
func (w *writer) setByQuery(ctx context.Context) {
	w.query(ctx, w.returns[w.rng.IntN(len(w.returns))])
}

// setByFunction writes one row with a text that says nothing of writing. Who
// knows what a function does to its session? So this is rare: until the end of
// its connection a cache cannot use that any more.
func (w *writer) setByFunction(ctx context.Context) { w.query(ctx, "select set_TABLE(?, ?)") }

// query writes one row with a statement that answers. An answer that breaks off
// leaves open what became of it.
func (w *writer) query(ctx context.Context, text string) {
	row, value := w.rng.Int64N(count), w.history.NextValue()
	text, args := w.statement(text, tableOf(row), value, row)
	begun := false
	w.publish(value, []int64{row}, func(err error) soak.Outcome {
		if err != nil && begun {
			return soak.Unknown
		}
		return soak.OutcomeOf(err)
	}, func() error {
		rows, err := w.db.QueryContext(ctx, text, args...)
		begun = err == nil
		got, err := collect(rows, err)
		if err == nil && (len(got) != 1 || got[0] < value) {
			w.t.Errorf("%s with %v returned %v", text, args, got)
		}
		return err
	})
}

// publish sends what shows a value to others, and notes how it went.
func (w *writer) publish(value int64, rows []int64, outcome func(error) soak.Outcome, send func() error) {
	end := w.keeper.begin(rows)
	note := registers.Write{Value: value, Registers: affected(rows), Begin: w.history.Now()}
	err := send()
	note.End, note.Outcome = w.history.Now(), outcome(err)
	end(note.Outcome)
	w.note(note)
}

// fail notes a write that nobody sent, or that was taken back.
func (w *writer) fail(value int64, rows []int64) {
	now := w.history.Now()
	w.note(registers.Write{Value: value, Registers: affected(rows), Begin: now, End: now, Outcome: soak.Failed})
}

func (w *writer) note(n registers.Write) {
	switch n.Outcome {
	case soak.Acked:
		w.count.committed.Add(1)
	case soak.Failed:
		w.count.undone.Add(1)
	default:
		w.count.doubtful.Add(1)
	}
	w.log.Write(n)
}
